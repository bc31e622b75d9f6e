"""Whether two systems differ: on the same articles, paired, and with the family of comparisons in mind.

A difference ΔF has a jackknife-t interval over articles, and is detected where its p, adjusted by Holm over all systems
that are compared with the baseline, is below .05. Beside it stands the p of the exact swap test, which assumes nothing
but that under the null hypothesis the two systems could have exchanged their answers to any article.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fewshot.errors import InputError
from fewshot.metrics.formulas import Formula
from fewshot.scoring.intervals import LEAST
from fewshot.scoring.tallies import Tallies

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = (
    "Differences: jackknife over articles, t with G−1 degrees of freedom, p adjusted by Holm; beside it the exact test "
    "that swaps whole articles"
)

EXACT = 16
"""Articles up to which all exchanges are tried; 2^16 are 65,536."""

SWAPS = 20_000
"""Exchanges that are drawn where there are too many to try all."""

_CHUNK = 1 << 13  # exchanges at a time: bounds the memory
_TIE = 1e-12  # two exchanges with the same |Δ| may differ in the last digits


@dataclass(frozen=True, slots=True)
class Difference:
    """A system against the baseline: positive where the system is better.

    Attributes:
        delta: Difference of the scores.
        low: Lower end of its 95% interval; `None` if there is none.
        high: Upper end.
        p: Two-sided, of the jackknife's t; `None` below three articles.
        adjusted: The same adjusted by Holm over the family.
        detected: Whether `adjusted` < .05.
        swap_p: The p of the swap test.
        swap_least: The smallest p that it can have on these articles.
        minimum_detectable: The difference that would be detected with a probability of .8.
        why: Why numbers are missing.
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


def differences(
    baseline: Tallies, others: Mapping[str, Tallies], score: str, *, seed: int = 0
) -> dict[str, Difference]:
    """Compares systems with a baseline.

    Args:
        baseline: The counts of the baseline.
        others: The counts of the others on the same articles, by name: the family of Holm's adjustment.
        score: The dotted name of a score.
        seed: Of the exchanges that are drawn.

    Raises:
        InputError: there is no such score, or the systems were not scored on the same articles.
    """
    from dataclasses import replace

    formula = baseline.formula(score)
    found = {}
    for name, other in others.items():
        if other.groups != baseline.groups:
            raise InputError(f"{name} was not scored on the same articles as the baseline")
        found[name] = _difference(formula, baseline.of(formula), other.of(formula), seed)
    adjusted = holm([one.p for one in found.values()])
    return {
        name: replace(one, adjusted=p, detected=p is not None and p < 0.05)
        for (name, one), p in zip(found.items(), adjusted, strict=True)
    }


def tied_with_best(systems: Mapping[str, Tallies], score: str, *, seed: int = 0) -> tuple[str, ...]:
    """Returns the best system and those that cannot be told apart from it, in the order given."""
    if not systems:
        return ()
    values = {name: one.scores()[score] for name, one in systems.items()}
    best = max(values, key=lambda name: values[name])
    others = {name: one for name, one in systems.items() if name != best}
    found = differences(systems[best], others, score, seed=seed)
    return tuple(name for name in systems if name == best or not found[name].detected)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Returns p values adjusted by Holm's step-down (Holm 1979); `None` counts as no comparison.

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


def _difference(formula: Formula, ours: NDArray[Any], theirs: NDArray[Any], seed: int) -> Difference:
    import numpy as np
    from scipy.special import stdtr, stdtrit

    delta = float(formula.over(theirs.sum(0)) - formula.over(ours.sum(0)))
    swap_p, swap_least = swap_test(formula, ours, theirs, seed=seed)
    there = (ours.sum((1, 2)) + theirs.sum((1, 2))) > 0
    articles = int(there.sum())
    if articles < LEAST:
        return Difference(delta, swap_p=swap_p, swap_least=swap_least, why=f"{articles} articles, fewer than {LEAST}")
    without = formula.over(theirs.sum(0) - theirs) - formula.over(ours.sum(0) - ours)
    error = float(np.sqrt((articles - 1) / articles * np.where(there, (without - delta) ** 2, 0.0).sum()))
    freedom = articles - 1
    if error == 0.0:
        return Difference(delta, swap_p=swap_p, swap_least=swap_least, why="the same in every article")
    reach = float(stdtrit(freedom, 0.975)) * error
    return Difference(
        delta,
        low=delta - reach,
        high=delta + reach,
        p=float(2.0 * stdtr(freedom, -abs(delta) / error)),
        swap_p=swap_p,
        swap_least=swap_least,
        minimum_detectable=float(stdtrit(freedom, 0.975) + stdtrit(freedom, 0.8)) * error,
    )


def swap_test(formula: Formula, ours: NDArray[Any], theirs: NDArray[Any], *, seed: int = 0) -> tuple[float, float]:
    """Returns the p of exchanging whole articles between two systems, and the smallest p it can have.

    Two-sided: the share of exchanges whose |Δ| is at least the one observed. Articles in which both have the same
    counts change nothing and are left out.

    Args:
        formula: The score.
        ours: Counts, shape (articles, measures, 3).
        theirs: Likewise.
        seed: Of the exchanges that are drawn.
    """
    import numpy as np

    differ = (ours != theirs).any((1, 2))
    first, second = ours.sum(0).astype(float), theirs.sum(0).astype(float)
    change = (theirs - ours)[differ].reshape(int(differ.sum()), first.size).astype(float)
    if not len(change):
        return 1.0, 1.0
    observed = abs(float(formula.over(second) - formula.over(first))) - _TIE
    hits = tried = 0
    for swapped in _exchanges(len(change), seed):
        moved = (swapped @ change).reshape(-1, *first.shape)
        hits += int((np.abs(formula.over(second - moved) - formula.over(first + moved)) >= observed).sum())
        tried += len(swapped)
    if len(change) <= EXACT:
        return hits / tried, 2.0 / 2.0 ** len(change)
    return (1 + hits) / (1 + tried), 1.0 / (1 + tried)


def _exchanges(articles: int, seed: int) -> Iterator[NDArray[Any]]:
    """Yields which articles are exchanged, 1 or 0, in chunks of shape (exchanges, articles)."""
    import numpy as np

    if articles <= EXACT:
        every = np.arange(2**articles, dtype=np.int64)
        for start in range(0, len(every), _CHUNK):
            yield ((every[start : start + _CHUNK, None] >> np.arange(articles)) & 1).astype(float)
        return
    chance = np.random.Generator(np.random.PCG64(seed))
    for start in range(0, SWAPS, _CHUNK):
        size = min(_CHUNK, SWAPS - start)
        yield chance.integers(0, 2, (size, articles), dtype=np.int8).astype(float)
