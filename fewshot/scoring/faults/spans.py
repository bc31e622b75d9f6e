"""Faults of entities, and of the roles of entities.

A pair with the same edges differs in its label (or role). Of the rest, parts that overlap are paired: first those of
one label (`wrong_boundary`), then any (`wrong_label`: edges may differ too).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from fewshot.records import Span
from fewshot.scoring.faults import Answered, Fault, FaultKind, Part
from fewshot.scoring.faults.pairing import best_pairs
from fewshot.tasks import Case, spans_of


def examine(case: Case, *, roles: bool) -> Answered:
    """Returns hits and faults; `roles`: whether the role is what is asked for."""
    text = case.example.text
    gold = _once(spans_of(case.gold), roles=roles)
    predicted = gold if case.gold == case.predicted else _once(spans_of(case.predicted), roles=roles)
    hits = gold.keys() & predicted.keys()
    ours = [span for key, span in gold.items() if key not in hits]
    theirs = [span for key, span in predicted.items() if key not in hits]
    pairs: list[tuple[FaultKind, Span, Span]] = []
    if ours and theirs:
        steps: tuple[tuple[FaultKind, Callable[[Span], Hashable]], ...] = (
            ("wrong_label", lambda span: (span.start, span.end)),
            ("wrong_boundary", lambda span: (span.label, span.role if roles else None)),
            ("wrong_label", lambda span: None),
        )
        for kind, same in steps:
            found = _paired(ours, theirs, same)
            pairs += [(kind, one, other) for one, other in found]
            taken = {id(span) for pair in found for span in pair}
            ours, theirs = ([span for span in spans if id(span) not in taken] for spans in (ours, theirs))

    def part(span: Span) -> Part:  # the role of an entity is part of its name only where roles are asked for
        return Part.of_span(span, text) if roles else Part(span.label, span.cut(text), span.start, span.end)

    faults = [Fault(kind, (part(one),), (part(other),)) for kind, one, other in pairs]
    faults += [Fault("missed", gold=(part(span),)) for span in ours]
    faults += [Fault("made_up", predicted=(part(span),)) for span in theirs]
    faults.sort(key=_place)
    return Answered(tuple(part(span) for key, span in gold.items() if key in hits), tuple(faults))


def _paired(ours: Sequence[Span], theirs: Sequence[Span], same: Callable[[Span], Hashable]) -> list[tuple[Span, Span]]:
    """Returns the pairs that overlap, among those that share a property."""
    groups: dict[Hashable, tuple[list[Span], list[Span]]] = {}
    for side, spans in enumerate((ours, theirs)):
        for span in spans:
            groups.setdefault(same(span), ([], []))[side].append(span)
    found = []
    for left, right in groups.values():
        found += [(left[one], right[other]) for one, other in best_pairs(_extents(left), _extents(right))]
    return found


def _once(spans: Sequence[Span], *, roles: bool) -> dict[Hashable, Span]:
    """The spans in the order of the text, by what makes them the same in scoring; a repeated one counts once."""
    ordered = sorted(spans, key=lambda span: (span.start, span.end))
    return {(span.start, span.end, span.label, span.role if roles else None): span for span in ordered}


def _extents(spans: Sequence[Span]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in spans]


def _place(fault: Fault) -> tuple[int, int]:
    first = (fault.gold or fault.predicted)[0]
    return first.start or 0, first.end or 0
