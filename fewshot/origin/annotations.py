"""Spans that other tools made, checked against their text; what cannot be kept is counted and said.

found = Annotations(origin, unit)
spans = [found.span(text, 4, 7, "GENE", where, surface="p53"), …]
entities = found.entities(spans, text)
found.report()                            "… entities left out because they overlap longer ones: 2 …"
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from fewshot.errors import Where
from fewshot.origin import Origin
from fewshot.records import Span
from fewshot.text import offsets
from fewshot.text.spans import trimmed

Sort = Literal["overlap", "pieces", "unplaced", "rejected", "other", "annotators"]
_SAID: dict[Sort, str] = {
    "overlap": "entities left out because they overlap longer ones",
    "pieces": "entities of several pieces, read as one entity a piece",
    "unplaced": "entities left out because they have no place in the text",
    "rejected": "examples left out because an annotator rejected or skipped them",
    "other": "annotations that are no entities and are not read",
    "annotators": "examples with several annotations, of which the first is read",
}
_QUOTED = 40


@dataclass(slots=True)
class Annotations:
    """The annotations of a source while it is read."""

    origin: Origin
    unit: offsets.Unit = "characters"
    _counts: dict[Sort, tuple[int, str]] = field(default_factory=dict)
    _ruler: tuple[str, offsets.Ruler] | None = None

    def span(
        self, text: str, start: int, end: int, label: str, where: Where, *, surface: str | None = None, name: str = ""
    ) -> Span:
        """A span at these offsets. `name`: of the annotation, in messages.

        Raises:
            DataError: out of range, empty, without a label, or not the surface that it is said to be.
        """
        name = name or f"entity {label[:_QUOTED]!r}"
        if self._ruler is None or self._ruler[0] is not text:
            self._ruler = (text, offsets.Ruler(text, self.unit))
        found = self._ruler[1].extent(start, end)
        if found is None:
            if surface is not None and (unit := offsets.explained(text, start, end, surface)):
                offsets.check(text, None, surface, name, where, said=(start, end))
            unit = offsets.fitting(text, start, end)
            hint = f"are they in other units? --offsets {unit}" if unit else None
            where.fail(
                f"{name} is out of range: {start}–{end} of a text of {self._ruler[1].length} {_plural(self.unit)}",
                hint=hint,
            )
        if surface is not None:
            offsets.check(text, found, surface, name, where, said=(start, end))
        extent = trimmed(text, *found)
        if extent is None:
            where.fail(f"{name} is empty: {start}–{end}", hint=_inclusive(start, end, self.unit))
        if not label.strip():
            where.fail(f"{name} has no label")
        return Span(*extent, label)

    def entities(self, spans: Iterable[Span], text: str) -> tuple[Span, ...]:
        """The spans in order. Of those that overlap the longest is kept, the earliest of equal ones."""
        kept: list[Span] = []
        for span in sorted(spans, key=lambda span: (span.start, -span.end)):
            if kept and span.start < kept[-1].end:
                shorter = min(kept[-1], span, key=lambda one: (one.end - one.start, -one.start))
                self.note("overlap", _quoted(shorter.cut(text)))
                if shorter is span:
                    continue
                kept.pop()
            kept.append(span)
        return tuple(kept)

    def note(self, sort: Sort, example: str) -> None:
        """Counts something that the user must know of."""
        count, first = self._counts.get(sort, (0, example))
        self._counts[sort] = (count + 1, first)

    def report(self) -> None:
        """Says what was counted."""
        for sort, (count, first) in self._counts.items():
            self.origin.say(f"{self.origin.name}: {_SAID[sort]}: {count} (the first: {first})")


def _quoted(surface: str) -> str:
    return repr(surface if len(surface) <= _QUOTED else f"{surface[: _QUOTED - 1]}…")


def _plural(unit: offsets.Unit) -> str:
    return {"utf16": "UTF-16 code units", "bytes": "bytes"}.get(unit, "characters")


def _inclusive(start: int, end: int, unit: offsets.Unit) -> str | None:
    return "is the end inclusive? --offsets inclusive" if start == end and unit != "inclusive" else None
