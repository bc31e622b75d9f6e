"""Entities: the surfaces that the demonstrations name, and shapes that give a label away in any text.

`p53` and `MDM2` look like genes, `Western blot` is an assay wherever it stands, `-inib` ends a drug (`shapes`, which
are tried only for labels that were asked for). An abbreviation that is given in brackets is an entity from there on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from fewshot.backends.rules import shapes
from fewshot.records import Example, Span

_DASHES = str.maketrans(dict.fromkeys("‐‑–−", "-"))
_ABBREVIATION = re.compile(r"\s?\(([A-Z][A-Za-z0-9-]{1,7})\)")


def find(text: str, shown: Sequence[Example], labels: Sequence[str]) -> tuple[Span, ...]:
    """Entities of a text with one of `labels`; what the demonstrations name wins over shapes, the longer over both."""
    text = text.translate(_DASHES)
    found = _named(text, surfaces(shown, labels), rank=0)
    for label in labels:
        rank = 1 + shapes.is_vague(label)
        found += [(start, end, rank, label) for start, end in shapes.names(label, text)]
    spans = _without_overlaps(found)
    short = _abbreviations(text, spans)
    return _without_overlaps([*found, *_named(text, short, rank=0)]) if short else spans


def _named(text: str, names: Mapping[str, str], *, rank: int) -> list[tuple[int, int, int, str]]:
    """Every place where a surface stands as a word."""
    found = []
    for surface, label in names.items():
        flags = re.IGNORECASE if len(surface) > 4 else 0
        pattern = rf"(?<![^\W_]){re.escape(surface.translate(_DASHES))}(?![^\W_])"
        found += [(m.start(), m.end(), rank, label) for m in re.finditer(pattern, text, flags)]
    return found


def _abbreviations(text: str, spans: Sequence[Span]) -> dict[str, str]:
    """What an entity is called from there on: "myocardial infarction (MI)"."""
    short: dict[str, str] = {}
    for span in spans:
        given = _ABBREVIATION.match(text, span.end)
        if given and given[1][0].lower() == text[span.start].lower():
            short.setdefault(given[1], span.label)
    return short


def surfaces(shown: Iterable[Example], labels: Sequence[str]) -> dict[str, str]:
    """The surfaces that demonstrations name, with the label that each was given first."""
    named: dict[str, str] = {}
    for example in shown:
        for span in example.entities or ():
            if span.label in labels:
                named.setdefault(span.cut(example.text), span.label)
        for _, members in example.hypothesis.roles() if example.hypothesis else ():
            for member in members:
                if member.label in labels:
                    named.setdefault(member.text, member.label)
    return named


def _without_overlaps(found: Iterable[tuple[int, int, int, str]]) -> tuple[Span, ...]:
    spans: list[Span] = []
    taken: set[int] = set()
    for start, end, _, label in sorted(found, key=lambda f: (f[0] - f[1], f[2], f[0])):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            spans.append(Span(start, end, label))
    return tuple(sorted(spans, key=lambda span: span.start))
