"""How alike are a text and every text of the pool? By the words they share (BM25), or by an encoder's vectors.

>>> alike = Lexical(["p53 blot", "actin stain", "p53 stain"])
>>> [round(float(score), 1) for score in alike.scores("Blot of p53.")]
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
_FIRST = 64  # as many as three demonstrations hardly ever need
_DIGITS = 4  # what differs by less is equal: logarithms differ in the last digit from machine to machine


class Similarity(Protocol):
    """Between any text and those of a pool."""

    def scores(self, text: str) -> Scores:
        """What `nearest` goes by: higher is more alike."""
        ...

    def cosines(self, text: str) -> Scores:
        """What `diverse` goes by: of a text with itself as much as with no other, however long they are."""
        ...


def similarity(texts: Sequence[str], ground: Ground) -> Similarity:
    """By words, or by the embedder that was asked for."""
    if ground.embedder is None:
        return Lexical(texts)
    from fewshot.demonstrations._vectors import Embedded

    return Embedded(texts, ground.embedder, ground.vectors)


class Lexical:
    """BM25 (Lucene's: no score is negative) over lower-case words, numbers and single letters included."""

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
        """Each word of the text counts once."""
        ids = sorted({self._known[word] for word in words(text) if word in self._known})
        if self._index is None or not ids:
            return np.zeros(self._size, dtype=np.float32)
        found: Scores = self._index.get_scores_from_ids(ids)
        return found

    def cosines(self, text: str) -> Scores:
        """Between the text's set of words and the weighted words of each."""
        return self.scores(text) / self._norms / np.float32(max(1, len(set(words(text)))) ** 0.5)

    def _lengths(self) -> Scores:
        squares = np.zeros(self._size, dtype=np.float32)
        if self._index is not None:
            np.add.at(squares, self._index.scores["indices"], self._index.scores["data"] ** 2)
        return np.sqrt(np.maximum(squares, np.float32(1e-12)))


def words(text: str) -> list[str]:
    """
    >>> words("(A) p53-null MEFs, n = 3")
    ['a', 'p53', 'null', 'mefs', 'n', '3']
    """
    return _WORD.findall(text.lower())


def best_first(scores: Scores) -> Iterator[int]:
    """Places by falling score, equals in the order of their places; sorts no more than what is drawn."""
    size = len(scores)
    rounded = np.rint(scores.astype(np.float64) * 10**_DIGITS).astype(np.int64)
    keys = -rounded * size + np.arange(size)  # one number each, no two alike
    if size > _FIRST:
        first = np.argpartition(keys, _FIRST)[:_FIRST]
        yield from first[np.argsort(keys[first])].tolist()
    yield from np.argsort(keys)[_FIRST if size > _FIRST else 0 :].tolist()
