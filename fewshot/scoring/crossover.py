"""From how many labelled examples on a fine-tuned system beats one that does not learn: the crossover, its interval.

    ΔF(n) ± t(f, .975) · SE(n),   SE² = SE²(articles) + s²(seeds)/k + the same of the level

ΔF(n) is the score at n labelled examples minus the *level*, paired by article (`differences.jackknifed`). Between two
sizes that were tried it is a straight line in log n, and so are the ends of its interval. The crossover is where ΔF
becomes positive for good; its interval holds every n at which ΔF cannot be told from 0 (the interval of a regression's
root by inversion, Fieller 1954). The spread over seeds is part of it, because a training's seed decides which examples
are labelled. f is Welch's combination of the degrees of freedom of both parts. An end that lies beyond the sizes tried
is `None`.

>>> round(rising([(10, -0.2), (100, 0.2), (1000, 0.3)]), 3)
31.623
>>> rising([(10, -0.2), (100, -0.1)]) is None, rising([(10, 0.1), (100, 0.2)])
(True, 10)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log, sqrt
from typing import TYPE_CHECKING, Any

from fewshot.errors import InputError
from fewshot.scoring.differences import jackknifed
from fewshot.scoring.intervals import LEVEL, stacked
from fewshot.scoring.jackknife import LEAST
from fewshot.scoring.tallies import Tallies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fewshot.metrics.formulas import Formula

METHOD = (
    "Crossover: where the paired difference from the best row that is not trained becomes positive for good, by "
    "straight lines in the logarithm of the size; its interval holds the sizes at which the difference cannot be told "
    "from 0, by the jackknife over articles and, where there are several, the spread over seeds (Welch–Satterthwaite)."
)


@dataclass(frozen=True, slots=True)
class Gap:
    """A fine-tuned system minus the level at one size. `low`, `high`: the 95% interval; `None` if there is none."""

    size: int
    delta: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Crossover:
    """Where a learning curve passes a level for good.

    Attributes:
        size: The number of labelled examples; `None`: not within the sizes tried.
        low: The lower end of its 95% interval; `None`: below the sizes tried, or no interval.
        high: The upper end; `None`: beyond the sizes tried, or no interval.
        already: Whether the curve lies above the level at the smallest size, so that the crossover is there or below.
        gaps: The differences that it is read from.
        seeds: The crossover of each seed by itself.
        why: Why there is no interval.
    """

    size: float | None
    low: float | None
    high: float | None
    already: bool
    gaps: Sequence[Gap]
    seeds: Sequence[float | None] = field(default=())
    why: str | None = None


def crossover(level: Sequence[Tallies], curve: Sequence[tuple[int, Sequence[Tallies]]], score: str) -> Crossover:
    """Returns the crossover of a learning curve with a level.

    Args:
        level: The counts of the system that does not learn, one for each of its seeds.
        curve: Sizes in ascending order, each with the counts of its seeds, on the same articles.
        score: The dotted name of a score.

    Raises:
        InputError: no size, there is no such score, or systems were not scored on the same articles.
    """
    if not curve:
        raise InputError("a learning curve without a size")
    formula, base = stacked(level, score)
    gaps, whys = [], []
    for size, counts in curve:
        if counts[0].groups != level[0].groups:
            raise InputError("a learning curve and its level were not scored on the same articles")
        gap, why = _gap(formula, base, stacked(counts, score)[1], size)
        gaps.append(gap)
        whys.append(why)
    first = gaps[0].size
    middle = rising([(gap.size, gap.delta) for gap in gaps])
    highs = [(gap.size, gap.high) for gap in gaps if gap.high is not None]
    lows = [(gap.size, gap.low) for gap in gaps if gap.low is not None]
    known = len(lows) == len(gaps)
    low, high = (rising(highs), rising(lows)) if known else (None, None)
    return Crossover(
        size=middle,
        low=None if low == first else low,
        high=high,
        already=middle == first,
        gaps=gaps,
        seeds=_of_seeds(formula, base, curve, score),
        why=next(filter(None, whys), None),
    )


def rising(points: Sequence[tuple[int, float]]) -> float | None:
    """Returns where a line through points, straight in the logarithm of x, becomes positive for good.

    The first x if all of it is positive, `None` if its end is not.
    """
    if points[-1][1] <= 0:
        return None
    for (x, y), (right, above) in zip(points[-2::-1], points[:0:-1], strict=True):
        if y <= 0:  # within the two, whatever the logarithm rounds to
            return min(max(exp(log(x) + (log(right) - log(x)) * -y / (above - y)), x), right)
    return points[0][0]


def _gap(formula: Formula, base: NDArray[Any], ours: NDArray[Any], size: int) -> tuple[Gap, str | None]:
    from scipy.special import stdtrit

    delta, error, known, articles = (float(value) for value in jackknifed(formula, base, ours))
    if articles < LEAST:
        return Gap(size, delta, None, None), f"{articles:.0f} articles, an interval needs {LEAST}"
    parts = [(error**2, known)]
    for counts in (base, ours):
        seeds = counts.shape[0]
        if seeds > 1:
            parts.append((float(formula.over(counts.sum(1)).var(ddof=1)) / seeds, seeds - 1.0))
    variance = sum(part for part, _ in parts)
    if variance == 0.0:  # alike in every article: nothing says how far another article would be
        return (Gap(size, 0.0, 0.0, 0.0), None) if delta == 0.0 else (Gap(size, delta, None, None), "no spread")
    freedom = variance**2 / sum(part**2 / each for part, each in parts)
    reach = float(stdtrit(freedom, (1 + LEVEL) / 2)) * sqrt(variance)
    return Gap(size, delta, max(-1.0, delta - reach), min(1.0, delta + reach)), None


def _of_seeds(
    formula: Formula, base: NDArray[Any], curve: Sequence[tuple[int, Sequence[Tallies]]], score: str
) -> list[float | None]:
    """The crossover of each seed with the mean of the level, if all sizes have the same number of seeds."""
    level = float(formula.over(base.sum(1)).mean())
    each = [formula.over(stacked(counts, score)[1].sum(1)) for _, counts in curve]
    if len({len(scores) for scores in each}) != 1:
        return []
    sizes = [size for size, _ in curve]
    return [
        rising([(size, float(scores[seed]) - level) for size, scores in zip(sizes, each, strict=True)])
        for seed in range(len(each[0]))
    ]
