"""Where panels begin, by the grammar of labels and the logic of the alphabet.

Every place where a segment could open (the text's start, behind a sentence, at a line's start) and a label stands is
a candidate. The best rising chain of letters wins (dynamic programming): a gap costs a little (panels may be
mentioned only inside another), a change of style too, and a letter in the middle of a sentence is no candidate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fewshot.records import PANEL, Span
from fewshot.text.legend import Label, leading_label, tail_start
from fewshot.text.spans import segments, trimmed

_BREAK = re.compile(r"^|[.!?;:,)\]”\"'’]+\s*|\n\s*|\s(?=[(\[])|(?<=[a-zμm%])\s(?=[A-Z])")
_REFERENCE = re.compile(
    r"(?:\b(?:in|as|of|from|and|or|to|for|see|panels?|figs?\.?|figures?|quantified|shown|between|with|by|than|on)"
    r"|[,&–-])\s*$",
    re.IGNORECASE,
)
_SPECIES = re.compile(
    r"[A-Z]\.\s?(?:coli|elegans|cerevisiae|pombe|melanogaster|laevis|tropicalis|thaliana|musculus|subtilis|aureus"
    r"|typhimurium|falciparum|tuberculosis|aeruginosa|albicans|sapiens|norvegicus|rerio|gondii|brucei|discoideum)\b"
)
_WEIGHT = {"in": 1.0, "out": 1.0, "dot": 0.9, "open": 0.4, "bare": 0.3}
_STRONG_BREAK, _WEAK_BREAK = 1.0, 0.15
_GAP, _OTHER_STYLE, _LATE_START = 0.12, 0.45, 0.5
_OPENS, _LOWER, _LIST = 0.3, 0.25, 0.2
_MOST_LETTERS = 4
_LEAST = 0.75


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
    """The panels of a legend; where no line has a label, each line is one."""
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
    found: dict[int, _Candidate] = {}
    for place in _BREAK.finditer(text):
        label = leading_label(text, place.end())
        if label is None or label.start in found:
            continue
        weight = _weight(text, label)
        if weight > 0:
            found[label.start] = _Candidate(label, weight, (label.style, label.labels[0].isupper()))
    return [found[at] for at in sorted(found)]


def _weight(text: str, label: Label) -> float:
    """How much a place looks like the start of a panel; 0: not at all."""
    if _SPECIES.match(text, label.start):
        return 0.0
    boundary = _boundary(text, label)
    follows = text[label.end : label.end + 40].lstrip()[:1]
    opens = follows.isupper() or follows.isdigit() or follows in set("“\"'‘([")
    if not boundary or (boundary == _WEAK_BREAK and (label.style not in ("in", "out") or not opens)):
        return 0.0
    one = boundary * _WEIGHT[label.style] + _OPENS * opens - _LOWER * label.labels[0].islower()
    # A list counts as the panels it covers, so that "C, D. Assays. C, Blot. D, Gel." is one segment.
    return one * min(len(label.labels), _MOST_LETTERS) + _LIST * (len(label.labels) > 1)


def _boundary(text: str, label: Label) -> float:
    """How strongly the text before a label ends: 0 in the middle of a sentence."""
    before = text[: label.start].rstrip(" \t\u2009\u00a0")
    if not before or before.endswith("\n"):
        return _STRONG_BREAK
    if len(before) == label.start and label.style not in ("in", "out"):
        return 0.0  # glued to what stands before it: the "E" of "S.E.M."
    if re.search(r"[.!?;][)\]”\"'’]*$", before[-4:]):
        return _STRONG_BREAK
    if before[-1] in ",:" or _REFERENCE.search(before[-20:]):
        return 0.0
    return _WEAK_BREAK


def _best_chain(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The rising chain of letters with the highest weight."""
    best: list[tuple[float, int]] = []
    for at, candidate in enumerate(candidates):
        score, back = candidate.weight - _LATE_START * (candidate.first - ord("A")), -1
        for earlier in range(at):
            previous = candidates[earlier]
            gap = candidate.first - previous.last - 1
            if gap < 0:
                continue
            reached = best[earlier][0] + candidate.weight - _GAP * gap
            reached -= _OTHER_STYLE * (candidate.style != previous.style)
            if reached > score:
                score, back = reached, earlier
        best.append((score, back))
    if not best:
        return []
    at = max(range(len(best)), key=lambda index: best[index][0])
    if best[at][0] < _LEAST:
        return []
    chain = []
    while at >= 0:
        chain.append(candidates[at])
        at = best[at][1]
    return chain[::-1]


def _lines(text: str) -> tuple[Span, ...]:
    """A panel a line; a text without line breaks is one panel. A line that is a tail is none."""
    spans = []
    for found in re.finditer(r"[^\n]+", text):
        extent = trimmed(text, *found.span())
        if extent is not None and tail_start(text, *extent) != extent[0]:
            spans.append(Span(*extent, PANEL, ()))
    return tuple(spans)
