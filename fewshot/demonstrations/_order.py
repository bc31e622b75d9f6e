"""The seeded order that several selectors start from."""

from __future__ import annotations

from random import Random

from fewshot.demonstrations import seed_of


def shuffled(selector: str, size: int, seed: int) -> list[int]:
    """Returns a permutation of `range(size)` that depends only on the selector's name, the size and the seed."""
    indices = list(range(size))
    Random(seed_of(selector, seed)).shuffle(indices)
    return indices
