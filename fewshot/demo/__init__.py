"""The bundled corpus through everything that runs here: one comparison per task, and one with a language model.

Rows: the system that answers nothing, `rules` with 0, 2 and 3 demonstrations, and the tiny models, fine-tuned while
you wait. The language model was asked about a part of the test split; it stands with the same systems in a table of
that part, which also says how answers were wrong, kind by kind.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fewshot.demo import fine_tuned, language_model
from fewshot.demo.language_model import Row
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
    """The server that `--live` asks in place of the recordings."""

    base_url: str
    model: str
    limit: int | None = None


def tables(
    out: Path, live: Live | None = None, *, train: bool = False, say: Callable[[str], object] = str
) -> Iterator[Comparison]:
    """Runs the demo into `out` and yields each table as it is ready. `train`: with the fine-tuned models; `say` is
    told what takes long.

    Runs that an earlier demo left there are made anew: the demo shows what the code does today.
    """
    extra = fine_tuned.generated(out) if train else None
    for task in TASKS:
        trained = list(fine_tuned.runs(task, out, extra, say)) if extra else []
        comparison = compare([*_ours(task, out), *(row.folder for row in trained)])
        comparison = _named(comparison, [row.name for row in trained])
        comparison.write(out / f"compare-{task}")
        yield comparison
        yield from _with_language_models(task, out, live)


def _with_language_models(task: str, out: Path, live: Live | None) -> Iterator[Comparison]:
    """A table for each part of the test split that a model was asked about, all rows on that part."""
    if live is None:
        found = list(language_model.rows(task, out))
    else:
        found = list(language_model.live(task, out, base_url=live.base_url, model=live.model, limit=live.limit))
    for limit in language_model.limits(found):
        rows = [row for row in found if record.read(RunFolder(row.folder)).settings.limit == limit]
        ours = _ours(task, out, limit)
        made = compare([*ours, *(row.folder for row in rows)], kinds=True)
        made = _noted(made, len(ours), rows, limit)
        made.write(out / f"compare-{task}-language-model")
        yield made


def _noted(made: Comparison, before: int, rows: Sequence[Row], limit: int | None) -> Comparison:
    """The same table, with model and date behind the names of its language models."""
    names = list(made.frame["system"])[1 + before :]  # below the system that answers nothing, and ours
    made = _named(made, [f"{name} ({row.note})" for name, row in zip(names, rows, strict=True)])
    part = "" if limit is None else f"the first {limit} of the test split; "
    return replace(made, caption=f"{part}{made.caption}" if made.caption else part.rstrip("; ") or None)


def _named(made: Comparison, names: Sequence[str]) -> Comparison:
    """The same table with other names of its last rows."""
    shown = list(made.frame["system"])
    return replace(made, frame=made.frame.assign(system=[*shown[: len(shown) - len(names)], *names]))


def _ours(task: str, out: Path, limit: int | None = None) -> list[Path]:
    part = "" if limit is None else f"-first{limit}"
    return [_run(task, shots, limit, out / f"{task}-rules-{shots}shot{part}") for shots in SHOTS]


def _run(task: str, shots: int, limit: int | None, folder: Path) -> Path:
    if RunFolder(folder).exists():
        shutil.rmtree(folder)
    run(Settings(task=task, shots=shots, limit=limit), out=folder)
    return folder
