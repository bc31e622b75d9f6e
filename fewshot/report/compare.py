"""Run folders → one table: one row per run, below the row of a system that answers nothing.

    system       shots  labelled   n  starts.f1  …  malformed  failed  tokens  s/example  signature
    all-empty        –         –  60      0.000  …          0       0       –          –  –
    rules            3       231  60      0.981  …          0       0       –     0.0008  1f2e3d4c

Runs that differ in task, data, scored ids or labels are refused: their scores cannot be compared.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fewshot import tasks
from fewshot.errors import InputError, RunFolderError
from fewshot.experiment import record
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.record import Recorded, Usage
from fewshot.experiment.signature import Signature
from fewshot.records import Example, Prediction
from fewshot.report.table import Comparison
from fewshot.scoring import Scores, evaluate
from fewshot.scoring.reading import nothing
from fewshot.tasks import Task

_NAMES = {"ids": "scored ids"}  # facts of a signature as messages name them


@dataclass(frozen=True)
class FinishedRun:
    """A run folder with a complete run; each of its files is read once, when it is first needed.

    Raises:
        RunFolderError: the run is not finished, or requests failed.
    """

    folder: RunFolder
    result: Scores

    @classmethod
    def of(cls, path: Path) -> FinishedRun:
        """The finished run in a folder."""
        folder = RunFolder(path)
        scores = folder.scores()
        if not scores.complete:
            raise RunFolderError(
                f"{path} is incomplete: {scores.failed} requests failed",
                hint="run it again to continue it, or with --failed-as-empty",
            )
        return cls(folder, scores)

    @cached_property
    def signature(self) -> Signature:
        """What makes its scores comparable."""
        return Signature.of(self.result)

    @cached_property
    def task(self) -> Task:
        """Its task."""
        return tasks.get(self.result.task)

    @cached_property
    def recorded(self) -> Recorded:
        """Its `run.toml`."""
        return record.read(self.folder)

    @cached_property
    def gold(self) -> list[Example]:
        """Its examples."""
        return self.folder.examples()

    @cached_property
    def predictions(self) -> list[Prediction]:
        """Its predictions."""
        return self.folder.predictions(self.task.kind, self.gold)

    @property
    def problems(self) -> Counter[str]:
        """The number of answers with a problem, by kind of problem."""
        return Counter(kind for answer in self.predictions for kind, count in answer.problems.items() if count)


def compare(folders: Sequence[str | Path], *, kinds: bool = False) -> Comparison:
    """Returns one row per run, in the order given, below the row of a system that answers nothing.

    Args:
        folders: Run folders.
        kinds: Whether there is a column for each kind of problem, with the number of answers that have it.

    Raises:
        RunFolderError: a folder is not a finished run, or a run is incomplete.
        InputError: no folder, or two runs differ in task, data, scored ids or labels.
    """
    import pandas as pd

    if not folders:
        raise InputError("no run to compare", hint="name run folders, e.g. `fewshot compare runs/*`")
    runs = [FinishedRun.of(Path(folder)) for folder in folders]
    for run in runs[1:]:
        _check(run, runs[0])
    rows = [_empty_row(runs[0]), *map(_row, runs)]
    if kinds:
        counts = [Counter[str](), *(run.problems for run in runs)]
        for name in sorted(set().union(*counts)):
            for row, count in zip(rows, counts, strict=True):
                row[name] = count[name]
    captions = {run.recorded.plan.caption for run in runs} - {None}
    return Comparison(
        task=runs[0].task,
        frame=pd.DataFrame(rows, dtype=object),
        signatures={run.signature.id: run.signature.line for run in runs},
        caption=min(filter(None, captions), default=None),
    )


def default_folder(comparison: Comparison, root: Path = Path("runs")) -> Path:
    """Returns `runs/compare-<task>-<digest>`; the same runs give the same folder."""
    digest = hashlib.sha256("".join(comparison.signatures).encode()).hexdigest()[:8]
    return root / f"compare-{comparison.task.name}-{digest}"


def _check(run: FinishedRun, first: FinishedRun) -> None:
    for name in first.signature.conflicts(run.signature):
        ours, theirs = first.signature.values.get(name), run.signature.values.get(name)
        sizes = f" ({first.result.n} and {run.result.n} examples)" if name == "ids" else ""
        raise InputError(
            f"{first.folder.path} and {run.folder.path} differ in {_NAMES.get(name, name)}: {ours} and {theirs}{sizes}",
            hint="compare runs of one task on the same data, split, limit and labels",
        )


def _empty_row(run: FinishedRun) -> dict[str, Any]:
    empty = evaluate(
        run.task,
        run.gold,
        [nothing(example, run.task) for example in run.gold],
        labels=run.signature.labels,
        signature={},
    )
    return _columns(run.task, "all-empty", empty, Signature(), Usage(), malformed=0)


def _row(run: FinishedRun) -> dict[str, Any]:
    malformed = sum(bool(prediction.problems) for prediction in run.predictions)
    name = run.recorded.plan.system or run.folder.path.name
    return _columns(run.task, name, run.result, run.signature, run.recorded.usage, malformed=malformed)


def _columns(
    task: Task, system: str, scores: Scores, signature: Signature, usage: Usage, *, malformed: int
) -> dict[str, Any]:
    named: Mapping[str, float | None] = {name: scores.scores.get(name) for name in task.headline}
    return {
        "system": system,
        "shots": _number(signature.shots),
        "labelled": signature.labelled,
        "n": scores.n,
        **named,
        "malformed": malformed,
        "failed": scores.failed,
        "tokens": usage.tokens,
        "s/example": usage.seconds_per_example,
        "signature": signature.id if signature.values else None,
    }


def _number(value: float | None) -> float | int | None:
    return int(value) if value is not None and float(value).is_integer() else value
