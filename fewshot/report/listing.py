"""The runs that lie in a folder, at a glance: a row each, newest first; a broken one is a row with its reason.

Only `run.toml` and `scores.json` of each are read, so that a thousand runs are listed in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fewshot import tasks
from fewshot.errors import FewshotError, InputError
from fewshot.experiment import record
from fewshot.experiment.folder import RUN, SCORES, RunFolder
from fewshot.report.numbers import UNKNOWN
from fewshot.report.numbers import score as shown
from fewshot.report.table import Cell, Heading, Table

_DEEPEST = 3
"""Folders below the root that are looked into: `runs/demo/NAME` and grids of runs; not a whole disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One run folder. `score`: the first of the task's main scores; `broken`: why it cannot be read."""

    folder: str
    task: str | None = None
    system: str | None = None
    model: str | None = None
    data: str | None = None
    shots: int | None = None
    n: int | None = None
    metric: str | None = None
    score: float | None = None
    started: str | None = None
    state: str = "unfinished"
    broken: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The row as JSON."""
        return asdict(self)


def runs(root: Path) -> list[Listed]:
    """Returns the runs in a folder and in its folders, newest first.

    Raises:
        InputError: the folder does not exist or may not be looked into.
    """
    try:
        folders = sorted(_folders(root, _DEEPEST))
    except OSError as error:
        raise InputError(f"{root}: {error.strerror or error}", hint="`fewshot run` makes `runs`") from None
    found = [_listed(folder) for folder in folders]
    return sorted(found, key=lambda run: run.started or "", reverse=True)


def table(found: Sequence[Listed]) -> Table:
    """Returns the runs as a table, with a note for each broken one."""
    headings = [Heading(name, rank=rank) for rank, name in enumerate(_COLUMNS)]
    notes = [f"{run.folder}: {run.broken}." for run in found if run.broken is not None]
    return Table("", headings, [[Cell(text) for text in _cells(run)] for run in found], notes=notes)


_COLUMNS = ("run", "task", "score", "state", "started", "n", "model", "data")
"""The most telling one first: on a narrow terminal the last ones are left out."""


def _cells(run: Listed) -> list[str]:
    started = (run.started or UNKNOWN)[:16].replace("T", " ")
    n = UNKNOWN if run.n is None else f"{run.n:,}"
    texts = (run.task, shown(run.score), run.state, started, n, run.model, run.data)
    return [run.folder, *(text or UNKNOWN for text in texts)]


def _folders(root: Path, deep: int) -> Iterator[Path]:
    """Yields the run folders at and below a folder; links are not followed."""
    if (root / RUN).exists():
        yield root
        return
    for path in root.iterdir():
        if deep and path.is_dir() and not path.is_symlink():
            try:
                yield from _folders(path, deep - 1)
            except PermissionError:
                continue


def _listed(path: Path) -> Listed:
    folder = RunFolder(path)
    try:
        recorded = record.read(folder)
        plan = recorded.plan
        facts: dict[str, Any] = {
            "task": plan.task,
            "system": plan.system,
            "model": plan.model,
            "data": recorded.settings.data,
            "shots": plan.shots,
            "started": recorded.run.started,
        }
        if not folder.holds(SCORES):
            return Listed(folder=str(path), **facts)
        scores = folder.scores()
    except FewshotError as error:
        return Listed(folder=str(path), broken=error.message.removeprefix(f"{path}").lstrip("/: "), state="broken")
    metric = next((name for name in _headline(scores.task) if name in scores.scores), None)
    return Listed(
        folder=str(path),
        n=scores.n,
        metric=metric,
        score=scores.scores[metric] if metric else None,
        state="complete" if scores.complete else "incomplete",
        **facts,
    )


def _headline(task: str) -> tuple[str, ...]:
    try:
        return tasks.get(task).headline
    except InputError:  # a task of a plugin that is not installed any more
        return ()
