"""The first N of one seeded order of the pool: every query is shown the same examples where it may be.

A server's prompt cache stays warm; what is shown does not depend on the query (but for its own article).
"""

from __future__ import annotations

from collections.abc import Sequence

from fewshot.demonstrations import Ground, Ranking, Selector
from fewshot.demonstrations._order import shuffled
from fewshot.records import Example


class Fixed(Selector):
    """One order for all queries: a permutation that depends on the seed and the size of the pool alone."""

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """The one order."""
        order = shuffled("fixed", len(pool), ground.seed)
        return lambda query: iter(order)


SELECTOR = Fixed()
