"""Merges several answers to one question: a part is kept if more than half of the answers have it.

>>> p53, mdm2 = Span(0, 3, "GENEPROD"), Span(10, 14, "GENEPROD")
>>> [(span.start, span.confidence) for span in majority([(p53, mdm2), (p53,), ()])]
[(0, 0.6666666666666666)]

The confidence of a part is the share of answers that have it. Kept spans never overlap: two spans with a majority each
occur together in at least one answer, and the spans of an answer do not overlap.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from fewshot.metrics.hypothesis import identity
from fewshot.records import HYPOTHESIS_ROLES, Hypothesis, Member, Span, Value

T = TypeVar("T", Span, Member)


def majority(values: Sequence[Value]) -> Value:
    """Returns the parts that more than half of the answers have: spans, compared with all their properties; or the
    members of a hypothesis, by role, compared without case and spacing (as they are scored)."""
    hypotheses = [value for value in values if isinstance(value, Hypothesis)]
    if hypotheses:
        voted = (
            _voted([[(identity(m), m) for m in dict(value.roles())[role]] for value in hypotheses])
            for role in HYPOTHESIS_ROLES
        )
        return Hypothesis(*voted)
    spans = [value for value in values if not isinstance(value, Hypothesis)]
    kept = _voted([[(span, span) for span in value] for value in spans])
    return tuple(sorted(kept, key=lambda span: (span.start, span.end)))


def most(answers: Sequence[Sequence[Member]]) -> tuple[Member, ...]:
    """The members that more than half of the answers have."""
    return tuple(
        replace(one, confidence=None) for one in _voted([[(identity(m), m) for m in answer] for answer in answers])
    )


def _voted(answers: Sequence[Iterable[tuple[Hashable, T]]]) -> tuple[T, ...]:
    """Returns the kept parts in order of first appearance; a part that one answer repeats counts once."""
    first: dict[Hashable, T] = {}
    counts: dict[Hashable, int] = {}
    for answer in answers:
        once: dict[Hashable, T] = {}
        for name, part in answer:
            once.setdefault(name, part)
        for name, part in once.items():
            first.setdefault(name, part)
            counts[name] = counts.get(name, 0) + 1
    return tuple(
        replace(part, confidence=counts[name] / len(answers))
        for name, part in first.items()
        if 2 * counts[name] > len(answers)
    )
