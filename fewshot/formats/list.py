"""One line a label: what is named, not where it stands.

    GENEPROD: p53; MDM2; p53#2            NER (ROLES: a line a role)
    A, B: (A, B) Western blot of p53 in   PANELIZATION: letters, and the first eight words of the segment
    -: Cells were treated with nutlin     a segment without a letter
    (none)                                nothing to name

Offsets are found again by grounding; a panel ends where the next one starts, so that ends are not carried.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fewshot.formats import Format
from fewshot.records import PANEL, Hypothesis, Kind, Parsed, ProblemKind, Scheme, Span, Value
from fewshot.text import grounding
from fewshot.text.legend import leading_letters

NONE = "(none)"
_FIRST_WORDS = 8
_LINE = re.compile(r"\s*(?:[-*•]\s+|\d+[.)]\s+)?[*_`]*([^:]{1,60}?)[*_`]*\s*:\s*(.*)$")
_PANEL_LINE = re.compile(r"\s*(?:[-*•]\s+)?[*_]*(?:[Pp]anels?\s+)?((?:\\.|[^:\\])*?)[*_]*\s*:[*_]*\s?(.*)$")
_FENCE = re.compile(r"^\s*```")
_BULLET = re.compile(r"\s*(?:[-*•]\s+|\d+[.)]\s+)(.*\S)")
_REMARK = re.compile(r"\s*\([^()]*\)\s*$")
_COMMA = re.compile(r",\s*|\s+and\s+")
_QUOTES = " \"'“”‘’`"
_NOTHING = ("none", "-", "n/a", NONE)
_ESCAPED = re.compile(r"[:,&–—*_-]|\band\b")  # of a label, what would be read as a list, a range or markdown
_RANGE = re.compile(r"[-–—]|\band\b|&")


class List(Format):
    """Surfaces by label; panels by their first words."""

    kinds: frozenset[Kind] = frozenset(("entities", "roles", "panels"))
    stop: tuple[str, ...] = ("\n\n",)

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        """A line a label that occurs, in the order of the labels; a line a segment."""
        if isinstance(value, Hypothesis):
            raise TypeError("list carries spans")
        if not value:
            return NONE
        if scheme.kind == "panels":
            return "\n".join(_panel_line(text, span, value) for span in sorted(value, key=lambda s: s.start))
        by_label: dict[str, list[Span]] = {label: [] for label in scheme.labels}
        for span in sorted(value, key=lambda s: s.start):
            by_label.setdefault(_label(span, scheme), []).append(span)
        return "\n".join(f"{label}: {grounding.listing(text, spans)}" for label, spans in by_label.items() if spans)

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        """The spans that the lines name; a line that names none is counted."""
        problems: Counter[ProblemKind] = Counter()
        lines = [line for line in answer.split("\n") if line.strip() and not _FENCE.match(line)]
        if not lines:
            return Parsed((), {"empty": 1})
        read = _read_panels if scheme.kind == "panels" else _read_surfaces
        spans = read([line for line in lines if line.strip().lower() != NONE], text, scheme, problems)
        return Parsed(spans, {kind: count for kind, count in problems.items() if count})

    def schema(self, scheme: Scheme) -> Mapping[str, Any] | None:
        """Free text."""
        return None


FORMAT = List()


def _label(span: Span, scheme: Scheme) -> str:
    return (span.role or "") if scheme.kind == "roles" else span.label


def _read_surfaces(lines: Sequence[str], text: str, scheme: Scheme, problems: Counter[ProblemKind]) -> tuple[Span, ...]:
    names = {label.lower(): label for label in scheme.labels}
    found: dict[tuple[int, int], Span] = {}
    label: str | None = None
    for line in lines:
        matched = _LINE.match(line)
        said = names.get(matched[1].strip().lower()) if matched else None
        bullet = _BULLET.match(line)
        if matched is not None and said is not None:
            label, listing = said, matched[2]
        elif bullet is not None and label is not None:  # a label on a line of its own, its surfaces below it
            listing = bullet[1]
        else:
            problems["unknown_label" if matched else "text_added"] += 1
            label = None
            continue
        for surface, number in grounding.split(listing):
            places = _places(text, surface, number, found)
            spans = [span for span in (_named(place, label, scheme) for place in places) if span is not None]
            if not spans:
                problems["not_in_text"] += surface.lower() not in _NOTHING
            for span in spans:
                if not any(start < span.end and span.start < end for start, end in found):
                    found[span.start, span.end] = span
    return tuple(found[key] for key in sorted(found))


def _places(text: str, surface: str, number: int, taken: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where a surface stands. What does not stand there as it is may be in quotes, have a remark in brackets behind it,
    or be several surfaces between commas."""
    place = _place_of(text, surface, number, taken)
    if place is not None:
        return [place]
    bare = _REMARK.sub("", surface).strip(_QUOTES)
    if bare != surface:
        return _places(text, bare, number, taken)
    pieces = [piece for piece in _COMMA.split(surface) if piece]
    return [place for piece in pieces for place in _places(text, piece, 1, taken)] if len(pieces) > 1 else []


def _place_of(text: str, surface: str, number: int, taken: Collection[tuple[int, int]]) -> tuple[int, int] | None:
    """A surface that is said again without a number is its next occurrence."""
    place = grounding.locate(text, surface, number)
    again = number == 1
    while again and place in taken:
        number += 1
        following = grounding.locate(text, surface, number)
        again, place = following != place, following
    return place


def _named(place: tuple[int, int], label: str, scheme: Scheme) -> Span | None:
    """The entity, or the given entity whose role was said."""
    if scheme.kind != "roles":
        return Span(*place, label)
    for span in scheme.given:
        if (span.start, span.end) == place:
            return replace(span, role=label)
    return None


def _panel_line(text: str, span: Span, spans: Sequence[Span]) -> str:
    """Letters, and as many words as single the segment's start out from every other place in the text."""
    words = list(re.finditer(r"\S+", text[span.start :]))
    del spans
    count = _FIRST_WORDS
    while True:
        head = text[span.start : span.start + words[min(count, len(words)) - 1].end()]
        if count >= len(words) or _unique(text, head, span.start):
            break
        count += 1
    letters = ", ".join(_ESCAPED.sub(r"\\\g<0>", grounding.escape(label)) for label in span.labels or ())
    number = grounding.occurrence(text, Span(span.start, span.start + len(head), PANEL))
    return f"{letters or '-'}: {grounding.escape(head)}" + (f"#{number}" if number > 1 else "")


def _unique(text: str, head: str, start: int) -> bool:
    return text.find(head) == start and text.find(head, start + 1) < 0


def _read_panels(lines: Sequence[str], text: str, scheme: Scheme, problems: Counter[ProblemKind]) -> tuple[Span, ...]:
    del scheme
    starts: dict[int, tuple[str, ...]] = {}
    for line in lines:
        matched = _PANEL_LINE.match(line)
        if matched is None:
            problems["text_added"] += 1
            continue
        place = _place(text, matched[2])
        if place is None or place in starts:
            problems["not_in_text"] += 1
            continue
        starts[place] = _letters(matched[1])
    ordered = sorted(starts)
    ends = [*ordered[1:], len(text)] if ordered else []
    return tuple(
        Span(start, start + len(text[start:end].rstrip()), PANEL, starts[start])
        for start, end in zip(ordered, ends, strict=True)
    )


def _place(text: str, head: str) -> int | None:
    """Where a segment starts, by its first words; by fewer of them where a model went on wrongly."""
    named = grounding.split(head.replace(";", "\\;") if "\\;" not in head else head)
    if not named:
        return None
    surface, number = named[0]
    words = surface.split()
    for count in (len(words), _FIRST_WORDS, 5, 3):
        tried = surface if count >= len(words) else " ".join(words[:count])
        place = grounding.locate(text, tried, number)
        if place is not None:
            return place[0]
    return None


def _letters(said: str) -> tuple[str, ...]:
    """The letters of a line: as we write them "A, B, C", and as legends do: "A–C", "(A and B)"."""
    if said.strip() in ("-", "–", ""):
        return ()
    ranged = _RANGE.search(re.sub(r"\\.", "", said)) and leading_letters(f"({said.strip(' ()')})")
    if ranged:
        return ranged
    pieces = (re.sub(r"\\(.)", r"\1", piece).strip(" ()") for piece in re.split(r"(?<!\\),", said))
    return tuple(piece for piece in pieces if piece)
