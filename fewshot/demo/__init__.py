"""Runs everything that works offline on the bundled corpus: rules, recorded language models, fine-tuned tiny models.

    for comparison in comparisons(Path("runs/demo")):
        print(comparison.frame)

All systems of a task are scored on the same examples. The language model has recorded answers for the first part of the
test split only, so that is what every system is asked about; a task without a recording takes the whole split.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from fewshot.demo import fine_tuned, language_model
from fewshot.demo.language_model import ModelRun
from fewshot.experiment import record
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.running import run
from fewshot.experiment.settings import Settings
from fewshot.report.compare import compare
from fewshot.report.comparison import Comparison

TASKS = ("panelization", "ner", "causal", "roles")
SHOTS = (0, 2, 3)

HOUR_USD = 0.1
"""Dollars for an hour of the machine, which nobody priced: about what clouds take for two cores. A judgement."""

Models: TypeAlias = Literal["shipped", "trained", "none"]
"""Where the fine-tuned models come from: the package, a training now, or nowhere."""


@dataclass(frozen=True, slots=True)
class Live:
    """The server that `--live` asks instead of replaying the recordings; `limit`: the first N examples only."""

    base_url: str
    model: str
    limit: int | None = None


def comparisons(
    out: Path,
    live: Live | None = None,
    *,
    models: Models = "none",
    hour_usd: float = HOUR_USD,
    say: Callable[[str], object] = str,
) -> Iterator[Comparison]:
    """Runs the demo and yields the comparison of each task as it is ready.

    Runs of an earlier demo in `out` are replaced: the demo shows what the code does today.

    Args:
        out: The folder for runs and tables.
        live: A server to ask instead of replaying the recorded language model.
        models: Which fine-tuned models take part.
        hour_usd: Dollars for an hour of the machine.
        say: Called with a line about whatever takes long.

    Raises:
        RunFolderError: a training ended with an error.
    """
    extra = fine_tuned.generate_training_data(out) if models == "trained" else None
    for task in TASKS:
        asked = list(_language_model(task, out, live))
        for limit in language_model.distinct_limits(asked) or [None]:
            prompted = [one for one in asked if _limit(one) == limit]
            tuned = [] if models == "none" else list(fine_tuned.runs(task, out, extra, say, limit=limit))
            folders = [*_rules(task, out, limit), *(one.folder for one in prompted), *(one.folder for one in tuned)]
            names: dict[str | Path, str] = {one.folder: one.name for one in tuned}
            comparison = compare(folders, names=names, kinds=True, gpu_hour_usd=hour_usd)
            comparison = replace(comparison, captions=(*_captions(prompted, limit), *comparison.captions))
            comparison.write(out / f"compare-{task}")
            yield comparison


def _language_model(task: str, out: Path, live: Live | None) -> Iterator[ModelRun]:
    if live is None:
        return language_model.replays(task, out)
    return language_model.live(task, out, base_url=live.base_url, model=live.model, limit=live.limit)


def _limit(one: ModelRun) -> int | None:
    return record.read(RunFolder(one.folder)).settings.limit


def _captions(prompted: Sequence[ModelRun], limit: int | None) -> list[str]:
    """What must be said of a task's rows: of which part they are, and when the language model answered."""
    part = [] if limit is None else [f"the first {limit} of the test split"]
    return [*part, *dict.fromkeys(one.note for one in prompted)]


def _rules(task: str, out: Path, limit: int | None) -> list[Path]:
    return [_run(task, shots, limit, out / f"{task}-rules-{shots}shot") for shots in SHOTS]


def _run(task: str, shots: int, limit: int | None, folder: Path) -> Path:
    if RunFolder(folder).exists():  # only a run folder is ever removed
        shutil.rmtree(folder)
    run(Settings(task=task, shots=shots, limit=limit), out=folder)
    return folder
