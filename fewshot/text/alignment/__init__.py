"""Answer text → offsets in the source. Used by every format that copies.

    answer  "Sure! (A) Wextern blot of p53"        source  "(A) Western  blot of p53."
    alignment.span(6, 29) == (0, 24)               "Wextern" is "Western", two spaces are one, "Sure!" is nowhere

Two levels. Words first (`words`; folded, so that quotes, dashes, compatibility characters and case make no
difference), then, inside what differs, characters. Words anchor: a dropped sentence cannot be smeared over letters
that happen to recur.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from fewshot.text.alignment.folding import SIGNS, fold

__all__ = ["Alignment", "align", "fold"]

_WORD = re.compile(r"[^\W_]+|[^\s]")
_RUN, _RELATED, _SHORT = 3, 0.18, 12
"""An answer is a copy where this share of the words (of the shorter text) stands in runs of three and more that are
the source's. Of real legends of different articles at most 0.15 do ("n = 3 independent experiments."), though half of
the words of such a pair are common to both, in order; with 15 letters in 100 changed at least 0.19. A source of a few
words has no runs to count: half of them must be there; of a short answer to a long source half must be one run."""

Edge = tuple[int, int]

_folded = lru_cache(maxsize=1 << 16)(fold)
"""Of words: an answer repeats those of its source."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which source character each answer character is a copy of (-1: of none).

    `equal`: where it stands in a word that is the source's, or is the same character. `added` and `dropped` count
    runs of words; `cut`: source characters behind the last one that was copied; `size`: of the source.
    """

    places: Sequence[int]
    equal: Sequence[bool]
    size: int
    fidelity: float
    added: int
    dropped: int
    cut: int

    def span(self, start: int, end: int, answer: str) -> tuple[int, int] | None:
        """The source extent of `answer[start:end]`; `None` where too little of it stands in the source."""
        solid = [i for i in range(start, end) if not answer[i].isspace()]
        mapped = [i for i in solid if self.places[i] >= 0]
        if not mapped or sum(self.equal[i] for i in mapped) * 2 < len(solid):
            return None
        return self.places[mapped[0]], self.places[mapped[-1]] + 1

    def around(self, start: int, end: int) -> tuple[int, int]:
        """How far into the source the answer before `start` reaches, and where the answer from `end` on begins."""
        before = next((place + 1 for place in reversed(self.places[:start]) if place >= 0), 0)
        after = next((place for place in self.places[end:] if place >= 0), self.size)
        return before, after


def align(answer: str, source: str) -> Alignment:
    """Aligns an answer with the source it is a copy of, more or less."""
    from fewshot.text.alignment.words import blocks, match, respaced

    ours, theirs = _words(source), _words(answer)
    left, right = [_folded(source[a:b]) for a, b in ours], [_folded(answer[a:b]) for a, b in theirs]
    found = match(left, right)
    same = [place >= 0 and left[place] == word for place, word in zip(found, right, strict=True)]
    made = _Made([-1] * len(answer), [False] * len(answer))
    if not _related(same, found, len(ours)):
        return Alignment(made.places, made.equal, len(source), 0.0, int(bool(theirs)), int(bool(ours)), len(source))
    for edges, place, copied in zip(theirs, found, same, strict=True):
        if copied:
            made.copy(edges, ours[place])
        elif place >= 0:
            made.change(answer, source, edges, ours[place])
    added = dropped = 0
    for s0, s1, a0, a1 in blocks(found, len(ours)):
        if s0 < s1 and a0 < a1:
            made.reword(answer, source, (theirs[a0][0], theirs[a1 - 1][1]), (ours[s0][0], ours[s1 - 1][1]))
        if not respaced(left[s0:s1], right[a0:a1]):
            added += a1 - a0 > s1 - s0
            dropped += s1 - s0 > a1 - a0 and s1 < len(ours)
    total = sum(end - start for start, end in ours)
    cut = len(source[made.last :].strip())
    fidelity = made.matched / total if total else 1.0
    return Alignment(made.places, made.equal, len(source), fidelity, added, dropped, cut)


def _related(same: Sequence[bool], found: Sequence[int], size: int) -> bool:
    """Whether an answer is a copy at all, or about something else. `size`: words of the source."""
    longest = runs = run = 0
    for at, copied in enumerate(same):
        run = 0 if not copied else run + 1 if at and found[at] == found[at - 1] + 1 else 1
        runs += run if run == _RUN else run > _RUN
        longest = max(longest, run)
    shorter = min(size, len(same))
    if shorter >= _SHORT:
        return runs >= _RELATED * shorter
    return 2 * (longest if len(same) * 2 < size else sum(same)) >= shorter


@dataclass(slots=True)
class _Made:
    """An alignment in the making."""

    places: list[int]
    equal: list[bool]
    matched: int = 0
    last: int = 0

    def copy(self, theirs: Edge, ours: Edge) -> None:
        """A word, character by character (a folded ligature may be longer than its copy)."""
        (left, right), (start, end) = theirs, ours
        if right - left == end - start:
            self.places[left:right] = range(start, end)
        else:
            for i in range(left, right):
                self.places[i] = min(start + i - left, end - 1)
            self.places[right - 1] = end - 1
        self.equal[left:right] = [True] * (right - left)
        self.matched += end - start
        self.last = max(self.last, end)

    def change(self, answer: str, source: str, theirs: Edge, ours: Edge) -> None:
        """A word in which letters changed: its edges are those of the source's word, whatever the letters are."""
        self._letters(answer, source, theirs, ours, least=0)
        self.places[theirs[0]], self.places[theirs[1] - 1] = ours[0], ours[1] - 1
        self.last = max(self.last, ours[1])

    def reword(self, answer: str, source: str, theirs: Edge, ours: Edge) -> None:
        """Other words: character by character, where they resemble each other."""
        reached = self._letters(answer, source, theirs, ours, least=min(theirs[1] - theirs[0], ours[1] - ours[0]))
        self.last = max(self.last, reached)

    def _letters(self, answer: str, source: str, theirs: Edge, ours: Edge, *, least: int) -> int:
        """Places what is the same, if at least half of `least` characters are; how far into the source that is."""
        from rapidfuzz.distance import Levenshtein

        (a0, a1), (s0, s1) = theirs, ours
        left, right = source[s0:s1].translate(SIGNS).lower(), answer[a0:a1].translate(SIGNS).lower()
        if len(left) != s1 - s0 or len(right) != a1 - a0:  # a character whose lower case is longer
            left, right = source[s0:s1], answer[a0:a1]
        codes = Levenshtein.opcodes(left, right)
        same = sum(code.src_end - code.src_start for code in codes if code.tag == "equal")
        if same * 2 < least:
            return 0
        reached = 0
        for code in codes:
            if code.tag in ("equal", "replace"):
                for step in range(min(code.src_end - code.src_start, code.dest_end - code.dest_start)):
                    self.places[a0 + code.dest_start + step] = s0 + code.src_start + step
                    self.equal[a0 + code.dest_start + step] = code.tag == "equal"
                reached = s0 + code.src_end
        self.matched += same
        return reached


def _words(text: str) -> list[Edge]:
    return [found.span() for found in _WORD.finditer(text)]
