"""Forest plots: one line for each system, its score or its difference with the interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fewshot.report.page.charts import fitted
from fewshot.report.page.charts.scale import Scale

_ROW, _TOP, _LEFT, _RIGHT, _WIDTH = 26.0, 14.0, 250.0, 560.0, 720.0  # pixels
_NAME = 32  # characters of a name


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval. `kind`: which shape it is drawn with; `marked`: drawn full, others hollow; `rug`:
    values of single articles, drawn as faint ticks."""

    letter: str
    name: str
    value: float
    low: float | None = None
    high: float | None = None
    kind: str = "prompted"
    marked: bool = True
    text: str = ""
    rug: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One row in pixels."""

    estimate: Estimate
    name: str
    y: float
    x: float
    x_low: float | None
    x_high: float | None
    rug: Sequence[float]


@dataclass(frozen=True, slots=True)
class Forest:
    """A forest plot, in pixels."""

    title: str
    unit: str
    lines: Sequence[Line]
    ticks: Sequence[tuple[float, str]]
    zero: float | None
    height: float
    bottom: float
    width: float = _WIDTH
    left: float = _LEFT
    right: float = _RIGHT

    @classmethod
    def of(cls, estimates: Sequence[Estimate], *, title: str, unit: str, difference: bool = False) -> Forest:
        """Places estimates, the first one on top. `difference`: the axis has a line at zero, and both signs."""
        edges = [edge for one in estimates for edge in (one.value, one.low, one.high) if edge is not None]
        low, high = (min([0.0, *edges]), max([0.0, *edges])) if difference else _share(edges)
        margin = (high - low) * 0.04 or 0.01
        scale = Scale(low - margin if difference else low, high + margin if difference else high, _LEFT, _RIGHT)
        lines = [
            Line(
                estimate=one,
                name=fitted(one.name, _NAME),
                y=_TOP + _ROW * (place + 0.5),
                x=scale(one.value),
                x_low=None if one.low is None else scale(one.low),
                x_high=None if one.high is None else scale(one.high),
                rug=[scale(value) for value in one.rug if scale.low <= value <= scale.high],
            )
            for place, one in enumerate(estimates)
        ]
        bottom = _TOP + _ROW * len(estimates)
        zero = scale(0.0) if difference else None
        return cls(title, unit, lines, scale.ticks(), zero, bottom + 46, bottom)


def _share(edges: Sequence[float]) -> tuple[float, float]:
    """The whole tenths around scores, so that small differences can be seen and the axis can be read."""
    low, high = int(min(edges) * 10) / 10, min(1.0, (int(max(edges) * 10) + 1) / 10)
    return (low, high) if high > low else (max(0.0, low - 0.1), high)
