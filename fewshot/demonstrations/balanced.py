"""Examples that between them cover as many labels, panel-label styles and "nothing to tag" as N can.

Always the example that adds most of what the ones before do not show; when all is shown, it starts again. What a
query's own article shows does not count for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fewshot.demonstrations import Ground, Ranking, Selector
from fewshot.demonstrations._order import shuffled
from fewshot.records import Example

NOTHING = "nothing to tag"


class Balanced(Selector):
    """Greedy cover, worked out for each query over the kinds of example that there are (a few hundred at most)."""

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """Sorts the pool by what each example shows, in a seeded order."""
        kinds: dict[frozenset[str], list[int]] = {}
        for index in shuffled("balanced", len(pool), ground.seed):
            kinds.setdefault(shows(pool[index], ground), []).append(index)

        def order(query: Example) -> Iterator[int]:
            own: list[int] = []
            rest = {kind: iter(members) for kind, members in kinds.items()}
            seen: set[str] = set()
            while rest:
                kind = max(rest, key=lambda kind: len(kind - seen))  # the first of equals
                if not kind - seen:
                    seen.clear()
                    continue
                following = None
                for index in rest[kind]:
                    if pool[index].group != query.group:
                        following = index
                        break
                    own.append(index)
                if following is None:
                    del rest[kind]
                    continue
                seen |= kind
                yield following
            yield from own

        return order


def shows(example: Example, ground: Ground) -> frozenset[str]:
    """What an example demonstrates: its labels, how its panels are lettered, or that there may be nothing to tag."""
    task = ground.task
    gold = task.gold(example) if task is not None else None
    if task is None or gold is None:
        return frozenset((NOTHING,))
    value = task.restrict(gold, ground.labels) if ground.labels else gold
    if value == task.empty():
        return frozenset((NOTHING,))
    return task.shows(value, example.text) or frozenset((NOTHING,))


SELECTOR = Balanced()
