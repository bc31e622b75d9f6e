"""Panel scores: starts, spans, labels, whole legends.

starts   same first character
spans    same first character and same end, both ends cut before a tail ("Data information: …"), which
         belongs to no panel and to every panel
labels   the multiset of (legend, label), without regard to case. Neutral, neither right nor wrong, and counted:
         letters that the legend only mentions inside another panel, and gold letters that are not printed
         in their segment. A gold panel without known labels is left out, with the predictions that overlap it
exact    the whole legend: all spans, each with its labels
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fewshot.metrics import Tally, add
from fewshot.metrics.formulas import Formula, accuracy, evaluated, prf
from fewshot.records import Example, Span
from fewshot.text.legend import cut_tail, is_printed
from fewshot.text.spans import overlaps


def tally(example: Example, gold: Sequence[Span], predicted: Sequence[Span]) -> Tally:
    """Returns the counts of one legend. A panel that is predicted twice counts once."""
    predicted = list(dict.fromkeys(predicted))
    ours, theirs = _cut(example.text, gold), _cut(example.text, predicted)
    starts, their_starts = {start for start, _ in ours}, {start for start, _ in theirs}
    right, guessed, there, neutral = _labels(example, gold, predicted)
    whole = ours == theirs and right == guessed == there
    return {
        "starts": (len(starts & their_starts), len(their_starts), len(starts)),
        "spans": (len(ours & theirs), len(theirs), len(ours)),
        "labels": (right, guessed, there),
        "neutral": (neutral, 0, 0),
        "exact": (int(whole), 1, 1),
    }


def formulas() -> dict[str, Formula]:
    """Returns all scores of panelization, in a fixed order."""
    return {
        **prf("starts", "starts"),
        **prf("spans", "spans"),
        **prf("labels", "labels"),
        "labels.neutral": Formula("hits", ("neutral",)),
        **accuracy("exact", "exact"),
    }


def scores(tallies: Sequence[Tally]) -> dict[str, float]:
    """Returns all scores of panelization, unrounded, in a fixed order."""
    return evaluated(formulas(), add(tallies))


def _cut(text: str, spans: Sequence[Span]) -> set[tuple[int, int]]:
    return {(span.start, cut_tail(text, span.start, span.end)) for span in spans}


def _labels(example: Example, gold: Sequence[Span], predicted: Sequence[Span]) -> tuple[int, int, int, int]:
    """Returns the numbers of hits, predicted, gold and neutral letters of one legend."""
    unknown = [(span.start, span.end) for span in gold if span.labels is None]
    theirs: Counter[str] = Counter()
    for span in predicted:
        if not overlaps(span.start, span.end, unknown):
            theirs.update(label.upper() for label in span.labels or ())
    ours: Counter[str] = Counter()
    neutral = Counter({label.upper(): theirs[label.upper()] for label in example.inline_labels or ()})
    unprinted = 0
    for span in gold:
        for label in span.labels or ():
            if is_printed(label, span.cut(example.text)):
                ours[label.upper()] += 1
            else:
                unprinted += 1
                neutral[label.upper()] = max(neutral[label.upper()], 1)
    counted: Counter[str] = Counter()
    passed = 0
    for label, n in theirs.items():
        right = min(n, ours[label])
        forgiven = min(n - right, neutral[label])
        counted[label] = n - forgiven
        passed += forgiven
    hits = sum((counted & ours).values())
    return hits, counted.total(), ours.total(), unprinted + passed
