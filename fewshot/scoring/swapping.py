"""The swap test: how often would exchanging whole articles between two systems give as large a difference?

If two systems were alike, the answers of one to an article could as well have been the other's. The p is the share of
exchanges whose |ΔF| is at least the one observed: of all of them where at most 16 articles differ (Fisher's exact
test), else of 20,000 that are drawn, (1 + hits)/(1 + 20,000). Articles in which both have the same counts change
nothing. D articles that differ allow no p below 2/2^D: with five, .0625.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fewshot.metrics.formulas import Formula

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT = 16
"""Articles up to which all exchanges are tried: 65,536."""

SWAPS = 20_000
"""Exchanges that are drawn where there are too many to try all."""

_NUMBERS = 1 << 18  # in an array of exchanges: 2 MB, which a cache holds
_ROWS = 128  # exchanges that are worth a call of numpy: 61 MB for 60,000 texts without articles
_TIE = 1e-12  # exchanges with the same |Δ| may differ in the last digits


@dataclass(frozen=True, slots=True)
class Swap:
    """`p`; `least`: the smallest that it can be on these articles."""

    p: float
    least: float


def swap_tests(
    formula: Formula, first: NDArray[Any], others: Sequence[NDArray[Any]], *, seed: int = 0, swaps: int = SWAPS
) -> list[Swap | None]:
    """Returns the swap test of each system against the first; `None` where the numbers of seeds are unlike.

    The result for a system does not depend on which others are tested with it.

    Args:
        formula: The score.
        first: Counts of the baseline, shape (seeds, articles, measures, 3).
        others: Counts of the others.
        seed: Of the exchanges that are drawn.
        swaps: How many are drawn.
    """
    tests: list[Swap | None] = [None] * len(others)
    many = []
    for at, other in enumerate(others):
        if other.shape == first.shape:
            differ = (first != other).any((0, 2, 3))
            number = int(differ.sum())
            if number <= EXACT:
                tests[at] = _exact(formula, first, other, differ)
            else:
                many.append(at)
    if many:
        hits = _drawn(formula, first, [others[at] for at in many], seed, swaps)
        for at, hit in zip(many, hits, strict=True):
            tests[at] = Swap((1 + int(hit)) / (1 + swaps), 1 / (1 + swaps))
    return tests


def _exact(formula: Formula, first: NDArray[Any], second: NDArray[Any], differ: NDArray[np.bool_]) -> Swap:
    """Tries all exchanges of the articles that differ; the last one is kept, since the others mirror these."""
    import numpy as np

    number = int(differ.sum())
    if not number:
        return Swap(1.0, 1.0)
    change = _change(first, [second])[differ]
    numbers, rows = np.arange(2 ** (number - 1), dtype=np.int64), max(_ROWS, _NUMBERS // max(change.shape))
    hits = 0
    for start in range(0, len(numbers), rows):
        exchanged = (numbers[start : start + rows, None] >> np.arange(number)) & 1
        hits += int(_as_large(formula, first, [second], exchanged.astype(float) @ change).sum())
    return Swap(hits / len(numbers), 2.0 / 2.0**number)


def _drawn(
    formula: Formula, first: NDArray[Any], others: Sequence[NDArray[Any]], seed: int, swaps: int
) -> NDArray[np.int64]:
    """Returns how many exchanges that are drawn give as large a difference, for each of the others.

    The exchanges are made of the generator's raw bits, a row of whole words each: numpy keeps that stream the same from
    version to version (that of its distributions it does not), and the bound on memory does not change it.
    """
    import numpy as np

    change = _change(first, others)
    articles = len(change)
    words, rows = -(-articles // 64), max(_ROWS, _NUMBERS // max(change.shape))
    generator = np.random.PCG64(seed)
    hits = np.zeros(len(others), dtype=np.int64)
    for start in range(0, swaps, rows):
        size = min(rows, swaps - start)
        raw = np.asarray(generator.random_raw(size * words), dtype="<u8").view(np.uint8)
        exchanged = np.unpackbits(raw, bitorder="little").reshape(size, -1)[:, :articles]
        hits += _as_large(formula, first, others, exchanged.astype(float) @ change).sum(0)
    return hits


def _change(first: NDArray[Any], others: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Returns what exchanging each article takes from the others and gives to the first, shape (articles, numbers)."""
    import numpy as np

    change = np.stack([np.moveaxis(other - first, 1, 0) for other in others], axis=1)
    return change.reshape(len(change), -1).astype(float)


def _as_large(
    formula: Formula, first: NDArray[Any], others: Sequence[NDArray[Any]], moved: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Returns whether each exchange gives at least the difference that was observed, shape (exchanges, others)."""
    import numpy as np

    ours = first.sum(1).astype(float)
    theirs = np.stack([other.sum(1) for other in others]).astype(float)
    observed = np.abs((formula.over(theirs) - formula.over(ours)).mean(-1))
    moved = moved.reshape(-1, *theirs.shape)
    delta = np.abs((formula.over(theirs - moved) - formula.over(ours + moved)).mean(-1))
    large: NDArray[np.bool_] = delta >= observed - _TIE
    return large
