"""Answer text → offsets in the source. Used by every format that copies.

    answer  "Sure! (A) Wextern blot of p53"        source  "(A) Western  blot of p53."
    alignment.span(6, 29, answer) == (0, 24)       "Wextern" is "Western", two spaces are one, "Sure!" is nowhere

Two levels. Words first (`words`; of the text as it is read, `readable`, and folded, so that quotes, dashes, HTML
entities, compatibility characters and case make no difference), then, inside what differs, characters. Words anchor: a
dropped sentence cannot be smeared over letters that happen to recur. Only words of two and more characters are evidence
that something is a copy: every legend has "(A)", "." and "n = 3".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from fewshot.text.alignment.folding import fold
from fewshot.text.alignment.readable import Readable, readable

__all__ = ["Alignment", "align", "fold"]

_IDEOGRAPH = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Han and kana: written without spaces, so that each character is compared as a word."""

_WORD = re.compile(rf"[{_IDEOGRAPH}]|[^\W_{_IDEOGRAPH}]+|[^\s]")
_CONTENT = re.compile(rf"[{_IDEOGRAPH}]|(?=.*[^\W\d_])[^\W_]{{2,}}")
"""A word that is evidence: it has a letter, and is not a single one (an ideograph is)."""

_RUN, _RELATED, _SHORT = 3, 0.18, 8
"""An answer is a copy if this share of the content words (of the shorter text) stands in runs of three and more words
that are the source's, or like them. Of real legends of different articles at most 0.115 do ("independent
experiments."), though half of the words of such a pair are common to both, in order; with 15 letters in 100 changed at
least 0.25. With fewer than `_SHORT` such words there are no runs to count: half of them, and half of all words, must be
there; of a short answer to a long source in one run."""

Edge = tuple[int, int]

V = TypeVar("V", int, bool)

_folded = lru_cache(maxsize=1 << 16)(fold)
"""Of words: an answer repeats those of its source."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which source characters each answer character is a copy of: from `places[i]` (-1: of none) to `ends[i]`.

    `equal`: where it stands in a word that is the source's, or is the same character. `content`: where it stands in a
    word that is evidence. `reached[i]`: how far into the source `answer[:i]` goes; `next_place[i]`: where in it
    `answer[i:]` begins. `added` and `dropped` count runs of words; `cut`: source characters behind the last one that
    was copied.
    """

    places: Sequence[int]
    ends: Sequence[int]
    equal: Sequence[bool]
    content: Sequence[bool]
    reached: Sequence[int]
    next_place: Sequence[int]
    fidelity: float
    added: int
    dropped: int
    cut: int

    def span(self, start: int, end: int, answer: str, *, passage: bool = True) -> tuple[int, int] | None:
        """The source extent of `answer[start:end]`; `None` if less than half of it stands in the source: of the
        characters of its content words if it is a passage that has some ("(B) Soup." is not "(B) Blot."), else of all
        its characters (a name: "Tff-1" is "THP-1")."""
        solid = [i for i in range(start, end) if not answer[i].isspace()]
        mapped = [i for i in solid if self.places[i] >= 0]
        evidence = ([i for i in solid if self.content[i]] if passage else None) or solid
        if not mapped or sum(self.equal[i] for i in evidence) * 2 < len(evidence):
            return None
        return self.places[mapped[0]], self.ends[mapped[-1]]

    def around(self, start: int, end: int) -> tuple[int, int]:
        """How far into the source the answer before `start` reaches, and where the answer from `end` on begins."""
        return self.reached[start], self.next_place[end]


def align(answer: str, source: str) -> Alignment:
    """Aligns an answer with the source it is a copy of, more or less."""
    from fewshot.text.alignment.words import blocks, match, respaced

    read, meant = readable(answer), readable(source)
    ours, theirs = _words(meant.text), _words(read.text)
    left = [_folded(meant.text[a:b]) for a, b in ours]
    right = [_folded(read.text[a:b]) for a, b in theirs]
    found = match(left, right)
    draft = _Draft(read.text, meant.text)
    if not _related(left, right, found):
        return draft.alignment(read, meant, len(answer), len(source), int(bool(theirs)), int(bool(ours)))
    for edges, place, word in zip(theirs, found, right, strict=True):
        draft.weigh(edges, word)
        if place >= 0 and left[place] == word:
            draft.copy(edges, ours[place])
        elif place >= 0:
            draft.change(edges, ours[place])
    added = dropped = 0
    for s0, s1, a0, a1 in blocks(found, len(ours)):
        if s0 < s1 and a0 < a1:
            draft.reword((theirs[a0][0], theirs[a1 - 1][1]), (ours[s0][0], ours[s1 - 1][1]))
        if not respaced(left[s0:s1], right[a0:a1]):
            added += a1 - a0 > s1 - s0
            dropped += s1 - s0 > a1 - a0 and s1 < len(ours)
    return draft.alignment(read, meant, len(answer), len(source), added, dropped)


def _related(ours: Sequence[str], theirs: Sequence[str], found: Sequence[int]) -> bool:
    """Whether an answer (`theirs`) is a copy of the source at all, or about something else."""
    if any(map(_is_content, ours)):
        content = [_is_content(word) for word in theirs]
        size = sum(map(_is_content, ours))
    else:  # a source of single letters and signs: each of them is evidence
        content, size = [True] * len(theirs), len(ours)
    runs = list(_runs(ours, theirs, found))
    evidence = [sum(content[run.start : run.stop]) for run in runs]
    said = sum(content)
    if min(size, said) >= _SHORT:
        in_runs = sum(words for run, words in zip(runs, evidence, strict=True) if len(run) >= _RUN)
        return in_runs >= _RELATED * min(size, said)
    return _is_half(evidence, said, size) and _is_half([len(run) for run in runs], len(theirs), len(ours))


def _is_half(copied: Sequence[int], said: int, size: int) -> bool:
    """Whether half of the shorter side was copied; of an answer that is short beside the source, in one run."""
    most = max(copied, default=0) if said * 2 < size else sum(copied)
    return 0 < min(size, said) <= 2 * most


def _runs(ours: Sequence[str], theirs: Sequence[str], found: Sequence[int]) -> Iterator[range]:
    """Stretches of answer words that are, one after the other, the source's words or like them."""
    from fewshot.text.alignment.words import alike

    start = 0
    for at in range(len(theirs) + 1):
        copied = at < len(theirs) and found[at] >= 0 and alike(ours[found[at]], theirs[at])
        if copied and at > start and found[at] == found[at - 1] + 1:
            continue
        if at > start:
            yield range(start, at)
        start = at if copied else at + 1


@lru_cache(maxsize=1 << 16)
def _is_content(word: str) -> bool:
    return _CONTENT.fullmatch(word) is not None


@dataclass(slots=True)
class _Draft:
    """An alignment in the making, in characters as they are read."""

    answer: str
    source: str
    places: list[int] = field(init=False)
    equal: list[bool] = field(init=False)
    content: list[bool] = field(init=False)
    matched: int = 0
    last: int = 0

    def __post_init__(self) -> None:
        self.places = [-1] * len(self.answer)
        self.equal = [False] * len(self.answer)
        self.content = [False] * len(self.answer)

    def weigh(self, theirs: Edge, word: str) -> None:
        """Marks a word that is evidence."""
        if _is_content(word):
            left, right = theirs
            self.content[left:right] = [True] * (right - left)

    def copy(self, theirs: Edge, ours: Edge) -> None:
        """A word, character by character (a folded letter may be longer than its copy)."""
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

    def change(self, theirs: Edge, ours: Edge) -> None:
        """A word in which letters changed: its edges are those of the source's word, whatever the letters are."""
        self._letters(theirs, ours, least=0)
        self.places[theirs[0]], self.places[theirs[1] - 1] = ours[0], ours[1] - 1
        self.last = max(self.last, ours[1])

    def reword(self, theirs: Edge, ours: Edge) -> None:
        """Other words: character by character, where the two stretches resemble each other as wholes. A short one
        resembles any long one in single letters."""
        reached = self._letters(theirs, ours, least=max(theirs[1] - theirs[0], ours[1] - ours[0]))
        self.last = max(self.last, reached)

    def _letters(self, theirs: Edge, ours: Edge, *, least: int) -> int:
        """Places what is the same, if at least half of `least` characters are; how far into the source that is."""
        from rapidfuzz.distance import Levenshtein

        (a0, a1), (s0, s1) = theirs, ours
        if 2 * min(a1 - a0, s1 - s0) < least:
            return 0
        left, right = self.source[s0:s1].lower(), self.answer[a0:a1].lower()
        if len(left) != s1 - s0 or len(right) != a1 - a0:  # a character whose lower case is longer
            left, right = self.source[s0:s1], self.answer[a0:a1]
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

    def alignment(
        self, read: Readable, meant: Readable, answer_size: int, source_size: int, added: int, dropped: int
    ) -> Alignment:
        """The result, in characters as they are written."""
        places = [meant.starts[place] if place >= 0 else -1 for place in self.places]
        ends = [meant.ends[place] if place >= 0 else -1 for place in self.places]
        equal, content = self.equal, self.content
        if not isinstance(read.starts, range):  # the answer is not written as it is read
            places, ends = _first(places, read, answer_size, -1), _last(ends, read, answer_size, -1)
            equal, content = _last(equal, read, answer_size, False), _last(content, read, answer_size, False)
        reached, next_place = [0] * (answer_size + 1), [source_size] * (answer_size + 1)
        for at in range(answer_size):
            reached[at + 1] = ends[at] if places[at] >= 0 else reached[at]
        for at in range(answer_size - 1, -1, -1):
            next_place[at] = places[at] if places[at] >= 0 else next_place[at + 1]
        total = sum(not character.isspace() for character in self.source)
        return Alignment(
            places=places,
            ends=ends,
            equal=equal,
            content=content,
            reached=reached,
            next_place=next_place,
            fidelity=self.matched / total if total else 1.0,
            added=added,
            dropped=dropped,
            cut=len(self.source[self.last :].strip()),
        )


def _first(values: Sequence[V], read: Readable, size: int, nothing: V) -> list[V]:
    """By character as written: the value of the first character that is read there."""
    return _last(values[::-1], Readable("", read.starts[::-1], read.ends[::-1]), size, nothing)


def _last(values: Sequence[V], read: Readable, size: int, nothing: V) -> list[V]:
    """By character as written: the value of the last character that is read there."""
    spread = [nothing] * size
    for value, start, end in zip(values, read.starts, read.ends, strict=True):
        if value != nothing:
            spread[start:end] = [value] * (end - start)
    return spread


def _words(text: str) -> list[Edge]:
    return [found.span() for found in _WORD.finditer(text)]
