"""Learning curves: scores over the number of labelled examples, with intervals and the point where two of them cross.

    Curves.of([Curve("A", "MiniLM tagger", points=[Point(10, .40, .35, .45), …], kind="local")],
              title=…, x_unit="labelled legends", y_unit="strict micro F1", crossing=Crossing(120, 60, 310, "…"))

A curve with one point is a dot with its interval; `level` continues it as a line to the right: a few-shot system stays
where it is, however many labels there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fewshot.report.page.charts import fitted
from fewshot.report.page.charts.scale import Scale

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 790.0, 400.0, 54.0, 520.0, 16.0, 346.0  # pixels
_NAME, _GAP = 32, 17.0  # characters of a name; pixels between two names
_LEAST = 0.5  # where 0 labelled examples stand on a logarithmic axis


@dataclass(frozen=True, slots=True)
class Point:
    """A score at a number of labelled examples, with its interval."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """One system at several sizes."""

    letter: str
    name: str
    points: Sequence[Point]
    kind: str = "local"
    level: bool = False


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where fine-tuning begins to win, with its interval, in words; `y`: the score of what it passes."""

    x: float
    low: float | None = None
    high: float | None = None
    text: str = ""
    y: float | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """A published score, drawn as a faint line: same corpus, labels, split and score as ours, or not at all."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Path:
    """One curve in pixels."""

    curve: Curve
    dots: Sequence[tuple[float, float, float | None, float | None]]
    line: str
    band: str
    dash: str
    name: str
    name_y: float


@dataclass(frozen=True, slots=True)
class Curves:
    """Learning curves, in pixels. `crossing`: its line, the band of its interval, its words, the height of what is
    passed there."""

    title: str
    x_unit: str
    y_unit: str
    paths: Sequence[Path]
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    crossing: tuple[float, float, float, str, float | None] | None = None
    anchors: Sequence[tuple[float, str]] = field(default=())
    width: float = _WIDTH
    height: float = _HEIGHT
    left: float = _LEFT
    right: float = _RIGHT
    top: float = _TOP
    bottom: float = _BOTTOM

    @classmethod
    def of(
        cls,
        curves: Sequence[Curve],
        *,
        title: str,
        x_unit: str,
        y_unit: str,
        crossing: Crossing | None = None,
        anchors: Sequence[Anchor] = (),
    ) -> Curves:
        """Places curves; 0 labelled examples stand at the left edge of the logarithmic axis."""
        points = [point for curve in curves for point in curve.points]
        low = min(max(point.x, _LEAST) for point in points)
        x = Scale(low / 1.2, max(2 * low, *(point.x for point in points)) * 1.15, _LEFT, _RIGHT, log=True)
        tops = [edge for point in points for edge in (point.y, point.high) if edge is not None]
        y = Scale(0.0, min(1.0, max([*tops, *(anchor.y for anchor in anchors)]) * 1.08) or 1.0, _BOTTOM, _TOP)
        x_ticks = x.ticks()
        if any(point.x <= 0 for point in points):
            x_ticks = [(x(_LEAST), "0"), *((at, text) for at, text in x_ticks if at > x(_LEAST) + 14)]
        return cls(
            title,
            x_unit,
            y_unit,
            _apart([_path(curve, place, x, y) for place, curve in enumerate(curves)]),
            x_ticks,
            y.ticks(),
            None if crossing is None else _crossing(crossing, x, y),
            [(y(anchor.y), anchor.text) for anchor in anchors],
        )


_DASHES = ("", "7 3", "2 3", "9 3 2 3")


def _path(curve: Curve, place: int, x: Scale, y: Scale) -> Path:
    points = sorted(curve.points, key=lambda point: point.x)
    dots = [
        (
            x(max(point.x, _LEAST)),
            y(point.y),
            None if point.low is None else y(point.low),
            None if point.high is None else y(point.high),
        )
        for point in points
    ]
    line = "M" + "L".join(f"{dot[0]:.1f} {dot[1]:.1f}" for dot in dots)
    if curve.level:
        line += f"H{_RIGHT:g}"
    banded = [(at, low, high) for at, _, low, high in dots if low is not None and high is not None]
    band = ""
    if len(banded) > 1:
        edge = [f"{at:.1f} {high:.1f}" for at, _, high in banded] + [
            f"{at:.1f} {low:.1f}" for at, low, _ in banded[::-1]
        ]
        band = "M" + "L".join(edge) + "Z"
    dash = _DASHES[place % len(_DASHES)]
    return Path(curve, dots, line, band, dash, fitted(curve.name, _NAME), dots[-1][1])


def _apart(paths: Sequence[Path]) -> list[Path]:
    """Moves the names at the right edge apart, in the order of their curves' ends."""
    from dataclasses import replace

    order = sorted(range(len(paths)), key=lambda place: paths[place].name_y)
    moved = list(paths)
    lowest = _TOP
    for place in order:
        lowest = max(lowest, paths[place].name_y)
        moved[place] = replace(paths[place], name_y=lowest)
        lowest += _GAP
    excess = lowest - _GAP - _BOTTOM
    if excess <= 0:
        return moved
    highest = _BOTTOM
    for place in reversed(order):
        highest = min(highest, moved[place].name_y)
        moved[place] = replace(moved[place], name_y=highest)
        highest -= _GAP
    return moved


def _crossing(crossing: Crossing, x: Scale, y: Scale) -> tuple[float, float, float, str, float | None]:
    low, high = crossing.low or crossing.x, crossing.high or crossing.x
    return x(crossing.x), x(low), x(high), crossing.text, None if crossing.y is None else y(crossing.y)
