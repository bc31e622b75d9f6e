"""Mentions that gold lacks: a surface without a label that is labelled elsewhere. The commonest fault of such gold.

    train: "aspirin" 38 times CHEMICAL, twice nothing       the two are reported, surest first
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fewshot.audit.checks.entities.surfaces import Key, Place, Usage
from fewshot.audit.finding import Change, Finding, at
from fewshot.text.alignment.folding import fold

_SHARE = 0.6
"""Confidence from which a bare surface is reported."""
_OWN_ARTICLE = 3
"""Each mention that the same article labels counts so many times: an article means one thing by a word."""
_SURE = 0.9


def find(usages: Mapping[Key, Usage]) -> Iterator[Finding]:
    """The mentions that seem to be missed. The confidence is the share of the surface's occurrences that are labelled,
    this one aside, those of the same article counted three times, plus one half to either side."""
    for surface, usage in usages.items():
        if not usage.bare or not _tells(surface):
            continue
        for place in usage.bare:
            yield from _found(place, usage)


def _found(place: Place, usage: Usage) -> Iterator[Finding]:
    group = place.example.group
    labels = usage.by_group.get(group) or usage.labels
    label = max(labels.items(), key=lambda item: (item[1], item[0]))[0]
    near = sum((usage.by_group.get(group) or {}).values())
    bare_near = sum(other.example.group == group for other in usage.bare[:_MOST]) - 1
    yes = usage.labels.total() + (_OWN_ARTICLE - 1) * near
    no = len(usage.bare) - 1 + (_OWN_ARTICLE - 1) * max(bare_near, 0)
    confidence = (yes + 0.5) / (yes + no + 1)
    if confidence < _SHARE or yes < 2:
        return
    added = {"start": place.start, "end": place.end, "label": label}
    where = f", {near} times in this article" if near else ""
    yield at(
        place.example, "missed_mention", "warning", place.start, place.end,
        "likely" if confidence >= _SURE else "possible",
        f"labelled {label} {usage.labels[label]} times elsewhere{where}; bare {len(usage.bare)} times",
        Change("entities", (), (added,)), confidence,
    )  # fmt: skip


_MOST = 1000


def _tells(surface: Key) -> bool:
    """Whether a surface has a letter: numbers and signs mean anything."""
    return any(sign.isalpha() for sign in fold("".join(surface)))
