"""The first N of one seeded order of the pool: every query is shown the same examples where it may be.

A server's prompt cache stays warm; what is shown does not depend on the query (but for its own article).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from random import Random

from fewshot.demonstrations import seed_of
from fewshot.records import Example


class Fixed:
    """One order for all queries."""

    def order(self, pool: Sequence[Example], query: Example, seed: int) -> Iterator[int]:
        """A permutation that depends on the seed and the size of the pool alone."""
        return iter(_shuffled(len(pool), seed))


@lru_cache(maxsize=8)
def _shuffled(size: int, seed: int) -> tuple[int, ...]:
    indices = list(range(size))
    Random(seed_of("fixed", seed)).shuffle(indices)
    return tuple(indices)


SELECTOR = Fixed()
