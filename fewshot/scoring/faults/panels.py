"""Faults of panels: merged, split, cut at another place, with other letters, missed, made up.

Ends are cut before tails ("Data information: …"), as in scoring. A predicted panel is merged if most of two or more
gold panels lies in it; a gold panel is split if most of two or more predicted ones lies in it. Letters are compared
only where the extents are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from fewshot.records import Example, Span
from fewshot.scoring.faults import Answered, Fault, FaultKind, Part
from fewshot.scoring.faults.pairing import best_pairs, overlapping
from fewshot.tasks import Case, spans_of
from fewshot.text.legend import cut_tail, is_printed
from fewshot.text.spans import Extent


def examine(case: Case) -> Answered:
    """Returns hits and faults of one legend."""
    gold, predicted = (_by_extent(spans_of(value), case.example.text) for value in (case.gold, case.predicted))

    def part(extent: Extent, spans: Mapping[Extent, Span]) -> Part:
        return Part.of_span(spans[extent], case.example.text)

    def fault(kind: FaultKind, ours: Sequence[Extent] = (), theirs: Sequence[Extent] = ()) -> Fault:
        return Fault(
            kind,
            tuple(part(extent, gold) for extent in ours),
            tuple(part(extent, predicted) for extent in theirs),
        )

    same = [extent for extent in gold if extent in predicted]
    hits = [extent for extent in same if _same_letters(case.example, gold[extent], predicted[extent])]
    faults = [fault("wrong_label", [extent], [extent]) for extent in same if extent not in hits]
    ours = [extent for extent in gold if extent not in predicted]
    theirs = [extent for extent in predicted if extent not in gold]
    for whole, parts in _holding(theirs, ours):
        faults.append(fault("merged", parts, [whole]))
        theirs.remove(whole)
        ours = [extent for extent in ours if extent not in parts]
    for whole, parts in _holding(ours, theirs):
        faults.append(fault("split", [whole], parts))
        ours.remove(whole)
        theirs = [extent for extent in theirs if extent not in parts]
    pairs = best_pairs(ours, theirs)
    faults += [fault("wrong_boundary", [ours[one]], [theirs[other]]) for one, other in pairs]
    left, right = {one for one, _ in pairs}, {other for _, other in pairs}
    faults += [fault("missed", [extent]) for at, extent in enumerate(ours) if at not in left]
    faults += [fault("made_up", [], [extent]) for at, extent in enumerate(theirs) if at not in right]
    faults.sort(key=lambda one: (one.gold or one.predicted)[0].start or 0)
    return Answered(tuple(part(extent, gold) for extent in hits), tuple(faults))


def _by_extent(spans: Sequence[Span], text: str) -> dict[Extent, Span]:
    ordered = sorted(spans, key=lambda span: (span.start, span.end))
    return {(span.start, cut_tail(text, span.start, span.end)): span for span in ordered}


def _holding(wholes: Sequence[Extent], parts: Sequence[Extent]) -> list[tuple[Extent, list[Extent]]]:
    """Returns the extents that hold most of two or more others, with those."""
    held: dict[int, list[Extent]] = {}
    for shared, whole, part in overlapping(wholes, parts):
        if 2 * shared > parts[part][1] - parts[part][0]:
            held.setdefault(whole, []).append(parts[part])
    return [(wholes[whole], within) for whole, within in held.items() if len(within) > 1]


def _same_letters(example: Example, gold: Span, predicted: Span) -> bool:
    """Whether two panels have the same letters, without those that scoring passes over: gold letters that are not
    printed in the segment, and predicted ones that the legend only mentions inside a panel."""
    if gold.labels is None:
        return True
    surface = gold.cut(example.text)
    passed = {label.upper() for label in example.inline_labels or ()}
    passed |= {label.upper() for label in gold.labels if not is_printed(label, surface)}
    ours = Counter(label.upper() for label in gold.labels if is_printed(label, surface))
    theirs = Counter(label.upper() for label in predicted.labels or ())
    return not ours - theirs and not (theirs - ours).keys() - passed
