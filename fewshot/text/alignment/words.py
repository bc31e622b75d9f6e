"""Which word of the source each word of an answer is a copy of.

    source  Bars , 5 µm . ( B ) Cells were fixed .        answer  Bars , 5 µm . ( x ) Cells were .
    match   0    1 2 3  4 5 6 7 8     9    11                                  6 is changed, "fixed" dropped

First the longest common subsequence: what both sides have anchors the rest. It is blind to where a gap lies, and
smears what was dropped over words that recur ("n = 3 ."), so every gap is then looked at with its surroundings: where
one gap, in one place, explains them as well or better, it is put there, behind the end of a sentence if it can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from rapidfuzz.distance import Indel, Levenshtein

Block = tuple[int, int, int, int]
"""A stretch of source words and one of answer words, in which none is matched: (source from, to, answer from, to)."""

_CONTEXT = 12
"""Words to either side in which a gap is looked for: a repeated half-sentence ("one-way ANOVA with Tukey's test.")."""

_SENTENCE_END = frozenset(".!?")
_ALIKE, _LETTER, _UNLIKE = 0.8, 0.3, -0.2
"""What a pair of words counts: some letters changed; a single letter, changed; another word."""

_LONG = 3
"""Characters of a word in which one may be changed and it is still that word: of two letters half would be another."""

_TIE = 0.05
"""For a gap that begins and ends where sentences do; it decides between places that explain as much."""

_FEW = 4
"""Words that may be one word with spaces in it."""

_HARDLY = 2
"""Matched words between two gaps that may well be there by chance ("A .")."""


def match(ours: Sequence[str], theirs: Sequence[str]) -> list[int]:
    """For each answer word (`theirs`) the index of the source word (`ours`) that it is a copy of, or -1; rising."""
    found = [-1] * len(theirs)
    for code in Indel.opcodes(ours, theirs):
        if code.tag == "equal":
            found[code.dest_start : code.dest_end] = range(code.src_start, code.src_end)
    _pair_up(found, ours, theirs)
    for s0, s1, a0, a1 in _gaps(found, ours, theirs):
        _regap(found, ours, theirs, (s0, s1, a0, a1))
    _pair_up(found, ours, theirs)
    return found


def blocks(found: Sequence[int], size: int) -> Iterator[Block]:
    """Where neither side is matched; `size`: of the source."""
    s0 = a0 = 0
    for at, place in enumerate([*found, size]):
        if place < 0:
            continue
        if place > s0 or at > a0:
            yield s0, place, a0, at
        s0, a0 = place + 1, at + 1


def likeness(ours: str, theirs: str) -> float:
    """How much one word may be a copy of the other: 1 equal, less where some letters differ, negative: it is none.

    >>> likeness("western", "wextern"), likeness("b", "x"), likeness("western", "blot")
    (0.8, 0.3, -0.2)
    """
    if ours == theirs:
        return 1.0
    longest = max(len(ours), len(theirs))
    if longest == 1:
        return _LETTER if ours.isalnum() and theirs.isalnum() else _UNLIKE
    return _ALIKE if Levenshtein.distance(ours, theirs, score_cutoff=longest // 2) <= longest // 2 else _UNLIKE


def alike(ours: str, theirs: str) -> bool:
    """Whether one word is the other, or the other with some letters changed; two short words must be equal.

    >>> alike("western", "wextern"), alike("b", "x")
    (True, False)
    """
    return ours == theirs or (len(theirs) >= _LONG and likeness(ours, theirs) > 0)


def respaced(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether a few words are the others with the spaces elsewhere: "p53 KO" for "p53KO" (a tag between them).

    >>> respaced(["p53ko"], ["p53", "ko"]), respaced(["p53ko"], ["mdm2", "was"])
    (True, False)
    """
    few = 0 < len(ours) <= _FEW and 0 < len(theirs) <= _FEW
    return few and likeness("".join(ours), "".join(theirs)) > 0


def _pair_up(found: list[int], ours: Sequence[str], theirs: Sequence[str]) -> None:
    """As many words as there were, each like its counterpart (or one for one): each is that one, changed."""
    for s0, s1, a0, a1 in list(blocks(found, len(ours))):
        if s1 - s0 == a1 - a0 and (
            s1 - s0 == 1 or all(likeness(ours[s0 + i], theirs[a0 + i]) > 0 for i in range(s1 - s0))
        ):
            found[a0:a1] = range(s0, s1)


def _gaps(found: Sequence[int], ours: Sequence[str], theirs: Sequence[str]) -> list[Block]:
    """The blocks in which more is missing on one side; two with hardly anything between them are one."""
    gaps: list[Block] = []
    for s0, s1, a0, a1 in blocks(found, len(ours)):
        if respaced(ours[s0:s1], theirs[a0:a1]):
            continue
        if gaps and s0 - gaps[-1][1] == a0 - gaps[-1][3] <= _HARDLY:
            gaps[-1] = (gaps[-1][0], s1, gaps[-1][2], a1)
        else:
            gaps.append((s0, s1, a0, a1))
    return [(s0, s1, a0, a1) for s0, s1, a0, a1 in gaps if s1 - s0 != a1 - a0]


def _regap(found: list[int], ours: Sequence[str], theirs: Sequence[str], block: Block) -> None:
    """Explains a block and its surroundings by one gap, on the longer side, if that is as good as what is there."""
    # The longest common subsequence counts matches and does not care where they are: of "… n = 3 . [dropped] n = 3 ."
    # it may match the "n" of the first sentence and the "= 3 ." of the second. A model drops or adds whole passages, so
    # one gap in one place is the likelier story. With up to twelve words of context on either side the gap may move:
    #
    #     source   a b c X X c d        gap = 2 (source is longer); the answer has `short` = 5 words
    #     answer   a b c     c d        t = 3: words 0 to 2 match directly (heads), 3 and 4 behind the gap (tails)
    #
    # Every t from 0 to `short` is tried; prefix and suffix sums make that linear. `gap` is negative if the answer is
    # the longer side (it added words): then the tails shift in the answer instead of in the source.
    s0, s1, a0, a1 = _widened(found, len(ours), block)
    source, answer = ours[s0:s1], theirs[a0:a1]
    short = min(len(source), len(answer))
    gap = len(source) - len(answer)
    # heads[i]: how well word i matches with the gap behind it; tails[i]: with the gap before it.
    heads = [likeness(source[i], answer[i]) for i in range(short)]
    tails = [likeness(source[i + max(gap, 0)], answer[i - min(gap, 0)]) for i in range(short)]
    before, after = [0.0, *accumulate(heads)], [*reversed([0.0, *accumulate(reversed(tails))])]
    longer = source if gap > 0 else answer
    # Between equally good places the gap goes where a whole sentence is missing (`_TIE` is too small to decide more).
    scores = [before[t] + after[t] + _TIE * _at_an_end(longer, t, abs(gap)) for t in range(short + 1)]
    at = max(range(short + 1), key=scores.__getitem__)
    now = sum(likeness(ours[found[i]], theirs[i]) for i in range(a0, a1) if found[i] >= 0)
    then = sum(like for like in (*heads[:at], *tails[at:]) if like > 0)
    if then < now:  # the words were matched better as they are: several gaps, or changes all over
        return
    for i in range(a0, a1):
        found[i] = -1
    for i in range(short):
        if (heads if i < at else tails)[i] > 0:  # a pair that is not alike stays unmatched: letters decide later
            place, said = (i, i) if i < at else (i + max(gap, 0), i - min(gap, 0))
            found[a0 + said] = s0 + place


def _at_an_end(words: Sequence[str], at: int, gap: int) -> int:
    """1 where a gap would begin behind the end of a sentence (or at the start) and end at one."""
    return int((at == 0 or words[at - 1] in _SENTENCE_END) and words[at + gap - 1] in _SENTENCE_END)


def _widened(found: Sequence[int], size: int, block: Block) -> Block:
    """A block with up to `_CONTEXT` matched words on either side, as far as no other gap begins."""
    s0, s1, a0, a1 = block
    for _ in range(_CONTEXT):
        if not (a0 and s0 and found[a0 - 1] == s0 - 1):
            break
        s0, a0 = s0 - 1, a0 - 1
    for _ in range(_CONTEXT):
        if not (a1 < len(found) and s1 < size and found[a1] == s1):
            break
        s1, a1 = s1 + 1, a1 + 1
    return s0, s1, a0, a1
