"""One line a label: what is named, not where it stands.

    GENEPROD: p53; MDM2; p53#2            NER (ROLES: a line a role)
    A, B: (A, B) Western blot of p53 in   PANELIZATION: letters, and the first eight words of the segment
    -: Cells were treated with nutlin     a segment without a letter
    (none)                                nothing to name

Offsets are found again by grounding, of all lines together; a panel ends where the next one starts, so that ends are
not carried. A number is left out where reading without it gives the same place. `lines` reads what models make of it:
bold labels, headings with bullets below, tables.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from fewshot.formats import Format
from fewshot.formats.list.lines import NONE, Line, panel_lines, surface_lines
from fewshot.formats.list.surfaces import named
from fewshot.records import PANEL, Hypothesis, Kind, Member, Parsed, ProblemKind, Scheme, Span, Value
from fewshot.text import grounding
from fewshot.text.legend import leading_letters

_ESCAPED = re.compile(r"[:,&–—*_|-]|\band\b")
"""Of a panel's label, what would be read as a list, a range, a table or Markdown."""

_RANGE = re.compile(r"[-–—]|\band\b|&")


class List(Format):
    """Surfaces by label; panels by their first words."""

    kinds: frozenset[Kind] = frozenset(("entities", "roles", "panels"))
    stop: tuple[str, ...] = ("\n\n",)
    names_once = True

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        """A line a label that occurs, in the order of the labels; a line a segment."""
        if isinstance(value, Hypothesis):
            raise TypeError("list carries spans")
        if not value:
            return NONE
        spans = tuple(sorted(value, key=lambda span: span.start))
        if scheme.mentions == "once":
            return _named_once(text, spans, scheme)
        return _rendered(text, spans, scheme)

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        """The spans that the lines name; a line that names none is counted."""
        problems: Counter[ProblemKind] = Counter()
        if not answer.strip():
            return Parsed((), {"empty": 1})
        if scheme.kind == "panels":
            spans, unplaced = _panels(panel_lines(answer, problems), text, problems)
        else:
            source = grounding.Source(text)
            names = named(source, surface_lines(answer, scheme.labels, problems))
            spans, unplaced = grounding.entities(source, names, scheme, problems)
        return Parsed(spans, {kind: count for kind, count in problems.items() if count}, None, unplaced)

    def schema(self, scheme: Scheme) -> Mapping[str, Any] | None:
        """Free text."""
        return None


FORMAT = List()


@lru_cache(maxsize=4096)
def _rendered(text: str, spans: tuple[Span, ...], scheme: Scheme) -> str:
    """The answer, with all numbers if reading it without gives other places. Kept: demonstrations are shown again."""
    answer = _written(text, spans, scheme, numbered=False)
    if _carried(FORMAT.parse(answer, text, scheme).value, scheme) == _carried(spans, scheme):
        return answer
    return _written(text, spans, scheme, numbered=True)


def _carried(value: Value, scheme: Scheme) -> list[tuple[object, ...]]:
    """The part of a value that comes back."""
    if isinstance(value, Hypothesis):
        raise TypeError("list carries spans")
    if scheme.kind == "panels":
        return [(span.start,) for span in value]
    return [(span.start, span.end, span.role if scheme.kind == "roles" else span.label) for span in value]


def _named_once(text: str, spans: Sequence[Span], scheme: Scheme) -> str:
    """Each surface once under its label, without numbers."""
    by_label: dict[str, dict[str, None]] = {label: {} for label in scheme.labels}
    for span in spans:
        by_label.setdefault(span.label, {})[grounding.escape(span.cut(text))] = None
    return "\n".join(f"{label}: {'; '.join(surfaces)}" for label, surfaces in by_label.items() if surfaces)


def _written(text: str, spans: Sequence[Span], scheme: Scheme, *, numbered: bool) -> str:
    if scheme.kind == "panels":
        return "\n".join(_panel_line(text, span, numbered=numbered) for span in spans)
    by_label: dict[str, list[Span]] = {label: [] for label in scheme.labels}
    for span in spans:
        by_label.setdefault((span.role or "") if scheme.kind == "roles" else span.label, []).append(span)
    lines = ((label, grounding.listing(text, own, numbered=numbered)) for label, own in by_label.items() if own)
    return "\n".join(f"{label}: {listing}" for label, listing in lines)


def _panel_line(text: str, span: Span, *, numbered: bool) -> str:
    """Letters, and as many words as single the segment's start out from every other place in the text."""
    words = list(re.finditer(r"\S+", text[span.start :]))
    count = grounding.FIRST_WORDS
    while True:
        head = text[span.start : span.start + words[min(count, len(words)) - 1].end()]
        if count >= len(words) or _unique(text, head, span.start):
            break
        count += 1
    letters = ", ".join(_ESCAPED.sub(r"\\\g<0>", grounding.escape(label)) for label in span.labels or ())
    name = grounding.name(text, Span(span.start, span.start + len(head), PANEL), numbered=numbered)
    return f"{letters or '-'}: {name}"


def _unique(text: str, head: str, start: int) -> bool:
    return text.find(head) == start and text.find(head, start + 1) < 0


def _panels(
    lines: Sequence[Line], text: str, problems: Counter[ProblemKind]
) -> tuple[tuple[Span, ...], tuple[Member, ...]]:
    """The panels that begin where the first words of each line stand."""
    passages = []
    for line in lines:
        written, number = grounding.numbered(line.text)
        labels = leading_letters(line.text) if line.label is None else _letters(line.label)
        passages.append(grounding.Passage(grounding.unescape(written), labels, number))
    begun: dict[int, tuple[grounding.Passage, grounding.Candidate]] = {}
    unplaced = []
    for passage, one in zip(passages, grounding.starts(grounding.Source(text), passages), strict=True):
        if one.place is not None:
            begun[one.place.start] = passage, one.place
        else:
            problems[one.drop or "not_in_text"] += 1
            unplaced += [Member(PANEL, passage.text)] if passage.text.strip() else []
    ordered = sorted(begun)
    spans = []
    for start, following in zip(ordered, [*ordered[1:], len(text)], strict=False):
        passage, place = begun[start]
        end = start + len(text[start:following].rstrip())
        spans.append(Span(start, end, PANEL, passage.labels, match=place.match))
    return tuple(spans), tuple(unplaced)


def _letters(written: str) -> tuple[str, ...]:
    """The letters of a line: as we write them "A, B, C", and as legends do: "A–C", "(A and B)"."""
    if written.strip() in ("-", "–", "—", ""):
        return ()
    ranged = _RANGE.search(re.sub(r"\\.", "", written)) and leading_letters(f"({written.strip(' ()')})")
    if ranged:
        return ranged
    pieces = (re.sub(r"\\(.)", r"\1", piece).strip(" ()") for piece in re.split(r"(?<!\\),", written))
    return tuple(piece for piece in pieces if piece)
