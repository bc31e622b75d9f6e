"""Finds where panels begin, by the grammar of their labels and the order of the alphabet.

    (A) Western blot. As in B, … (B) Same.      candidates A and B; the "B" of "As in B" is none: mid-sentence

A candidate is a label at a position where a segment can open: at the start of the text or of a line, or behind a
sentence. The best rising chain of letters wins (dynamic programming): a skipped letter costs a little (a panel may be
mentioned only inside another), and so does a change of style.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fewshot.records import PANEL, Span
from fewshot.text.legend import Label, tail_start
from fewshot.text.openings import Opening, openings
from fewshot.text.spans import segments, trimmed

# Scores, in units of one label `(A)` behind a full stop. They are set by hand, with 38 real legends of 5 manuscripts in
# sight (docs/results.md): those legends therefore do not test them.
_WEIGHT = {"in": 1.0, "out": 1.0, "dot": 0.9, "open": 0.4, "bare": 0.3}  # (A)  A)  A.  (A  A
_STRONG_BREAK, _WEAK_BREAK = 1.0, 0.15  # behind a sentence or at the start of a line; elsewhere
_GAP, _OTHER_STYLE, _LATE_START = (
    0.12,
    0.45,
    0.5,
)  # costs: each skipped letter, another style, each letter before the first
_OPENS, _LOWER, _LIST = 0.3, 0.25, 0.2  # a capital follows (+), the letter is lower case (-), it is a list (+)
_MOST_LETTERS = 4  # a list counts as so many panels at most
_LEAST = 0.75  # a chain below this is chance: less than one label of a usual style


@dataclass(frozen=True, slots=True)
class _Candidate:
    label: Label
    weight: float
    style: tuple[str, bool]

    @property
    def first(self) -> int:
        return ord(self.label.labels[0][0].upper())

    @property
    def last(self) -> int:
        return ord(self.label.labels[-1][0].upper())


def find(text: str) -> tuple[Span, ...]:
    """Returns the panels of a legend; if it has no labels, each line is a panel."""
    chain = _best_chain(_candidates(text))
    if not chain:
        return _lines(text)
    extents = segments(text, [candidate.label.start for candidate in chain])
    return tuple(
        Span(*extent, PANEL, candidate.label.labels)
        for candidate, extent in zip(chain, extents, strict=True)
        if extent is not None
    )


def _candidates(text: str) -> list[_Candidate]:
    weighed = ((opening.label, _weight(opening)) for opening in openings(text))
    return [
        _Candidate(label, weight, (label.style, label.labels[0].isupper())) for label, weight in weighed if weight > 0
    ]


def _weight(opening: Opening) -> float:
    """Scores how much a label looks like the start of a panel; 0: not at all."""
    label, behind_a_sentence = opening.label, opening.boundary == "sentence"
    if not behind_a_sentence and (label.style not in ("in", "out") or not opening.capital):
        return 0.0
    each = (_STRONG_BREAK if behind_a_sentence else _WEAK_BREAK) * _WEIGHT[label.style]
    each += _OPENS * opening.capital - _LOWER * label.labels[0].islower()
    # A list counts as the panels that it covers, so that in "C, D. Assays. C, Blot. D, Gel." it wins over "C" and "D".
    return each * min(len(label.labels), _MOST_LETTERS) + _LIST * (len(label.labels) > 1)


def _best_chain(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Returns the rising chain of letters with the highest score, by dynamic programming. Of the chains that end in the
    same letter and style only the best one can go on, so that each candidate is compared with a few."""
    best: list[tuple[float, int]] = []  # for each candidate: score of the best chain that ends in it, its predecessor
    leaders: dict[tuple[int, tuple[str, bool]], int] = {}  # by last letter and style: where the best chain ends
    for current, candidate in enumerate(candidates):
        score, back = candidate.weight - _LATE_START * (candidate.first - ord("A")), -1
        for earlier in sorted(leaders.values()):
            previous = candidates[earlier]
            skipped = candidate.first - previous.last - 1
            if skipped < 0:  # the letters must rise
                continue
            extended = best[earlier][0] + candidate.weight - _GAP * skipped
            extended -= _OTHER_STYLE * (candidate.style != previous.style)
            if extended > score:
                score, back = extended, earlier
        best.append((score, back))
        end = candidate.last, candidate.style
        if end not in leaders or score > best[leaders[end]][0]:
            leaders[end] = current
    if not best:
        return []
    last = max(range(len(best)), key=lambda index: best[index][0])
    if best[last][0] < _LEAST:
        return []
    chain = []
    while last >= 0:
        chain.append(candidates[last])
        last = best[last][1]
    return chain[::-1]


def _lines(text: str) -> tuple[Span, ...]:
    """Returns each line as a panel, except a tail ("Source data: …"); a text without line breaks is one panel."""
    spans = []
    for match in re.finditer(r"[^\n]+", text):
        extent = trimmed(text, *match.span())
        if extent is not None and tail_start(text, *extent) != extent[0]:
            spans.append(Span(*extent, PANEL, ()))
    return tuple(spans)
