"""Intervals of scores from few articles: the delete-one-article jackknife on the logit scale.

    logit F ± t(G−1, .975) · SE,   SE² = (G−1)/G · Σ (logit F₋g − logit F)²

F is the pooled score, F₋g the same without article g, G the number of articles that have counts for the score. It is
given from 3 articles on. An F₋g of exactly 0 or 1 has no logit: it moves by 0.5/(n+1), n the number of units that are
left (`Formula.trials`); nothing else moves. docs/statistics.md says how well it covers, and why others do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fewshot.metrics.formulas import Formula
from fewshot.scoring.tallies import Tallies

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST = 3
"""Articles from which on there is an interval: two have one degree of freedom, and t(1) = 12.7."""

METHOD = (
    "95% intervals: delete-one-article jackknife of the pooled score on the logit scale, t with G−1 degrees of freedom"
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95% interval of a score; `why` there is none."""

    low: float | None = None
    high: float | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """Runs that differ in the seed alone. `deviation`: standard deviation over seeds (`None` for one seed), which is
    no part of the interval: that is over articles."""

    mean: float
    deviation: float | None
    seeds: int
    interval: Interval


def interval(tallies: Tallies, score: str) -> Interval:
    """Returns the interval of a score.

    Raises:
        InputError: there is no such score.
    """
    return fold([tallies], score).interval


def fold(seeds: Sequence[Tallies], score: str) -> Fold:
    """Returns mean and standard deviation over seeds, and the interval of the mean over articles.

    Args:
        seeds: The counts of one system on the same articles, one for each seed.
        score: The dotted name of a score.

    Raises:
        InputError: there is no such score.
    """
    import numpy as np

    formula = seeds[0].formula(score)
    counts = np.stack([one.of(formula) for one in seeds])
    each = formula.over(counts.sum(1))
    deviation = float(each.std(ddof=1)) if len(seeds) > 1 else None
    return Fold(float(each.mean()), deviation, len(seeds), _interval(formula, counts))


def _interval(formula: Formula, counts: NDArray[np.int64]) -> Interval:
    """`counts`: shape (seeds, articles, measures, 3)."""
    import numpy as np

    if formula.is_count:
        return Interval(why="a count, not a share")
    articles = int((counts.sum((0, 2, 3)) > 0).sum())
    if articles < LEAST:
        return Interval(why=f"{articles} article{'s' * (articles != 1)}: an interval needs {LEAST}")
    score = formula.over(counts.sum(1)).mean()
    if score in (0.0, 1.0):
        return Interval(why="no hit" if score == 0.0 else "no error")
    low, high = jackknife(formula, counts[None])
    return Interval(float(np.squeeze(low)), float(np.squeeze(high)))


def jackknife(formula: Formula, counts: NDArray[Any], level: float = 0.95) -> tuple[NDArray[Any], NDArray[Any]]:
    """Returns low and high of many data sets at once; nan where there is no interval.

    Args:
        formula: The score.
        counts: Shape (data sets, seeds, articles, measures, 3).
        level: The nominal coverage.
    """
    import numpy as np
    from scipy.special import expit, logit, stdtrit

    total = counts.sum(2)
    score = formula.over(total).mean(1)
    left = total[:, :, None] - counts
    without = formula.over(left).mean(1)
    there = counts.sum((1, 3, 4)) > 0
    articles = there.sum(1)
    edge = 0.5 / (formula.trials(left).mean(1) + 1.0)
    moved = np.where(without <= 0.0, edge, np.where(without >= 1.0, 1.0 - edge, without))
    with np.errstate(all="ignore"):
        spread = np.where(there, (logit(moved) - logit(score)[:, None]) ** 2, 0.0).sum(1)
        error = np.sqrt((articles - 1) / articles * spread)
        reach = stdtrit(articles - 1.0, (1 + level) / 2) * error
        given = (articles >= LEAST) & (score > 0.0) & (score < 1.0)
        return tuple(np.where(given, expit(logit(score) + sign * reach), np.nan) for sign in (-1, 1))  # type: ignore[return-value]
