"""The first N of one order in which each example is far from those before it; prompt caches stay warm.

Farthest-first traversal (Gonzalez 1985): after a seeded first one, always the example whose greatest similarity to
those chosen is smallest, by words or by the vectors of `--embedder`. A query takes the first N outside its article.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fewshot.demonstrations import Ground, Ranking, Selector
from fewshot.demonstrations._order import shuffled
from fewshot.demonstrations._similarity import similarity
from fewshot.records import Example


class Diverse(Selector):
    """One order for all queries, computed only as far as it is consumed."""

    embeds = True
    shared = True

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """Indexes the pool; each further element of the order costs one comparison with the whole pool."""
        order = shuffled("diverse", len(pool), ground.seed)
        texts = [pool[index].text for index in order]
        similarities = similarity(texts, ground)
        chosen: list[int] = []  # positions in `order`
        nearest = np.full(len(pool), -np.inf, dtype=np.float32)  # similarity to the most similar one chosen

        def choose_next() -> None:
            position = int(nearest.argmin())  # of equals the first: the seeded order decides
            np.maximum(nearest, similarities.cosines(texts[position]), out=nearest)
            nearest[position] = np.inf  # never chosen again
            chosen.append(position)

        def ranked(query: Example) -> Iterator[int]:
            for rank in range(len(pool)):
                if rank == len(chosen):
                    choose_next()
                yield order[chosen[rank]]

        return ranked


SELECTOR = Diverse()
