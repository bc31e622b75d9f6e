"""Answer text → offsets in the source. Used by every format that copies.

    answer  "Sure! (A) Wextern blot of p53"        source  "(A) Western  blot of p53."
    alignment.span(6, 29) == (0, 24)               "Wextern" is "Western", two spaces are one, "Sure!" is nowhere

Two levels. Words first (hashed, so that a paragraph is a few hundred symbols), folded so that quotes, dashes,
compatibility characters and case make no difference; then, inside what differs, characters. Words anchor: a dropped
sentence cannot be smeared over letters that happen to recur.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+|[^\s]", re.UNICODE)
_FOLD = str.maketrans(
    dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("‘’‚′`´", "'") | dict.fromkeys("“”„″", '"') | {"µ": "μ", "∆": "Δ"}
)
_SENTENCE_END = frozenset(".!?")
_RELATED = 0.35
"""Below this share of common words (of the shorter text) an answer has nothing to do with the source."""


def fold(text: str) -> str:
    """A text as it is compared: NFKC, plain quotes and dashes, lower case.

    >>> fold("‘IFN–γ’") == fold("'ifn-γ'")
    True
    """
    text = text.translate(_FOLD)
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).translate(_FOLD).lower()


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which source character each answer character is a copy of (-1: of none).

    `exact`: how many characters of the answer, white space aside, stand in words that are the source's, by position.
    `added` and `dropped` count runs of words; `cut`: source characters behind the last one that was copied.
    """

    places: Sequence[int]
    equal: Sequence[bool]
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


def align(answer: str, source: str) -> Alignment:
    """Aligns an answer with the source it is a copy of, more or less."""
    ours, theirs = _words(source), _words(answer)
    places, equal = [-1] * len(answer), [False] * len(answer)
    blocks = _blocks(answer, source, ours, theirs)
    copied = sum(s1 - s0 for kind, s0, s1, _, _ in blocks if kind == "equal")
    solid = max(1, min(len(ours), len(theirs)))
    if copied < _RELATED * solid:
        return Alignment(places, equal, 0.0, int(bool(theirs)), int(bool(ours)), len(source))
    added = dropped = last = 0
    matched = 0
    for kind, s0, s1, a0, a1 in blocks:
        if kind == "equal":
            for (start, end), (left, right) in zip(ours[s0:s1], theirs[a0:a1], strict=True):
                _pair(places, equal, left, right, start, end)
                matched += end - start
                last = end
        elif s0 == s1:
            added += 1
        elif a0 == a1:
            dropped += s1 < len(ours)
        else:
            count, reached = _letters(answer, source, ours[s0:s1], theirs[a0:a1], places, equal)
            matched += count
            last = max(last, reached)
            added, dropped = added + (a1 - a0 > s1 - s0), dropped + (s1 - s0 > a1 - a0 and s1 < len(ours))
    total = sum(end - start for start, end in ours)
    cut = len(source[last:].strip())
    return Alignment(places, equal, matched / total if total else 1.0, added, dropped, cut)


def _words(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _WORD.finditer(text)]


Block = tuple[str, int, int, int, int]


def _blocks(
    answer: str, source: str, ours: Sequence[tuple[int, int]], theirs: Sequence[tuple[int, int]]
) -> list[Block]:
    """Runs of equal, dropped, added and changed words: (kind, source from, to, answer from, to)."""
    from rapidfuzz.distance import Indel

    left = [fold(source[start:end]) for start, end in ours]
    right = [fold(answer[start:end]) for start, end in theirs]
    blocks: list[Block] = []
    for code in Indel.opcodes(left, right):
        kind = code.tag
        block = (kind, code.src_start, code.src_end, code.dest_start, code.dest_end)
        if blocks and {blocks[-1][0], kind} == {"insert", "delete"}:
            _, s0, s1, a0, a1 = blocks.pop()
            block = ("replace", min(s0, block[1]), max(s1, block[2]), min(a0, block[3]), max(a1, block[4]))
        blocks.append(block)
    return _slide(blocks, left)


def _slide(blocks: list[Block], words: Sequence[str]) -> list[Block]:
    """Moves a gap to where a sentence ends: "x. [y.] z" rather than "x[. y]. z", which is as cheap."""
    for at in range(1, len(blocks) - 1):
        (before, b0, _, ba0, ba1), (kind, s0, s1, a, _), (after, _, n1, _, na1) = blocks[at - 1 : at + 2]
        if (before, kind, after) != ("equal", "delete", "equal") or words[s0 - 1] in _SENTENCE_END:
            continue
        for step in range(1, min(s1 - s0, n1 - s1) + 1):
            if words[s0 + step - 1] != words[s1 + step - 1]:
                break
            if words[s0 + step - 1] in _SENTENCE_END and n1 - s1 > step:
                blocks[at - 1] = (before, b0, s0 + step, ba0, ba1 + step)
                blocks[at] = (kind, s0 + step, s1 + step, a + step, a + step)
                blocks[at + 1] = (after, s1 + step, n1, a + step, na1)
                break
    return blocks


def _pair(places: list[int], equal: list[bool], left: int, right: int, start: int, end: int) -> None:
    """One word and its copy, character by character (a folded ligature may be longer than its copy)."""
    for i in range(left, right):
        places[i] = min(start + i - left, end - 1)
        equal[i] = True
    places[right - 1] = end - 1


def _letters(
    answer: str,
    source: str,
    ours: Sequence[tuple[int, int]],
    theirs: Sequence[tuple[int, int]],
    places: list[int],
    equal: list[bool],
) -> tuple[int, int]:
    """Aligns changed words by their characters, where they resemble each other; how many and how far they reach."""
    from rapidfuzz.distance import Levenshtein

    s0, s1, a0, a1 = ours[0][0], ours[-1][1], theirs[0][0], theirs[-1][1]
    left, right = source[s0:s1].translate(_FOLD).lower(), answer[a0:a1].translate(_FOLD).lower()
    if len(left) != s1 - s0 or len(right) != a1 - a0:  # a character whose lower case is longer
        left, right = source[s0:s1], answer[a0:a1]
    codes = Levenshtein.opcodes(left, right)
    same = sum(code.src_end - code.src_start for code in codes if code.tag == "equal")
    if same * 2 < min(len(left), len(right)):
        return 0, 0
    reached = 0
    for code in codes:
        if code.tag in ("equal", "replace"):
            for step in range(min(code.src_end - code.src_start, code.dest_end - code.dest_start)):
                places[a0 + code.dest_start + step] = s0 + code.src_start + step
                equal[a0 + code.dest_start + step] = code.tag == "equal"
            reached = s0 + code.src_end
    return same, reached
