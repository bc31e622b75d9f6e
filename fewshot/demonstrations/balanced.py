"""Examples that together cover as many labels, panel-label styles and "nothing to tag" as N examples can.

Greedy: the next example is the one that adds most features that those before it do not show; when all features are
shown, it starts over. Examples of the query's own article come last and cover nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fewshot.demonstrations import Ground, Ranking, Selector
from fewshot.demonstrations._order import shuffled
from fewshot.records import Example

NOTHING = "nothing to tag"


class Balanced(Selector):
    """Greedy cover, computed per query over the distinct sets of features in the pool (a few hundred at most)."""

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """Groups the pool by the features that each example shows, in a seeded order."""
        members: dict[frozenset[str], list[int]] = {}
        for index in shuffled("balanced", len(pool), ground.seed):
            members.setdefault(features(pool[index], ground), []).append(index)

        def order(query: Example) -> Iterator[int]:
            own: list[int] = []
            rest = {shown: iter(indices) for shown, indices in members.items()}
            covered: set[str] = set()
            while rest:
                best = max(rest, key=lambda shown: len(shown - covered))  # of equals the first: the seeded order
                if not best - covered:
                    covered.clear()
                    continue
                chosen = None
                for index in rest[best]:
                    if pool[index].group != query.group:
                        chosen = index
                        break
                    own.append(index)
                if chosen is None:
                    del rest[best]
                    continue
                covered |= best
                yield chosen
            yield from own

        return order


def features(example: Example, ground: Ground) -> frozenset[str]:
    """Returns what an example demonstrates: its labels, the styles of its panel letters, or "nothing to tag"."""
    task = ground.task
    gold = task.gold(example) if task is not None else None
    if task is None or gold is None:
        return frozenset((NOTHING,))
    value = task.restrict(gold, ground.labels) if ground.labels else gold
    if value == task.empty():
        return frozenset((NOTHING,))
    return task.shows(value, example.text) or frozenset((NOTHING,))


SELECTOR = Balanced()
