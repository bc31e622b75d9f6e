"""The longest examples first."""

from __future__ import annotations

from collections.abc import Sequence

from fewshot.demonstrations import Ground, Ranking, Selector
from fewshot.records import Example


class Longest(Selector):
    """One order for all queries."""

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """By length; of equally long ones the first."""
        order = sorted(range(len(pool)), key=lambda index: -len(pool[index].text))
        return lambda query: iter(order)


SELECTOR = Longest()
