"""Leaving out one article at a time: the scores that remain, and how much is known of their spread.

All arrays are of many data sets at once (a simulation, or one); a score is the mean over seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fewshot.metrics.formulas import Formula

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]

LEAST = 3
"""Articles from which on there are intervals: two have one degree of freedom, and t(1, .975) is 12.7."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A score, and what it is without each article.

    Attributes:
        score: Of all articles, shape (…).
        without: Without each, shape (…, articles).
        left: The units that are left without each: what an F₋g of 0 or 1 is a share of, shape (…, articles).
        units: Of each article in each part of the score (`Formula.parts`), shape (…, articles, parts).
        moves: How each part moves without each article, shape (…, articles, parts).
    """

    score: NDArray[np.float64]
    without: NDArray[np.float64]
    left: NDArray[np.float64]
    units: NDArray[np.float64]
    moves: NDArray[np.float64]

    @property
    def informative(self) -> NDArray[np.bool_]:
        """Which articles the score depends on, shape (…, articles): the others have nothing to count."""
        counted: NDArray[np.bool_] = self.units.sum(-1) > 0
        return counted

    def spread(self, deviations: Array) -> NDArray[np.float64]:
        """Returns the jackknife's standard error, √((G−1)/G · Σ deviations²), over informative articles."""
        import numpy as np

        informative = self.informative
        articles = np.maximum(informative.sum(-1), 1)
        total = np.where(informative, deviations**2, 0.0).sum(-1)
        error: NDArray[np.float64] = np.sqrt((articles - 1) / articles * total)
        return error


def left_out(formula: Formula, counts: Array) -> LeftOut:
    """Returns a score without each article.

    Args:
        formula: The score.
        counts: Of the formula's measures, shape (…, seeds, articles, measures, 3).
    """
    total = counts.sum(-3)
    rest = total[..., None, :, :] - counts
    parts = formula.parts(total).mean(-2)
    return LeftOut(
        score=formula.over(total).mean(-1),
        without=formula.over(rest).mean(-2),
        left=formula.units(rest).sum(-1).mean(-2),
        units=formula.units(counts).mean(-3),
        moves=formula.parts(rest).mean(-3) - parts[..., None, :],
    )


def freedom(units: Array, moves: Array) -> NDArray[np.float64]:
    """Returns the degrees of freedom of a jackknife over articles of unlike size, shape (…).

    One part: G* − 1 with G* = (Σ n)² / Σ n², the effective number of articles (Kish 1965; Carter, Schnepel and
    Steigerwald 2017): Satterthwaite's approximation where the variance of an article's share grows with its units n.
    G − 1 for articles of one size. Several parts (a macro score): Welch's combination of theirs, (Σ V)² / Σ V²/f with
    V = Σ moves², since a rare label is known from the few articles that have it.

    Args:
        units: Shape (…, articles, parts).
        moves: Likewise: `LeftOut.moves`, or the difference of those of two systems.
    """
    import numpy as np

    total = np.maximum(units.sum(-2, keepdims=True), 1.0)
    effective = 1.0 / np.maximum(((units / total) ** 2).sum(-2), 1e-9)
    each: NDArray[np.float64] = np.maximum(effective - 1.0, 1.0)
    if units.shape[-1] == 1:
        return each[..., 0]
    variance = np.where(units > 0, moves**2, 0.0).sum(-2)
    below = (variance**2 / each).sum(-1)
    most = np.maximum((units.sum(-1) > 0).sum(-1) - 1.0, 1.0)
    welch = np.divide(variance.sum(-1) ** 2, below, out=np.array(most, dtype=float), where=below > 0)
    known: NDArray[np.float64] = np.clip(welch, 1.0, most)
    return known
