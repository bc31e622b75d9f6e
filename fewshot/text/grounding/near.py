"""What stands in a text and differs from a name in a few letters: "cocaine" where an answer has "cociane".

At most one edit in six characters, in names of five and more, and only between the edges of words. Digits, single
letters and Greek ones are never edited: "SNAP23" is not "SNAP25", "cyclin A" is not "cyclin B".

A name with k edits is cut into k + 1 pieces: one of them stands in the text as it is (Navarro 2001, A guided tour to
approximate string matching, section 8.1), so that only the surroundings of its places are compared.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property

from rapidfuzz.distance import OSA

from fewshot.text.alignment.folding import Compact, fold, solid
from fewshot.text.grounding.edges import starts_inside

LETTERS_PER_EDIT = 6
LEAST = 5
"""Characters of a name, spaces and dashes left out, that is short enough to be compared letter by letter only."""

_MOST_EDITS = 8
"""Of a name of 48 letters and more: what differs more is another one."""

_MOST_PLACES = 2_000
"""Places of one piece that are looked at; and of all names of an answer together, a hundred times as many."""

_FIXED = re.compile(r"[0-9]+|(?<![a-z])(?:[a-z]|alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa)(?![a-z])")
"""What names a thing by itself: numbers, single letters, Greek ones that stand alone."""

Found = tuple[int, int, int]
"""Start, end, edits."""


class Words:
    """The edges of a text's words, in its compact form."""

    def __init__(self, text: str, folded: Compact) -> None:
        self._text, self._folded = text, folded
        self._left = _MOST_PLACES * 100

    def like(self, name: str) -> list[Found]:
        """Where the words stand that are most like a name; `[]` where none is near enough."""
        wanted = solid(name)
        edits = min(len(wanted) // LETTERS_PER_EDIT or int(len(wanted) >= LEAST), _MOST_EDITS)
        if not edits:
            return []
        nearest: dict[int, tuple[int, int]] = {}
        for start, end in self._windows(wanted, edits):
            there = self._folded.text[start:end]
            distance = OSA.distance(wanted, there, score_cutoff=edits)
            if distance <= edits and (start not in nearest or distance < nearest[start][0]):
                nearest[start] = distance, end
        fixed = _FIXED.findall(fold(name))
        least = min((distance for distance, _ in nearest.values()), default=0)
        found = []
        for start, (distance, end) in sorted(nearest.items()):
            extent = self._folded.extent(start, end)
            if distance == least and extent is not None and _FIXED.findall(fold(self._text[slice(*extent)])) == fixed:
                found.append((*extent, distance))
        return found

    def _windows(self, wanted: str, edits: int) -> Iterator[tuple[int, int]]:
        """Stretches of whole words that may be the name, each once."""
        seen: set[tuple[int, int]] = set()
        size = len(wanted)
        for left, right in _pieces(size, edits):
            for at in self._places(wanted[left:right]):
                begin = at - left
                for start in _within(self._starts, begin - edits, begin + edits):
                    for end in _within(self._ends, start + size - edits, start + size + edits):
                        if (start, end) not in seen:
                            seen.add((start, end))
                            yield start, end

    def _places(self, piece: str) -> Iterator[int]:
        text = self._folded.text
        at = text.find(piece)
        count = 0
        while at >= 0 and count < _MOST_PLACES and self._left > 0:
            yield at
            count += 1
            self._left -= 1
            at = text.find(piece, at + 1)

    @cached_property
    def _starts(self) -> list[int]:
        starts = self._folded.starts
        return [i for i, at in enumerate(starts) if not starts_inside(self._text, at) and (not i or starts[i - 1] != at)]

    @cached_property
    def _ends(self) -> list[int]:
        starts, stops = self._folded.starts, self._folded.stops
        size = len(starts)
        return [
            i + 1
            for i, at in enumerate(starts)
            if (i + 1 == size or starts[i + 1] != at) and not starts_inside(self._text, stops.get(at, at + 1))
        ]


def _pieces(size: int, edits: int) -> Iterator[tuple[int, int]]:
    """A name cut into one more piece than it may have edits (a swap of two letters may touch two pieces)."""
    count = edits + 1
    for i in range(count):
        yield size * i // count, size * (i + 1) // count


def _within(places: list[int], least: int, most: int) -> list[int]:
    return places[bisect_left(places, least) : bisect_right(places, most)]

