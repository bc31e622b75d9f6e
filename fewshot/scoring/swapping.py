"""The swap test: how often would exchanging whole articles between two systems give as large a difference?

If two systems were alike, the answers of one to an article could as well have been the other's. The p is the share of
exchanges whose |ΔF| is at least the one observed: of all of them where at most 16 articles differ (Fisher's exact
test), else of 20,000 that are drawn, (1 + hits)/(1 + 20,000). Articles in which both have the same counts change
nothing. D articles that differ allow no p below 2/2^D: with five, .0625.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fewshot.metrics.formulas import Formula

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT = 16
"""Articles up to which all exchanges are tried: 65,536."""

SWAPS = 20_000
"""Exchanges that are drawn where there are too many to try all."""

_CHUNK = 1 << 12  # exchanges at a time: 4,096 × 1,000 articles are 32 MB
_TIE = 1e-12  # exchanges with the same |Δ| may differ in the last digits


@dataclass(frozen=True, slots=True)
class Swap:
    """`p`; `least`: the smallest that it can be on these articles."""

    p: float
    least: float


def swap_tests(
    formula: Formula, first: NDArray[Any], others: Sequence[NDArray[Any]], *, seed: int = 0
) -> list[Swap | None]:
    """Returns the swap test of each system against the first; `None` where the numbers of seeds are unlike.

    Args:
        formula: The score.
        first: Counts of the baseline, shape (seeds, articles, measures, 3).
        others: Counts of the others.
        seed: Of the exchanges that are drawn.
    """
    return [None if first.shape != other.shape else swap_test(formula, first, other, seed=seed) for other in others]


def swap_test(
    formula: Formula, first: NDArray[Any], second: NDArray[Any], *, seed: int = 0, swaps: int = SWAPS
) -> Swap:
    """Returns the test of two systems: counts of shape (seeds, articles, measures, 3)."""
    import numpy as np

    differ = (first != second).any((0, 2, 3))
    many = int(differ.sum())
    if not many:
        return Swap(1.0, 1.0)
    ours, theirs = first.sum(1).astype(float), second.sum(1).astype(float)
    change = np.moveaxis(second - first, 1, 0)[differ].reshape(many, -1).astype(float)
    observed = abs(float((formula.over(theirs) - formula.over(ours)).mean())) - _TIE
    hits = tried = 0
    for exchanged in _every(many) if many <= EXACT else _drawn(many, seed, swaps):
        moved = (exchanged.astype(float) @ change).reshape(-1, *ours.shape)
        delta = (formula.over(theirs - moved) - formula.over(ours + moved)).mean(-1)
        hits += int((np.abs(delta) >= observed).sum())
        tried += len(exchanged)
    if many <= EXACT:
        return Swap(hits / tried, 2.0 / 2.0**many)
    return Swap((1 + hits) / (1 + tried), 1 / (1 + tried))


def _every(articles: int) -> Iterator[NDArray[np.uint8]]:
    """Yields all exchanges with the last article kept, shape (exchanges, articles): the others mirror them."""
    import numpy as np

    numbers = np.arange(2 ** (articles - 1), dtype=np.int64)
    for start in range(0, len(numbers), _CHUNK):
        yield ((numbers[start : start + _CHUNK, None] >> np.arange(articles)) & 1).astype(np.uint8)


def _drawn(articles: int, seed: int, swaps: int) -> Iterator[NDArray[np.uint8]]:
    bits = _bits(articles, seed, swaps)
    for start in range(0, swaps, _CHUNK):
        yield bits[start : start + _CHUNK]


@lru_cache(maxsize=2)
def _bits(articles: int, seed: int, swaps: int) -> NDArray[np.uint8]:
    """Random exchanges, shape (swaps, articles). Made of the generator's raw bits, whose stream numpy keeps the same
    from version to version; that of its distributions it does not."""
    import numpy as np

    words = np.random.PCG64(seed).random_raw(-(-swaps * articles // 64))
    bits = np.unpackbits(np.asarray(words, dtype="<u8").view(np.uint8))
    return bits[: swaps * articles].reshape(swaps, articles)
