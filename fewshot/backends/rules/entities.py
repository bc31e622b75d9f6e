"""Finds entities: surfaces that the demonstrations name, and shapes that suggest a label in any text (`shapes`).

`p53` and `MDM2` look like genes, `Western blot` is an assay wherever it stands, `-inib` ends the name of a drug. An
abbreviation that an entity introduces in brackets, "myocardial infarction (MI)", is an entity from there on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from fewshot.backends.rules import shapes
from fewshot.records import Example, Span

# Publishers write "IL-6" with any dash; all of these are one character, so that offsets stay.
_DASHES = str.maketrans(dict.fromkeys("‐‑–−", "-"))
_ABBREVIATION = re.compile(r"\s?\(([A-Z][A-Za-z0-9-]{1,7})\)")  # 2 to 8 characters: longer ones are words
_ANY_CASE = 5  # characters from which on case is ignored: "Actin" is "actin", but "CAT" is not "cat"


def find(text: str, shown: Sequence[Example], labels: Sequence[str]) -> tuple[Span, ...]:
    """Returns the entities of a text with one of `labels`.

    Where candidates overlap the longest wins; between equally long ones a surface from the demonstrations wins over a
    shape, and a clear shape over a vague one.
    """
    text = text.translate(_DASHES)
    candidates = _named(text, surfaces(shown, labels), rank=0)
    for label in labels:
        rank = 1 + shapes.is_vague(label)
        candidates += [(start, end, rank, label) for start, end in shapes.names(label, text)]
    spans = _without_overlaps(candidates)
    short = _abbreviations(text, spans)
    return _without_overlaps([*candidates, *_named(text, short, rank=0)]) if short else spans


def _named(text: str, names: Mapping[str, str], *, rank: int) -> list[tuple[int, int, int, str]]:
    """Returns `(start, end, rank, label)` for every occurrence of a surface as a whole word."""
    occurrences = []
    for surface, label in names.items():
        flags = re.IGNORECASE if len(surface) >= _ANY_CASE else 0
        # Not \b: an underscore separates words here, and "p53-null" holds the word "p53".
        pattern = rf"(?<![^\W_]){re.escape(surface.translate(_DASHES))}(?![^\W_])"
        occurrences += [(m.start(), m.end(), rank, label) for m in re.finditer(pattern, text, flags)]
    return occurrences


def _abbreviations(text: str, spans: Sequence[Span]) -> dict[str, str]:
    """Returns the abbreviations that entities introduce, with their labels."""
    short: dict[str, str] = {}
    for span in spans:
        match = _ABBREVIATION.match(text, span.end)
        if match and match[1][0].lower() == text[span.start].lower():  # "(MI)" yes, "(Figure)" no
            short.setdefault(match[1], span.label)
    return short


def surfaces(shown: Iterable[Example], labels: Sequence[str]) -> dict[str, str]:
    """Returns the surfaces that demonstrations name, each with the first label that it is given."""
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


def _without_overlaps(candidates: Iterable[tuple[int, int, int, str]]) -> tuple[Span, ...]:
    """Keeps the longest candidates that do not overlap; among equally long ones the lowest rank, then the first."""
    spans: list[Span] = []
    taken: set[int] = set()
    for start, end, _, label in sorted(candidates, key=lambda c: (c[0] - c[1], c[2], c[0])):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            spans.append(Span(start, end, label))
    return tuple(sorted(spans, key=lambda span: span.start))
