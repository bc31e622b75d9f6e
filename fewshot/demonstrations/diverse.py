"""The first N of one order in which each next example is far from those before: prompt caches stay warm.

Farthest-first: after a seeded first one, always the example whose greatest similarity to those chosen is least, by
words or by the vectors of `--embedder`. A query takes the first N outside its article.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fewshot.demonstrations import Ground, Ranking, Selector
from fewshot.demonstrations._order import shuffled
from fewshot.demonstrations._similarity import similarity
from fewshot.records import Example


class Diverse(Selector):
    """One order for all queries, worked out as far as it is drawn from."""

    embeds = True

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """Indexes the pool; each next place of the order costs one comparison with all of it."""
        order = shuffled("diverse", len(pool), ground.seed)
        texts = [pool[index].text for index in order]
        alike = similarity(texts, ground)
        found: list[int] = []
        nearest = np.full(len(pool), -np.inf, dtype=np.float32)  # to any of those found

        def grow() -> None:
            place = int(nearest.argmin())  # the first of equals: the seeded order decides
            np.maximum(nearest, alike.cosines(texts[place]), out=nearest)
            nearest[place] = np.inf
            found.append(place)

        def ranked(query: Example) -> Iterator[int]:
            for number in range(len(pool)):
                if number == len(found):
                    grow()
                yield order[found[number]]

        return ranked


SELECTOR = Diverse()
