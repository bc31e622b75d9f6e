"""Runs everything that works offline on the bundled corpus: a table per task, and one with a language model.

    for comparison in tables(Path("runs/demo"), train=True):
        print(comparison.frame)

The rows are the system that answers nothing, `rules` with 0, 2 and 3 demonstrations, and the tiny models, fine-tuned
while you wait. The language model has recorded answers for a part of the test split only, so it has a table of its
own in which every row covers that part; this table also counts the problems of answers by kind.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fewshot.demo import fine_tuned, language_model
from fewshot.demo.language_model import ModelRun
from fewshot.experiment import record
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.running import run
from fewshot.experiment.settings import Settings
from fewshot.report.compare import compare
from fewshot.report.table import Comparison

TASKS = ("panelization", "ner", "causal", "roles")
SHOTS = (0, 2, 3)


@dataclass(frozen=True, slots=True)
class Live:
    """The server that `--live` asks instead of replaying the recordings; `limit`: the first N examples only."""

    base_url: str
    model: str
    limit: int | None = None


def tables(
    out: Path, live: Live | None = None, *, train: bool = False, say: Callable[[str], object] = str
) -> Iterator[Comparison]:
    """Runs the demo and yields each table as it is ready.

    Runs of an earlier demo in `out` are replaced: the demo shows what the code does today.

    Args:
        out: The folder for runs and tables.
        live: A server to ask instead of replaying the recorded language model.
        train: Whether to fine-tune the tiny models.
        say: Called with a line about whatever takes long.
    """
    extra = fine_tuned.generate_training_data(out) if train else None
    for task in TASKS:
        trained = list(fine_tuned.runs(task, out, extra, say)) if extra else []
        comparison = compare([*_rules_runs(task, out), *(run.folder for run in trained)])
        comparison = _renamed(comparison, [run.name for run in trained])
        comparison.write(out / f"compare-{task}")
        yield comparison
        yield from _with_language_models(task, out, live)


def _with_language_models(task: str, out: Path, live: Live | None) -> Iterator[Comparison]:
    """Yields a table for each part of the test split that a model has answers for; all its rows cover that part."""
    if live is None:
        runs = list(language_model.replays(task, out))
    else:
        runs = list(language_model.live(task, out, base_url=live.base_url, model=live.model, limit=live.limit))
    for limit in language_model.distinct_limits(runs):
        runs_of_part = [run for run in runs if record.read(RunFolder(run.folder)).settings.limit == limit]
        rules_runs = _rules_runs(task, out, limit)
        comparison = compare([*rules_runs, *(run.folder for run in runs_of_part)], kinds=True)
        comparison = _annotated(comparison, len(rules_runs), runs_of_part, limit)
        comparison.write(out / f"compare-{task}-language-model")
        yield comparison


def _annotated(comparison: Comparison, before: int, runs: Sequence[ModelRun], limit: int | None) -> Comparison:
    """Returns the table with model and date behind the names of its language models."""
    names = list(comparison.frame["system"])[1 + before :]  # below the system that answers nothing, and the rules
    comparison = _renamed(comparison, [f"{name} ({run.note})" for name, run in zip(names, runs, strict=True)])
    part = "" if limit is None else f"the first {limit} of the test split; "
    caption = f"{part}{comparison.caption}" if comparison.caption else part.rstrip("; ") or None
    return replace(comparison, caption=caption)


def _renamed(comparison: Comparison, names: Sequence[str]) -> Comparison:
    """Returns the table with other names for its last rows."""
    systems = list(comparison.frame["system"])
    return replace(comparison, frame=comparison.frame.assign(system=[*systems[: len(systems) - len(names)], *names]))


def _rules_runs(task: str, out: Path, limit: int | None = None) -> list[Path]:
    part = "" if limit is None else f"-first{limit}"
    return [_run(task, shots, limit, out / f"{task}-rules-{shots}shot{part}") for shots in SHOTS]


def _run(task: str, shots: int, limit: int | None, folder: Path) -> Path:
    if RunFolder(folder).exists():  # only a run folder is ever removed
        shutil.rmtree(folder)
    run(Settings(task=task, shots=shots, limit=limit), out=folder)
    return folder
