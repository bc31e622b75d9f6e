"""Cost against quality: where a system lies above and to the left of another, nobody should take the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fewshot.report.page.charts.scale import Scale, log_ticks

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720.0, 360.0, 60.0, 690.0, 16.0, 310.0  # pixels


@dataclass(frozen=True, slots=True)
class Point:
    """A system at its cost (`x`, above 0) and score, with the interval of the score."""

    letter: str
    name: str
    x: float
    y: float
    low: float | None = None
    high: float | None = None
    kind: str = "prompted"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """One point in pixels. `front`: nobody is both cheaper and better."""

    point: Point
    x: float
    y: float
    y_low: float | None
    y_high: float | None
    front: bool


@dataclass(frozen=True, slots=True)
class Scatter:
    """A scatter plot, in pixels. `step`: the Pareto front as a path."""

    title: str
    x_unit: str
    y_unit: str
    dots: Sequence[Dot]
    step: str
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    width: float = _WIDTH
    height: float = _HEIGHT
    left: float = _LEFT
    right: float = _RIGHT
    top: float = _TOP
    bottom: float = _BOTTOM

    @classmethod
    def of(cls, points: Sequence[Point], *, title: str, x_unit: str, y_unit: str) -> Scatter:
        """Places points; costs on a logarithmic axis."""
        costs = [point.x for point in points]
        low, high = min(costs) / 1.6, max(costs) * 1.6
        x = Scale(*_round(low, high), _LEFT, _RIGHT, log=True)
        tops = [edge for point in points for edge in (point.y, point.high) if edge is not None]
        y = Scale(0.0, min(1.0, max(tops) * 1.08) or 1.0, _BOTTOM, _TOP)
        best = front(points)
        dots = [
            Dot(
                point,
                x(point.x),
                y(point.y),
                None if point.low is None else y(point.low),
                None if point.high is None else y(point.high),
                place in best,
            )
            for place, point in enumerate(points)
        ]
        return cls(title, x_unit, y_unit, dots, _steps([dots[place] for place in best]), x.ticks(), y.ticks())


def front(points: Sequence[Point]) -> list[int]:
    """Returns the places of the points on the Pareto front, the cheapest first.

    >>> front([Point("A", "", 1, 0.5), Point("B", "", 2, 0.4), Point("C", "", 3, 0.9)])
    [0, 2]
    """
    best: list[int] = []
    for place in sorted(range(len(points)), key=lambda place: (points[place].x, -points[place].y)):
        if not best or points[place].y > points[best[-1]].y:
            best.append(place)
    return best


def _steps(dots: Sequence[Dot]) -> str:
    """A path that rises only where a better system begins."""
    first, *rest = dots
    steps = "".join(f"H{dot.x:.1f}V{dot.y:.1f}" for dot in rest)
    return f"M{first.x:.1f} {_BOTTOM:g}V{first.y:.1f}{steps}H{_RIGHT:g}"


def _round(low: float, high: float) -> tuple[float, float]:
    """An axis with at least two ticks."""
    while len(log_ticks(low, high)) < 2:
        low, high = low / 1.5, high * 1.5
    return low, high
