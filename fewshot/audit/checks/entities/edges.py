"""Edges of entities that cut a word, or carry a sign or a small word that is none of the name.

"estern blot" of "Western blot"       cut_word
"p53," and "(MDM2"                    edge_punctuation
"of actin"                            edge_word
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from fewshot.audit.checks.entities.surfaces import Key, Usage, key
from fewshot.audit.finding import Certainty, Change, Finding, at
from fewshot.records import Example, Span
from fewshot.text.spans import trimmed

_SMALL_WORDS = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "of", "on", "or", "the", "to", "was", "were",
     "with")
)  # fmt: skip
_OPENS, _CLOSES = "([{", ")]}"
_NEVER_FIRST, _NEVER_LAST = frozenset(",;:.!?)]}"), frozenset(",;:!?([{")


def find(example: Example, usages: Mapping[Key, Usage]) -> Iterator[Finding]:
    """What is wrong with the edges of an example's entities."""
    spans = example.entities or ()
    for number, span in enumerate(spans):
        low = spans[number - 1].end if number else 0
        high = spans[number + 1].start if number + 1 < len(spans) else len(example.text)
        doubt = (
            _cut(example, span, usages, low, high)
            or _signs(example, span, usages)
            or _small_word(example, span, usages)
        )
        if doubt is not None:
            yield doubt


def as_json(span: Span) -> dict[str, object]:
    """An entity as a change has it."""
    row: dict[str, object] = {"start": span.start, "end": span.end, "label": span.label}
    return row if span.role is None else row | {"role": span.role}


def _cut(example: Example, span: Span, usages: Mapping[Key, Usage], low: int, high: int) -> Finding | None:
    """An edge between two letters of a word. Spindly in "SpindlyWT" is fine if Spindly is a name elsewhere."""
    text, start, end = example.text, span.start, span.end
    while low < start and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while end < high and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    if (start, end) == (span.start, span.end) or _is_known(usages, span.cut(text), span.label, least=2):
        return None
    whole = replace(span, start=start, end=end)
    sure: Certainty = "certain" if _is_known(usages, whole.cut(text), span.label) else "possible"
    change = Change("entities", (as_json(span),), (as_json(whole),))
    reason = f"cuts the word {text[start:end]}"
    return at(example, "cut_word", "warning", span.start, span.end, sure, reason, change)


def _signs(example: Example, span: Span, usages: Mapping[Key, Usage]) -> Finding | None:
    """Signs at the edges that belong to the sentence: commas, brackets without their partner, a full stop behind what
    is a name without it."""
    text, start, end = example.text, span.start, span.end
    while start < end:
        surface = text[start:end]
        if surface[0] in _NEVER_FIRST or (surface[0] in _OPENS and _lacks_partner(surface, 0)):
            start += 1
        elif surface[-1] in _NEVER_LAST or (surface[-1] in _CLOSES and _lacks_partner(surface, len(surface) - 1)):
            end -= 1
        else:
            break
    bare = text[start : end - 1]
    if (
        text[end - 1] == "."
        and _is_known(usages, bare, span.label)
        and not _is_known(usages, f"{bare}.", span.label, 2)
    ):
        end -= 1
    extent = trimmed(text, start, end)
    if extent is None or extent == (span.start, span.end):
        return None
    change = Change("entities", (as_json(span),), (as_json(replace(span, start=extent[0], end=extent[1])),))
    reason = "carries a sign that is not part of the name"
    return at(example, "edge_punctuation", "warning", span.start, span.end, "certain", reason, change)


def _lacks_partner(surface: str, place: int) -> bool:
    """Whether the bracket at a place has no partner in the surface."""
    sign = surface[place]
    kind = (_OPENS + _CLOSES).index(sign) % len(_OPENS)
    return surface.count(_OPENS[kind]) != surface.count(_CLOSES[kind])


def _small_word(example: Example, span: Span, usages: Mapping[Key, Usage]) -> Finding | None:
    """A small word at an edge, where the name without it is known."""
    surface = span.cut(example.text)
    words = surface.split()
    if len(words) < 2:
        return None
    start = span.start + (surface.index(words[1], len(words[0])) if words[0].lower() in _SMALL_WORDS else 0)
    end = span.end - (len(surface) - len(surface[: -len(words[-1])].rstrip()) if words[-1] in _SMALL_WORDS else 0)
    if (start, end) == (span.start, span.end) or start >= end:
        return None
    if _is_known(usages, surface, span.label, least=2) or not _is_known(usages, example.text[start:end], span.label):
        return None
    change = Change("entities", (as_json(span),), (as_json(replace(span, start=start, end=end)),))
    reason = f"{example.text[start:end]} is a name elsewhere, without the small word"
    return at(example, "edge_word", "warning", span.start, span.end, "certain", reason, change)


def _is_known(usages: Mapping[Key, Usage], surface: str, label: str, least: int = 1) -> bool:
    usage = usages.get(key(surface))
    return usage is not None and usage.labels[label] >= least
