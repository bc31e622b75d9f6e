"""N random examples, drawn for each query from `--seed` and the query's id.

With one generator for all queries, the examples of a query would depend on the queries before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from fewshot.demonstrations import Ground, Ranking, Selector, seed_of
from fewshot.records import Example


class RandomOrder(Selector):
    """A separate random order for each query."""

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """Returns a lazy permutation (Fisher–Yates over a sparse array): 3 of 50,000 cost three draws."""

        def order(query: Example) -> Iterator[int]:
            generator = Random(seed_of("random", ground.seed, query.id))
            moved: dict[int, int] = {}  # what stands at an index, if not the index itself
            for left in range(len(pool), 0, -1):
                drawn = generator.randrange(left)
                yield moved.get(drawn, drawn)
                moved[drawn] = moved.get(left - 1, left - 1)

        return order


SELECTOR = RandomOrder()
