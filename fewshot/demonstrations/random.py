"""N examples at random, drawn anew for each query from `--seed` and the query's id.

A generator that is shared by all queries would make what one query is shown depend on those before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from fewshot.demonstrations import Ground, Ranking, Selector, seed_of
from fewshot.records import Example


class RandomOrder(Selector):
    """An order of its own for each query."""

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """A permutation, drawn lazily (Fisher–Yates over a sparse array): 3 of 50,000 cost three draws."""

        def order(query: Example) -> Iterator[int]:
            draw = Random(seed_of("random", ground.seed, query.id))
            moved: dict[int, int] = {}
            for left in range(len(pool), 0, -1):
                at = draw.randrange(left)
                yield moved.get(at, at)
                moved[at] = moved.get(left - 1, left - 1)

        return order


SELECTOR = RandomOrder()
