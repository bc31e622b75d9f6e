"""Run folders → one comparison: one row a system, below the row of a system that answers nothing.

    compare(["runs/rules", "runs/gpt3", "runs/tagger"]).frame

Runs that differ in task, data, scored ids or labels are refused: their scores cannot be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from fewshot.errors import InputError
from fewshot.report.comparison import Comparison
from fewshot.report.cost import checked_price
from fewshot.report.rows import Row, best_of, rows_of
from fewshot.report.runs import FinishedRun, same_question


def compare(
    folders: Sequence[str | PathLike[str]],
    *,
    baseline: str | PathLike[str] | None = None,
    names: Mapping[Any, str] | None = None,
    kinds: bool = False,
    gpu_hour_usd: float | None = None,
    seed: int = 0,
) -> Comparison:
    """Compares finished runs, in the order given, below the row of a system that answers nothing.

    Args:
        folders: Run folders.
        baseline: The run, or the name of the system, that the others are compared with; default: the best system of
            another kind than the best one.
        names: Names of systems, by run folder; default: the names of their models.
        kinds: Whether there is a column for each kind of problem, with the number of answers that have it.
        gpu_hour_usd: Dollars for an hour of the machine, for what no API priced.
        seed: Of the exchanges that a swap test draws where there are too many to try all.

    Raises:
        RunFolderError: a folder is not a finished run, or a run is incomplete.
        InputError: no folder, two runs differ in task, data, scored ids or labels, or a name is not that of a run.
    """
    if not folders:
        raise InputError("no run to compare", hint="name run folders, e.g. `fewshot compare runs/*`")
    price = checked_price(gpu_hour_usd)
    paths = list(dict.fromkeys(Path(folder) for folder in folders))
    runs = {path: FinishedRun.of(path) for path in paths}
    same_question(list(runs.values()))
    given = {str(path): name for path, name in (names or {}).items()}
    rows = rows_of(list(runs.values()), _given(runs, given), gpu_hour_usd=price)
    said = dict.fromkeys(run.recorded.plan.caption for run in runs.values())
    return Comparison(
        task=runs[paths[0]].task,
        rows=tuple(rows),
        baseline=_baseline(rows, baseline),
        captions=tuple(filter(None, said)),
        kinds=kinds,
        gpu_hour_usd=price,
        seed=seed,
    )


def default_folder(comparison: Comparison, root: Path = Path("runs")) -> Path:
    """Returns `runs/compare-<task>-<digest>`; the same runs give the same folder."""
    digest = hashlib.sha256("".join(comparison.signatures).encode()).hexdigest()[:8]
    return root / f"compare-{comparison.task.name}-{digest}"


def _given(runs: Mapping[Path, FinishedRun], names: Mapping[str, str]) -> dict[str, str]:
    for folder in names:
        if Path(folder) not in runs:
            raise InputError(f"--name: {folder} is not among the runs that are compared")
    return {str(Path(folder)): name for folder, name in names.items()}


def _baseline(rows: Sequence[Row], wanted: str | PathLike[str] | None) -> str | None:
    systems = rows[1:]
    if wanted is not None:
        for row in systems:
            folders = [run.folder.path for run in row.runs]
            if str(wanted) in (row.label, row.name) or Path(wanted) in folders:
                return row.label
        raise InputError(
            f"--baseline: {wanted} is not among the runs that are compared",
            hint=f"one of {', '.join(row.label for row in systems)}",
        )
    score = systems[0].runs[0].task.headline[0]
    best = best_of(systems, score)
    if best is None or len(systems) < 2:
        return None
    other = best_of([row for row in systems if row.kind != best.kind], score)
    return (other or best).label
