"""Whether two systems differ: on the same articles, paired, with the whole family of comparisons in mind.

    ΔF ± t(G*−1, .975) · SE,   SE² = (G−1)/G · Σ (ΔF₋g − ΔF)²

ΔF is the difference of the pooled scores, ΔF₋g the same without article g. It is *detected* where the p of its t,
adjusted by Holm over all systems that are compared with the baseline, is below .05. The degrees of freedom are those of
the effective number of articles G* (`jackknife.freedom`): with G−1, articles of unlike size raise 6 to 7% false alarms
instead of 5. Beside it stands the p of the test that swaps whole articles, which assumes nothing but that under the
null hypothesis the two systems could have exchanged their answers to any article. See docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from fewshot.errors import InputError
from fewshot.metrics.formulas import Formula
from fewshot.scoring.intervals import LEVEL, stacked
from fewshot.scoring.jackknife import LEAST, freedom, left_out
from fewshot.scoring.swapping import Swap, swap_tests
from fewshot.scoring.tallies import Tallies

if TYPE_CHECKING:
    from numpy.typing import NDArray

System: TypeAlias = Tallies | Sequence[Tallies]
"""The counts of a run, or of runs that differ in the seed alone: their score is the mean."""

ALPHA = 1 - LEVEL
POWER = 0.8


@dataclass(frozen=True, slots=True)
class Difference:
    """A system against the baseline: positive where the system is better.

    Attributes:
        delta: Difference of the scores.
        low: Lower end of its 95% interval; `None` if there is none.
        high: Upper end.
        p: Two-sided, of the jackknife's t; where every article gives the same difference, of the swap test.
        adjusted: The same, adjusted by Holm over the family.
        detected: Whether `adjusted` < .05.
        swap_p: The p of the swap test; `None` where systems have unlike numbers of seeds.
        swap_least: The smallest p that it can have on these articles.
        minimum_detectable: The difference that would be detected with a probability of .8, (t.975 + t.8) · SE.
        why: Why the interval is missing.
    """

    delta: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    adjusted: float | None = None
    detected: bool = False
    swap_p: float | None = None
    swap_least: float | None = None
    minimum_detectable: float | None = None
    why: str | None = None

    def reversed(self) -> Difference:
        """Returns the same difference, of the baseline from the system.

        >>> Difference(0.25, low=0.125, high=0.5).reversed().low
        -0.5
        """
        low, high = (None if end is None else -end for end in (self.high, self.low))
        return replace(self, delta=-self.delta, low=low, high=high)

    def with_adjusted(self, p: float | None) -> Difference:
        """Returns the same difference with the adjusted p of another family."""
        return replace(self, adjusted=p, detected=p is not None and p < ALPHA)


METHOD = (
    "Differences: paired delete-one jackknife, t with the degrees of freedom of the effective number of articles; "
    "detected: p < .05, adjusted by Holm over the systems compared. Swap: exact test that exchanges whole articles "
    "between two systems."
)


def differences(baseline: System, others: Mapping[str, System], score: str, *, seed: int = 0) -> dict[str, Difference]:
    """Compares systems with a baseline.

    Args:
        baseline: The counts of the baseline.
        others: The counts of the others on the same articles, by name: the family of Holm's adjustment.
        score: The dotted name of a score.
        seed: Of the exchanges that are drawn where there are too many to try all.

    Raises:
        InputError: there is no such score, or the systems were not scored on the same articles.
    """
    formula, first = _stacked(baseline, score)
    counts = {name: _against(name, baseline, other, score) for name, other in others.items()}
    swaps = swap_tests(formula, first, list(counts.values()), seed=seed)
    found = {
        name: _difference(formula, first, second, swap)
        for (name, second), swap in zip(counts.items(), swaps, strict=True)
    }
    adjusted = holm([one.p for one in found.values()])
    return {name: one.with_adjusted(p) for (name, one), p in zip(found.items(), adjusted, strict=True)}


def tied_with_best(systems: Mapping[str, System], score: str, *, seed: int = 0) -> tuple[str, ...]:
    """Returns the best system and those that cannot be told apart from it, in the order given.

    Raises:
        InputError: as `differences`.
    """
    if not systems:
        return ()
    means = {}
    for name, system in systems.items():
        formula, counts = _stacked(system, score)
        means[name] = float(formula.over(counts.sum(1)).mean())
    best = max(means, key=lambda name: means[name])
    others = {name: one for name, one in systems.items() if name != best}
    found = differences(systems[best], others, score, seed=seed)
    return tuple(name for name in systems if name == best or not found[name].detected)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Returns p values adjusted by Holm's step-down (Holm 1979); `None` is no comparison.

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    order = sorted((p, at) for at, p in enumerate(ps) if p is not None)
    adjusted: list[float | None] = [None] * len(ps)
    least = 0.0
    for rank, (p, at) in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * p))
        adjusted[at] = least
    return adjusted


def _difference(formula: Formula, first: NDArray[Any], second: NDArray[Any], swap: Swap | None) -> Difference:
    from scipy.special import stdtr, stdtrit

    delta, error, known, articles = (float(value) for value in jackknifed(formula, first, second))
    if formula.is_count:
        return Difference(delta, why="a count, not a share")
    bare = Difference(delta)
    if swap is not None:
        bare = replace(bare, swap_p=swap.p, swap_least=swap.least)
    if articles < LEAST:
        return replace(bare, why=f"{articles:.0f} article{'s' * (articles != 1)}, an interval needs {LEAST}")
    if error == 0.0:
        same = "the same counts" if delta == 0.0 else "the same difference"
        return replace(bare, p=bare.swap_p, why=f"{same} whichever article is left out")
    reach = float(stdtrit(known, 1 - ALPHA / 2))
    return replace(
        bare,
        low=delta - reach * error,
        high=delta + reach * error,
        p=float(2.0 * stdtr(known, -abs(delta) / error)),
        minimum_detectable=(reach + float(stdtrit(known, POWER))) * error,
    )


def jackknifed(formula: Formula, first: NDArray[Any], second: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Returns difference, standard error, degrees of freedom and number of articles of many pairs at once, shape (…).

    Args:
        formula: The score.
        first: Counts of the baseline, shape (…, seeds, articles, measures, 3).
        second: Counts of the other.
    """
    import numpy as np

    ours, theirs = left_out(formula, first), left_out(formula, second)
    both = replace(
        theirs,
        score=theirs.score - ours.score,
        without=theirs.without - ours.without,
        units=theirs.units + ours.units,
        moves=theirs.moves - ours.moves,
    )
    error = both.spread(both.without - both.score[..., None])
    error = np.where(error < _NOTHING, 0.0, error)
    return both.score, error, freedom(both.units, both.moves), both.informative.sum(-1)


_NOTHING = 1e-14  # below it a standard error is rounding


def _stacked(system: System, score: str) -> tuple[Formula, NDArray[Any]]:
    return stacked([system] if isinstance(system, Tallies) else system, score)


def _against(name: str, baseline: System, other: System, score: str) -> NDArray[Any]:
    groups = [(one if isinstance(one, Tallies) else one[0]).groups for one in (baseline, other)]
    if groups[0] != groups[1]:
        raise InputError(f"{name} was not scored on the same articles as the baseline")
    return _stacked(other, score)[1]
