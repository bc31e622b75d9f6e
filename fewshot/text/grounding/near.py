"""What stands in a text and differs from a name in a few letters: "cocaine" where an answer has "cociane".

At most one edit in six characters, in names of five and more, and only between the edges of words. Numbers, Greek
letters and letters that stand alone are never edited: "SNAP23" is not "SNAP25", "α-tubulin" is not "β-tubulin", "T
cells" are neither "B cells" nor "cells".

A name with k edits is cut into k + 1 pieces: one of them stands in the text as it is (Navarro 2001, A guided tour to
approximate string matching, section 8.1), so that only the surroundings of its places are compared.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property

from rapidfuzz.distance import OSA

from fewshot.text.alignment.folding import (
    GREEK,
    compact,
    fold,
    greek_compact,
    greek_fold,
    greek_solid,
    solid,
)
from fewshot.text.grounding.budget import Budget
from fewshot.text.grounding.edges import TOKENS

LETTERS_PER_EDIT = 6
LEAST = 5
"""Characters of the shortest name that may be near something, spaces left out: "IFN-γ"."""

_MOST_EDITS = 8
"""Of a name of 48 letters and more: what differs more is another one."""

_MOST_PLACES = 1_000
"""Places of one piece that are looked at."""

_LONGEST = 200
"""Characters of a name; what is longer is a passage, which is aligned."""

_SIGN = re.compile(r"[0-9]+|(?<![a-zα-ω])[a-zα-ω](?![a-zα-ω])")
_ALONE = re.compile(r"(?<!\S)[A-Za-z](?!\S)")
_GREEK_NAME = re.compile(rf"(?<![a-z])(?:{'|'.join(sorted(GREEK.values()))})(?![a-z])")
"""What names a thing by itself: numbers, single letters, the names of Greek ones."""

Found = tuple[int, int, int]
"""Start, end, edits."""


class Words:
    """The edges of a text's words, in its compact form; with Greek letters as they are if `greek`, else as names."""

    def __init__(self, text: str, budget: Budget, *, greek: bool = False) -> None:
        self._text, self._greek = text, greek
        self._folded = greek_compact(text) if greek else compact(text)
        self._budget = budget

    def like(self, name: str) -> list[Found]:
        """Where the words stand that are most like a name; `[]` where none is near enough."""
        wanted = greek_solid(name) if self._greek else solid(name)
        folded = self._fold(name)
        length = len("".join(folded.split()))
        edits = min(length // LETTERS_PER_EDIT or int(length >= LEAST), _MOST_EDITS)
        if not edits or not 2 * edits <= len(wanted) <= _LONGEST:
            return []
        best = edits
        nearest: dict[int, tuple[int, int, Found]] = {}
        for start, end in self._windows(wanted, edits):
            there = self._folded.text[start:end]
            distance = OSA.distance(wanted, there, score_cutoff=best)
            extent = self._folded.extent(start, end) if distance <= best else None
            if extent is None:
                continue
            surface = self._text[slice(*extent)]
            if not (_agree(folded, self._fold(surface)) and _alone_agree(name, surface)):
                continue
            best = min(best, distance)
            rank = distance, abs(end - start - len(wanted)), (*extent, distance)
            nearest[start] = min(nearest.get(start, rank), rank)
        return [found for _, (distance, _, found) in sorted(nearest.items()) if distance == best]

    def _fold(self, text: str) -> str:
        return greek_fold(text) if self._greek else fold(text)

    def _windows(self, wanted: str, edits: int) -> Iterator[tuple[int, int]]:
        """Stretches of whole words that may be the name, each once."""
        seen: set[tuple[int, int]] = set()
        size, (begins, ends) = len(wanted), self._edges
        for left, right in _pieces(size, edits):
            for at in self._budget.finds(self._folded.text, wanted[left:right], _MOST_PLACES):
                begin = at - left
                for start in _within(begins, begin - edits, begin + edits):
                    for end in _within(ends, start + size - edits, start + size + edits):
                        if (start, end) not in seen:
                            seen.add((start, end))
                            yield start, end

    @cached_property
    def _edges(self) -> tuple[list[int], list[int]]:
        """Where words begin, and where they end, in the compact text."""
        places = self._folded.starts
        begins, ends = [], []
        for token in TOKENS.finditer(self._text):
            at = bisect_left(places, token.start())
            if at < len(places) and places[at] < token.end():
                begins.append(at)
                ends.append(bisect_left(places, token.end(), at))
        return begins, ends


def _pieces(size: int, edits: int) -> Iterator[tuple[int, int]]:
    """A name cut into one more piece than it may have edits (a swap of two letters may touch two pieces)."""
    count = edits + 1
    for i in range(count):
        yield size * i // count, size * (i + 1) // count


def _within(places: list[int], least: int, most: int) -> list[int]:
    return places[bisect_left(places, least) : bisect_right(places, most)]


def _agree(one: str, other: str) -> bool:
    """Whether two folded names bear the same signs; a single Latin letter with others around it may be a slip.

    >>> _agree("tenascin-c", "tenascin-x"), _agree("snap 25", "snap 23"), _agree("α-tubulin", "β-tubulin")
    (True, False, False)
    """
    signs, others = _SIGN.findall(one), _SIGN.findall(other)
    if len(signs) != len(others) or not all(map(_may_be, signs, others)):
        return False
    greek, named = _GREEK_NAME.findall(one), _GREEK_NAME.findall(other)
    return len(greek) != len(named) or greek == named


def _may_be(one: str, other: str) -> bool:
    return one == other or (one.isalpha() and other.isalpha() and (one.isascii() or other.isascii()))


def _alone_agree(one: str, other: str) -> bool:
    """Whether two names have the same letters standing alone: "B" for "T" is another cell, "x" for "T" is a slip.

    >>> _alone_agree("B cells", "T cells"), _alone_agree("x cells", "T cells"), _alone_agree("cells", "T cells")
    (False, True, False)
    """
    letters, others = _ALONE.findall(one), _ALONE.findall(other)
    return len(letters) == len(others) and all(
        a.lower() == b.lower() or a.isupper() != b.isupper() for a, b in zip(letters, others, strict=True)
    )
