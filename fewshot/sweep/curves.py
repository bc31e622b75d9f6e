"""Finished cells → learning curves, the few-shot rows beside them, and where they cross.

A few-shot system stands at the number of labelled examples that it had at its disposal: all of the pool for a selector
that chooses for each query, as many as were shown for one that shows all queries the same. The *level* that a curve has
to pass is the best few-shot row (without one, the best program); choosing the best of several on the same articles
favours it, by as much as they vary by chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fewshot import demonstrations
from fewshot.experiment.folder import DEMONSTRATIONS
from fewshot.report.comparison import Comparison
from fewshot.report.rows import Row, best_of
from fewshot.scoring.crossover import Crossover, crossover
from fewshot.scoring.intervals import Fold
from fewshot.sweep.grid import Trained


@dataclass(frozen=True, slots=True)
class Point:
    """A row of a comparison, at a number of labelled examples."""

    size: int
    row: Row
    fold: Fold


@dataclass(frozen=True, slots=True)
class Curve:
    """One system: a base model at its sizes, or a few-shot row at one. `name`: unique; `title`: as it is shown."""

    name: str
    title: str
    kind: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Learned:
    """What a sweep found.

    Attributes:
        comparison: All cells as systems.
        trained: The curves of the base models, in the order asked.
        shown: The few-shot rows and the programs, one point each.
        level: What the curves have to pass; `None` if nothing was prompted.
        missing: How many cells that were asked for are not complete.
        cells: How many are; systems that answer alike are one row of the comparison.
        program: The best program, if it is better than the level: fine-tuning would have to pass it as well.
    """

    comparison: Comparison
    trained: Sequence[Curve]
    shown: Sequence[Curve]
    level: Curve | None
    program: Curve | None = None
    missing: int = 0
    cells: int = 0

    @property
    def score(self) -> str:
        """The score that decides."""
        return self.comparison.headline

    @cached_property
    def crossovers(self) -> Mapping[str, Crossover]:
        """By base model, where it passes the level for good; empty without counts by article."""
        return self._passing(self.level)

    @cached_property
    def past_the_program(self) -> Mapping[str, Crossover]:
        """By base model, where it passes the program that is better than the level, for good."""
        return self._passing(self.program)

    def _passing(self, level: Curve | None) -> Mapping[str, Crossover]:
        if level is None or not level.points[0].row.counts:
            return {}
        base = level.points[0].row.counts
        return {
            curve.name: crossover(base, [(point.size, point.row.counts) for point in curve.points], self.score)
            for curve in self.trained
            if all(point.row.counts for point in curve.points)
        }

    @property
    def earliest(self) -> str | None:
        """The base model that passes the level first."""
        found = {name: one.size for name, one in self.crossovers.items() if one.size is not None}
        return min(found, key=lambda name: found[name]) if found else None


def learned(comparison: Comparison, cells: Mapping[Path, Trained | None], *, missing: int = 0) -> Learned:
    """Returns what a comparison of cells says. `cells`: by run folder, the cell if it was trained; `missing`: cells
    that are not complete."""
    score = comparison.headline
    curves: dict[str, list[Point]] = {}
    shown: list[Curve] = []
    for row in comparison.systems:
        fold = row.estimate(score)
        if fold is None:
            continue
        cell = cells[row.runs[0].folder.path]
        if cell is not None:
            curves.setdefault(cell.base.name, []).append(Point(cell.size, row, fold))
        else:
            shown.append(Curve(row.label, row.label, row.kind, [Point(at_disposal(row), row, fold)]))
    last = Counter(Path(name).name for name in curves)
    trained = [
        Curve(
            name,
            Path(name).name if last[Path(name).name] == 1 else name,
            "local",
            sorted(points, key=lambda point: point.size),
        )
        for name, points in curves.items()
    ]
    level, program = _level(comparison, shown), _best(comparison, shown, "program")
    better = level is not None and program is not None and program.points[0].fold.mean > level.points[0].fold.mean
    return Learned(comparison, trained, shown, level, program if better else None, missing, len(cells))


def at_disposal(row: Row) -> int:
    """Returns how many labelled examples a system that is shown some had at its disposal."""
    run = row.runs[0]
    selector = run.recorded.settings.selector
    if run.signature.shots and demonstrations.is_shared(selector):
        return len(run.folder.examples(DEMONSTRATIONS))
    return run.signature.labelled or 0


def _level(comparison: Comparison, shown: Sequence[Curve]) -> Curve | None:
    return _best(comparison, shown, "prompted") or _best(comparison, shown, "program")


def _best(comparison: Comparison, shown: Sequence[Curve], kind: str) -> Curve | None:
    best = best_of([curve.points[0].row for curve in shown if curve.kind == kind], comparison.headline)
    return None if best is None else next(curve for curve in shown if curve.name == best.label)
