"""Intervals of scores from few articles: the delete-one-article jackknife on the logit scale.

    logit F ± t(G−1, .975) · SE,   SE² = (G−1)/G · Σ (logit F₋g − logit F)²

F is the pooled score, F₋g the same without article g, G the number of articles that have counts for the score. It is
given from 3 articles on. An F₋g of exactly 0 or 1 has no logit: it moves by 0.5/(n+1), n the number of units that are
left (`Formula.units`); nothing else moves. A macro score has fewer degrees of freedom: a rare label is known from the
few articles that have it (`jackknife.freedom`). docs/statistics.md says how well all this covers, and what others do.

>>> from fewshot.scoring.tallies import Tallies
>>> rows = [[(8, 10, 9)], [(5, 5, 7)], [(9, 12, 10)]]
>>> counts = Tallies("panelization", (), ("a", "b", "c"), ("starts",), rows, grouped=True)
>>> one = interval(counts, "starts.f1")
>>> round(one.low, 3), round(counts.scores()["starts.f1"], 3), round(one.high, 3)
(0.788, 0.83, 0.865)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fewshot.metrics.formulas import Formula
from fewshot.scoring.jackknife import LEAST, freedom, left_out
from fewshot.scoring.tallies import Tallies

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVEL = 0.95


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


METHOD = (
    "Intervals: 95%, delete-one-article jackknife on the logit scale, t with G−1 degrees of freedom (macro scores: "
    "Welch–Satterthwaite over labels)."
)


def assumption(*, grouped: bool) -> str | None:
    """Returns what else a caption must say; `None` if the data names its articles."""
    return None if grouped else "The data names no articles: intervals and tests take texts to be independent."


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
        InputError: there is no such score, no seed, or the seeds were not scored on the same articles.
    """
    formula, counts = stacked(seeds, score)
    each = formula.over(counts.sum(1))
    deviation = float(each.std(ddof=1)) if len(seeds) > 1 else None
    return Fold(float(each.mean()), deviation, len(seeds), _interval(formula, counts))


def _interval(formula: Formula, counts: NDArray[np.int64]) -> Interval:
    """`counts`: shape (seeds, articles, measures, 3)."""
    if formula.is_count:
        return Interval(why="a count, not a share")
    articles = int((formula.units(counts).sum((0, 2)) > 0).sum())
    if articles < LEAST:
        return Interval(why=f"{articles} article{'s' * (articles != 1)}, an interval needs {LEAST}")
    score = formula.over(counts.sum(1)).mean()
    if score in (0.0, 1.0):
        return Interval(why="no hit" if score == 0.0 else "no error")
    low, high = logit_jackknife(formula, counts[None])
    return Interval(float(low[0]), float(high[0]))


def logit_jackknife(formula: Formula, counts: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns low and high for many data sets at once; nan where there is no interval.

    Args:
        formula: The score.
        counts: Shape (data sets, seeds, articles, measures, 3).
    """
    import numpy as np
    from scipy.special import expit, logit, stdtrit

    jackknife = left_out(formula, counts)
    score, without = jackknife.score, jackknife.without
    edge = 0.5 / (jackknife.left + 1.0)
    moved = np.where(without <= 0.0, edge, np.where(without >= 1.0, 1.0 - edge, without))
    articles = jackknife.informative.sum(-1)
    known = freedom(jackknife.units, jackknife.moves) if formula.shape == "mean" else articles - 1.0
    given = (articles >= LEAST) & (score > 0.0) & (score < 1.0)
    center = logit(np.where(given, score, 0.5))
    reach = stdtrit(np.maximum(known, 1.0), (1 + LEVEL) / 2) * jackknife.spread(logit(moved) - center[..., None])
    low, high = (np.where(given, expit(center + sign * reach), np.nan) for sign in (-1, 1))
    return low, high


def stacked(seeds: Sequence[Tallies], score: str) -> tuple[Formula, NDArray[np.int64]]:
    """Returns the formula of a score and its counts, shape (seeds, articles, measures, 3).

    Raises:
        InputError: as `fold`.
    """
    import numpy as np

    from fewshot.errors import InputError

    if not seeds:
        raise InputError("no run to fold")
    if any(one.groups != seeds[0].groups for one in seeds):
        raise InputError("runs that were not scored on the same articles cannot be folded or compared")
    formula = seeds[0].formula(score)
    return formula, np.stack([one.of(formula) for one in seeds])
