"""What the words around a known surface say of it: does gold label what stands before "receptor"?

    "5-HT receptor", "GABA receptor", "oxygen species" bare again and again      such neighbours make a name part of
                                                                                another one: the bare mention is no slip

Counts of the words next to labelled mentions and next to bare ones, each mention judged by all others: what the
annotators do as a rule is not reported as their fault.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from fewshot.audit.checks.entities.surfaces import Key, Place, Usage, key
from fewshot.records import Example

_NEXT = re.compile(r"\s*([^\W_]+|[^\w\s])")
_NEAR = 40
_SMOOTHING = 20.0
"""Mentions that a word's general frequency stands for, beside those that were seen with it."""
_MOST = 10.0
"""One neighbour makes a mention at most so many times less likely to be labelled; none makes it likelier: that names
are often followed by "of" does not make a name of the next word before "of"."""
_USUAL = 0.5
"""Surfaces that are labelled less often than this say nothing about their neighbours."""


class Contexts:
    """Counts of the words next to known surfaces."""

    def __init__(self, examples: Iterable[Example], usages: Mapping[Key, Usage]) -> None:
        self._labelled, self._bare = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        known = {surface for surface, usage in usages.items() if _share(usage) >= _USUAL}
        self._names = self._slips = 0
        for example in examples:
            for span in example.entities or ():
                if key(span.cut(example.text)) in known:
                    self._names += 1
                    self._labelled.update(_neighbours(example.text, span.start, span.end))
        for surface in known:
            for place in usages[surface].bare:
                self._slips += 1
                self._bare.update(_neighbours(place.example.text, place.start, place.end))

    def odds(self, place: Place) -> float:
        """The factor, at most 1, by which its neighbours lower the odds that a mention should be labelled."""
        ratio = 1.0
        for neighbour in _neighbours(place.example.text, place.start, place.end):
            labelled, bare = self._labelled[neighbour], max(self._bare[neighbour] - 1, 0)  # this one aside
            general = _SMOOTHING * (labelled + bare) / max(self._names + self._slips - 1, 1)
            if not general:
                continue
            given_name = (labelled + general) / (self._names + _SMOOTHING)
            given_slip = (bare + general) / (max(self._slips - 1, 0) + _SMOOTHING)
            ratio *= min(max(given_name / given_slip, 1 / _MOST), 1.0)
        return ratio


def _share(usage: Usage) -> float:
    return usage.labels.total() / (usage.labels.total() + len(usage.bare))


def _neighbours(text: str, start: int, end: int) -> Sequence[tuple[str, str]]:
    """The word or sign before and behind, each with its side."""
    # Backwards: an expression that ends at a place is looked for from every place before it.
    behind, before = _NEXT.match(text, end), _NEXT.match(text[max(0, start - _NEAR) : start][::-1])
    return (
        ("before", before[1][::-1].lower() if before else ""),
        ("behind", behind[1].lower() if behind else ""),
    )
