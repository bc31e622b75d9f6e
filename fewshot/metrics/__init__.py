"""Scores from tallies: for each example and measure three counts (hits, predicted, gold); sums; then P, R and F1.

Counts are kept because intervals leave out, and tests exchange, whole articles: the score of what is left is computed
from sums, without comparing spans again. Which score takes which counts, `formulas` says.

>>> total = add([{"strict": (1, 2, 1)}, {"strict": (0, 0, 1)}])
>>> ratios(total["strict"])
(0.5, 0.5, 0.5)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add as plus
from typing import TypeAlias

Counts: TypeAlias = tuple[int, int, int]
"""Hits, predicted, gold."""

Tally: TypeAlias = Mapping[str, Counts]
"""The counts of one example, by measure."""

NO_COUNTS: Counts = (0, 0, 0)


def add(tallies: Iterable[Tally]) -> dict[str, Counts]:
    """Returns the sum of tallies, by measure."""
    total: dict[str, list[int]] = {}
    for tally in tallies:
        for measure, (hits, predicted, gold) in tally.items():
            counts = total.setdefault(measure, [0, 0, 0])
            counts[0] += hits
            counts[1] += predicted
            counts[2] += gold
    return {measure: (c[0], c[1], c[2]) for measure, c in total.items()}


def ratios(counts: Counts) -> tuple[float, float, float]:
    """Returns precision, recall and F1, computed in seqeval's order (equal to it to the last digit); 0/0 is 0.

    >>> ratios((2, 3, 4))
    (0.6666666666666666, 0.5, 0.5714285714285715)
    """
    hits, predicted, gold = counts
    precision = hits / predicted if predicted else 0.0
    recall = hits / gold if gold else 0.0
    denominator = precision + recall
    return precision, recall, 2.0 * precision * recall / denominator if denominator else 0.0


def pairwise_sum(values: Sequence[float]) -> float:
    """Returns the sum in numpy's order, without the 0.1 s that importing numpy takes: eight running sums, added
    pairwise, then the remainder; more than 128 numbers are halved first (`pairwise_sum` in numpy's `loops_utils.h`).
    Means over labels are seqeval's to the last digit only so: from eight numbers on, `sum` adds in another order."""
    count = len(values)
    if count < 8:
        return reduce(plus, values, 0.0)  # `sum` corrects itself from Python 3.12 on
    if count > 128:
        half = count // 2
        half -= half % 8
        return pairwise_sum(values[:half]) + pairwise_sum(values[half:])
    whole = count - count % 8
    r = [reduce(plus, values[first:whole:8]) for first in range(8)]
    total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
    return reduce(plus, values[whole:], total)
