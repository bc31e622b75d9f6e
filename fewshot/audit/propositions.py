"""What a value says, piece by piece, so that gold and systems can be compared: a span, a start, a member.

>>> from fewshot.records import Span
>>> text = "p53 blot"
>>> [(p.key, p.start, p.end) for p in of((Span(0, 3, "GENE"),), text)]
[((0, 3, 'GENE'), 0, 3)]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fewshot.audit.finding import Item
from fewshot.records import PANEL, Hypothesis, Span, Value
from fewshot.text.alignment.folding import fold


@dataclass(frozen=True, slots=True)
class Proposition:
    """One thing that a value says. `key`: what makes two of them the same; `item`: as a change has it, `None` where
    saying it alone changes nothing (the start of a panel moves its neighbour)."""

    key: tuple[Any, ...]
    start: int | None
    end: int | None
    quote: str
    item: Item | None
    confidence: float | None = None


def of(value: Value, text: str) -> Iterator[Proposition]:
    """The propositions of a value: spans with their labels; of panels the starts; members with their parts."""
    if isinstance(value, Hypothesis):
        for part, members in value.roles():
            for member in members:
                item = {"part": part, "label": member.label, "text": member.text}
                key = (part, member.label, " ".join(fold(member.text).split()))
                yield Proposition(key, None, None, member.text, item, member.confidence)
        return
    for span in value:
        yield _of_span(span, text)


def _of_span(span: Span, text: str) -> Proposition:
    if span.label == PANEL:
        return Proposition((span.start,), span.start, span.end, span.cut(text), None, span.confidence)
    item: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.label}
    key = (span.start, span.end, span.label)
    return Proposition(key, span.start, span.end, span.cut(text), item, span.confidence)
