"""Similarity of a text to every text of a pool: by shared words (BM25), or by an encoder's vectors.

>>> similarity_to = Lexical(["p53 blot", "actin stain", "p53 stain"])
>>> [round(float(score), 1) for score in similarity_to.scores("Blot of p53.")]
[0.6, 0.0, 0.2]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fewshot.demonstrations import Ground

Scores: TypeAlias = NDArray[np.float32]

_WORD = re.compile(r"[^\W_]+")

_FIRST = 64
"""Indices that `best_first` sorts at first: three demonstrations hardly ever need more. A judgement; it changes the
speed, not the order."""

_DIGITS = 4
"""Scores that agree in so many decimal places are equal: the logarithms of BM25 differ in the last digit from one
machine to another, and the choice of demonstrations must not."""

_SMALLEST_NORM = np.float32(1e-12)
"""Squared norm of a text without words: avoids a division by zero; its scores are 0 whatever they are divided by."""


class Similarity(Protocol):
    """Similarity of any text to the texts of a pool. Both methods return shape (size of the pool,)."""

    def scores(self, text: str) -> Scores:
        """Returns the similarity used by `nearest`; higher is more similar."""
        ...

    def cosines(self, text: str) -> Scores:
        """Returns the length-normalised similarity used by `diverse`; highest between a text and itself."""
        ...


def similarity(texts: Sequence[str], ground: Ground) -> Similarity:
    """Returns the similarity by words, or by the embedder if there is one."""
    if ground.embedder is None:
        return Lexical(texts)
    from fewshot.demonstrations._vectors import Embedded

    return Embedded(texts, ground.embedder, ground.vectors)


class Lexical:
    """BM25 over lower-case words, numbers and single letters included.

    Lucene's variant, whose scores are never negative. k1 = 1.5 (saturation of repeated words) and b = 0.75
    (normalisation by length) are the defaults of bm25s, within the range that Robertson and Zaragoza recommend ("The
    Probabilistic Relevance Framework: BM25 and Beyond", 2009).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s

        known: dict[str, int] = {}
        rows = [[known.setdefault(word, len(known)) for word in words(text)] for text in texts]
        self._known = known
        self._index = None
        if known:
            self._index = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
            self._index.index((rows, known), create_empty_token=False, show_progress=False)
        self._size = len(texts)
        self._norms = self._lengths()

    def scores(self, text: str) -> Scores:
        """Returns BM25 scores; each distinct word of the text counts once."""
        # Sorted, because the order of a sum changes its last digit, and sets have none.
        ids = sorted({self._known[word] for word in words(text) if word in self._known})
        if self._index is None or not ids:
            return np.zeros(self._size, dtype=np.float32)
        scores: Scores = self._index.get_scores_from_ids(ids)
        return scores

    def cosines(self, text: str) -> Scores:
        """Returns the cosines between the text's set of words and the BM25-weighted words of each text."""
        return self.scores(text) / self._norms / np.float32(max(1, len(set(words(text)))) ** 0.5)

    def _lengths(self) -> Scores:
        """Returns the norm of each text's vector of BM25 weights."""
        squares = np.zeros(self._size, dtype=np.float32)
        if self._index is not None:
            np.add.at(squares, self._index.scores["indices"], self._index.scores["data"] ** 2)
        return np.sqrt(np.maximum(squares, _SMALLEST_NORM))


def words(text: str) -> list[str]:
    """Returns the lower-case words and numbers of a text.

    >>> words("(A) p53-null MEFs, n = 3")
    ['a', 'p53', 'null', 'mefs', 'n', '3']
    """
    return _WORD.findall(text.lower())


def best_first(scores: Scores) -> Iterator[int]:
    """Yields indices by falling score, equal scores by rising index; sorts only as much as is consumed."""
    size = len(scores)
    rounded = np.rint(scores.astype(np.float64) * 10**_DIGITS).astype(np.int64)
    keys = -rounded * size + np.arange(size)  # one integer per index, all distinct: (-score, index) in one number
    if size > _FIRST:
        first = np.argpartition(keys, _FIRST)[:_FIRST]
        yield from first[np.argsort(keys[first])].tolist()
    yield from np.argsort(keys)[_FIRST if size > _FIRST else 0 :].tolist()
