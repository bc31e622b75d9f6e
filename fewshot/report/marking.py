"""One legend with gold and prediction marked in its text, as pieces that a terminal or a page can draw.

    "p53 binds MDM2"   gold [0, 3) GENEPROD, [10, 14) GENEPROD; predicted [0, 3) GENEPROD, [4, 9) EXP_ASSAY

    p53 (right, GENEPROD) · " " · binds (made up, EXP_ASSAY) · " " · MDM2 (missed, GENEPROD)

Marks may overlap: a piece ends wherever a mark begins or ends, and knows all marks over it.

>>> marks = [Mark(0, 3, "GENEPROD", "right", gold=True, predicted=True), Mark(2, 5, "TISSUE", "made_up")]
>>> [(piece.text, len(piece.marks)) for piece in pieces("p53 ab", marks)]
[('p5', 1), ('3', 2), (' a', 1), ('b', 0)]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fewshot.records import Span
from fewshot.scoring.faults import Answered, Part

RIGHT = "right"
PREDICTED = "predicted"
"""The states of a mark beside the kinds of faults: right, or predicted where there is no gold to compare with."""

SIGNS = {RIGHT: "", PREDICTED: "", "missed": "−", "made_up": "+"}
OTHER = "≠"
"""What stands before the name of a mark, so that it is not said by a colour alone. `OTHER`: for other faults."""

IN_WORDS: Mapping[str, str] = {
    "missed": "missed",
    "made_up": "made up",
    "wrong_boundary": "cut wrongly",
    "wrong_label": "labelled wrongly",
    "merged": "panels merged",
    "split": "panel split",
    "copied": "copied from a demonstration",
    "not_in_text": "not in the text",
    "malformed": "answers with a problem",
}
"""The kinds of faults as people read them."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the text.

    Attributes:
        start: Its first character.
        end: The offset behind its last one.
        name: The label, role or letters.
        state: `RIGHT`, `PREDICTED` or a kind of fault.
        gold: Whether it is gold.
        predicted: Whether it was predicted.
    """

    start: int
    end: int
    name: str
    state: str
    gold: bool = False
    predicted: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """A piece of the text with the marks over it, those that begin and those that end here."""

    text: str
    marks: tuple[Mark, ...]
    opens: tuple[Mark, ...]
    closes: tuple[Mark, ...]


def marks_of(answered: Answered) -> list[Mark]:
    """Returns the marks of an answer, in the order of the text; what has no offsets has no mark."""
    marks = [_mark(part, RIGHT, gold=True, predicted=True) for part in answered.hits]
    for fault in answered.faults:
        marks += [_mark(part, fault.kind, gold=True) for part in fault.gold]
        marks += [_mark(part, fault.kind, predicted=True) for part in fault.predicted]
    return _ordered(mark for mark in marks if mark is not None)


def marks_of_spans(spans: Sequence[Span], text: str) -> list[Mark]:
    """Returns the marks of predicted spans where there is no gold."""
    parts = (Part.of_span(span, text) for span in spans)
    return _ordered(mark for part in parts if (mark := _mark(part, PREDICTED, predicted=True)) is not None)


def name_of(part: Part) -> str:
    """Returns what a part is called in the text: the letters of a panel, else role or label.

    >>> name_of(Part("panel", "(A, B) Blots.", 0, 13, letters=("A", "B"))), name_of(Part("GENEPROD", "p53"))
    ('A, B', 'GENEPROD')
    """
    if part.letters is not None:
        return ", ".join(part.letters) or "–"
    return part.name


def signed(mark: Mark) -> str:
    """Returns the name of a mark behind its sign.

    >>> signed(Mark(0, 3, "GENEPROD", "missed", gold=True))
    '−GENEPROD'
    """
    return f"{SIGNS.get(mark.state, OTHER)}{mark.name}"


def signs(marks: Sequence[Mark]) -> list[str]:
    """Returns what stands behind marks that end together: each name once; one that was taken for another, both in one.

    >>> signs([Mark(0, 3, "GENEPROD", "wrong_label", gold=True), Mark(0, 3, "TISSUE", "wrong_label", predicted=True)])
    ['GENEPROD≠TISSUE']
    """
    wrong = [mark for mark in marks if mark.state == "wrong_label"]
    taken = {mark.gold: mark.name for mark in wrong}
    if len(taken) == len(wrong) == 2:
        rest = [mark for mark in marks if mark not in wrong]
        return [*signs(rest), f"{taken[True]}{OTHER}{taken[False]}"]
    return list(dict.fromkeys(map(signed, marks)))


def pieces(text: str, marks: Sequence[Mark]) -> list[Marked]:
    """Returns the whole text, cut wherever a mark begins or ends."""
    edges = sorted({0, len(text), *(mark.start for mark in marks), *(mark.end for mark in marks)})
    ordered = _ordered(marks)
    cut: list[Marked] = []
    over: list[Mark] = []
    waiting = list(reversed(ordered))
    for start, end in pairwise(edges):
        opens: list[Mark] = []
        while waiting and waiting[-1].start == start:
            opens.append(waiting.pop())
        over += opens
        closes = tuple(mark for mark in reversed(over) if mark.end == end)
        cut.append(Marked(text[start:end], tuple(over), tuple(opens), closes))
        over = [mark for mark in over if mark.end > end]
    return cut


def _ordered(marks: Iterable[Mark]) -> list[Mark]:
    """By start; of two that begin together the longer one, then gold, comes first, so that brackets nest."""
    return sorted(marks, key=lambda mark: (mark.start, -mark.end, not mark.gold))


def _mark(part: Part, state: str, *, gold: bool = False, predicted: bool = False) -> Mark | None:
    if part.start is None or part.end is None or part.start >= part.end:
        return None
    return Mark(part.start, part.end, name_of(part), state, gold, predicted)
