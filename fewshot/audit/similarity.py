"""Texts that say nearly the same: MinHash (Broder 1997) proposes pairs, the share of common word triples decides.

    A text is the set of its word triples. Two texts are near where they share seven tenths of all their triples: in 200
    words some ten words may differ.

datasketch makes 80 numbers of a text, compared in 20 bands of 4: a pair at the threshold is proposed with probability
1 - (1 - 0.7^4)^20 = .996, a pair of likeness .3 with .15.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fewshot.text.alignment.folding import fold

if TYPE_CHECKING:
    from numpy.typing import NDArray

THRESHOLD = 0.7
"""Jaccard likeness of word triples from which two texts are near-duplicates."""

_BANDS, _ROWS = 20, 4
_WORDS = re.compile(r"\w+")
_TRIPLE = 3
_LEAST = 12
"""Words below which a text is too short to be nearly another: one word more or less is all the difference."""
_MOST_PAIRS = 30
"""Earlier texts of one band that a text is compared with; texts from one template propose each other without end."""


def plain(text: str) -> str:
    """A text as copies are compared: folded, its words alone.

    >>> plain("(A)  Blot of  IFN–γ.")
    'a blot of ifn gamma'
    """
    return " ".join(_WORDS.findall(fold(text)))


def near(texts: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Yields the pairs of near-duplicates among plain texts, the later index first, with their likeness. Equal texts
    are no near-duplicates."""
    from datasketch import MinHash

    long = [number for number, text in enumerate(texts) if text.count(" ") >= _LEAST - 1]
    triples = (_triples(texts[number]) for number in long)
    encoded = ([triple.encode("utf-8", "surrogatepass") for triple in one] for one in triples)
    sketches = MinHash.generator(encoded, num_perm=_BANDS * _ROWS, hashfunc=zlib.crc32)
    for later, earlier in sorted(_proposed([sketch.hashvalues for sketch in sketches])):
        one, other = texts[long[later]], texts[long[earlier]]
        share = likeness(_triples(one), _triples(other)) if one != other else 0.0
        if share >= THRESHOLD:
            yield long[later], long[earlier], share


def _proposed(sketches: Sequence[NDArray[Any]]) -> set[tuple[int, int]]:
    """The pairs of sketches that agree in all numbers of some band, the later index first. Sorting a band at a time
    needs no index in memory."""
    import numpy as np

    pairs: set[tuple[int, int]] = set()
    if not sketches:
        return pairs
    signatures = np.ascontiguousarray(np.stack(sketches).astype(np.uint32))
    for band in range(_BANDS):
        rows = np.ascontiguousarray(signatures[:, band * _ROWS : (band + 1) * _ROWS])
        keys = rows.view(np.dtype((np.void, rows.itemsize * _ROWS))).ravel()
        order = np.argsort(keys, kind="stable")
        ends = np.flatnonzero(keys[order][1:] != keys[order][:-1]) + 1
        for alike in np.split(order, ends):
            members = alike.tolist()
            for at in range(1, len(members)):
                pairs.update((members[at], earlier) for earlier in members[max(0, at - _MOST_PAIRS) : at])
    return pairs


def _triples(text: str) -> set[str]:
    words = text.split()
    return {" ".join(words[at : at + _TRIPLE]) for at in range(len(words) - _TRIPLE + 1)}


def likeness(triples: set[str], others: set[str]) -> float:
    """Jaccard's share of what two sets have in common.

    >>> likeness({"a", "b", "c"}, {"b", "c", "d"})
    0.5
    """
    both = len(triples & others)
    every = len(triples) + len(others) - both
    return both / every if every else 0.0
