"""Several answers to one question become one: what more than half of them say, with the share that says it.

>>> p53, mdm2 = Span(0, 3, "GENEPROD"), Span(10, 14, "GENEPROD")
>>> [(span.start, span.confidence) for span in majority([(p53, mdm2), (p53,), ()])]
[(0, 0.6666666666666666)]

What more than half say never overlaps: two overlapping spans would have to stand in one and the same answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from fewshot.metrics.hypothesis import identity
from fewshot.records import HYPOTHESIS_ROLES, Hypothesis, Member, Span, Value

T = TypeVar("T", Span, Member)


def majority(values: Sequence[Value]) -> Value:
    """The value that more than half of the answers have, part by part: spans with all that they bear; the members of
    a hypothesis by role, whatever their case and spacing (as they are scored)."""
    hypotheses = [value for value in values if isinstance(value, Hypothesis)]
    if hypotheses:
        voted = (
            _voted([[(identity(m), m) for m in dict(value.roles())[role]] for value in hypotheses])
            for role in HYPOTHESIS_ROLES
        )
        return Hypothesis(*voted)
    spans = [value for value in values if not isinstance(value, Hypothesis)]
    found = _voted([[(span, span) for span in value] for value in spans])
    return tuple(sorted(found, key=lambda span: (span.start, span.end)))


def most(answers: Sequence[Sequence[Member]]) -> tuple[Member, ...]:
    """The members that more than half of the answers have."""
    return tuple(
        replace(one, confidence=None) for one in _voted([[(identity(m), m) for m in answer] for answer in answers])
    )


def _voted(answers: Sequence[Iterable[tuple[Hashable, T]]]) -> tuple[T, ...]:
    """In order of first appearance; said twice in one answer is said once."""
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
