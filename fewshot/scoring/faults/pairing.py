"""Which gold part goes with which predicted part, where the two are not the same.

>>> best_pairs([(0, 4), (6, 9)], [(2, 8)])
[(0, 0)]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fewshot.text.spans import Extent


def overlapping(gold: Sequence[Extent], predicted: Sequence[Extent]) -> Iterator[tuple[int, int, int]]:
    """Yields (shared characters, index of gold, index of predicted) of all pairs that share a character. Both are in
    the order of the text, and the extents of each do not overlap one another."""
    first = 0
    for at, (start, end) in enumerate(gold):
        while first < len(predicted) and predicted[first][1] <= start:
            first += 1
        other = first
        while other < len(predicted) and predicted[other][0] < end:
            yield min(end, predicted[other][1]) - max(start, predicted[other][0]), at, other
            other += 1


def best_pairs(gold: Sequence[Extent], predicted: Sequence[Extent]) -> list[tuple[int, int]]:
    """Returns pairs of indices, each index once: those that share most characters first, then in the order of the
    text."""
    taken: tuple[set[int], set[int]] = set(), set()
    pairs = []
    for _, one, other in sorted(overlapping(gold, predicted), key=lambda found: (-found[0], found[1], found[2])):
        if one not in taken[0] and other not in taken[1]:
            taken[0].add(one)
            taken[1].add(other)
            pairs.append((one, other))
    return sorted(pairs)
