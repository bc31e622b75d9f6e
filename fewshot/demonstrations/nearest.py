"""The examples most like the query, the most similar last, next to it: what matters most of all (the default).

By words (BM25), or by the vectors of an encoder: `--embedder FOLDER_OR_HUB_NAME`. On GENIA random demonstrations
gave GPT-3 41 F1, nearest neighbours 52–64 (GPT-NER, https://arxiv.org/abs/2304.10428).
"""

from __future__ import annotations

from collections.abc import Sequence

from fewshot.demonstrations import Ground, Ranking, Selector
from fewshot.demonstrations._order import shuffled
from fewshot.demonstrations._similarity import best_first, similarity
from fewshot.records import Example


class Nearest(Selector):
    """By similarity to the query; of equally similar ones a seeded order decides."""

    best_last = True
    embeds = True

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """Indexes the pool once; a query is compared with all of it."""
        texts = [example.text for example in pool]
        order = shuffled("nearest", len(pool), ground.seed)
        alike = similarity([texts[index] for index in order], ground)
        return lambda query: (order[place] for place in best_first(alike.scores(query.text)))


SELECTOR = Nearest()
