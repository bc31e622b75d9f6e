"""NER: are the entities of gold names, whole ones, all of them, and always called the same?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence

from fewshot.audit.checks import Check
from fewshot.audit.checks.entities import conflicts, edges, missed, strays
from fewshot.audit.checks.entities.contexts import Contexts
from fewshot.audit.checks.entities.surfaces import usages
from fewshot.audit.finding import Finding, at
from fewshot.records import Example, Span

_RARE = 5
"""Mentions below which nothing can be said of a label."""


class Entities(Check):
    """The entities of a data set."""

    field = "entities"

    def across(self, examples: Sequence[Example], doubtful: Collection[str]) -> Iterator[Finding]:
        """Missed mentions first, then labels that differ, then edges; notes on rare labels."""
        labelled = [example for example in examples if example.entities is not None]
        if not labelled:
            return
        usage = usages(labelled)
        yield from missed.find(usage, Contexts(labelled, usage))
        yield from conflicts.find(labelled, usage)
        yield from strays.find(labelled, usage)
        for example in labelled:
            yield from edges.find(example, usage)
        yield from _balance(labelled)


def _balance(examples: Sequence[Example]) -> Iterator[Finding]:
    """Labels that are rare, or that a split lacks; each is named once, at its first mention."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    first: dict[str, tuple[Example, Span]] = {}
    for example in examples:
        for span in example.entities or ():
            counts[span.label][example.split or ""] += 1
            first.setdefault(span.label, (example, span))
    splits = {example.split or "" for example in examples if example.entities}
    for label, count in counts.items():
        lacking = sorted(splits - count.keys())
        if count.total() >= _RARE and not lacking:
            continue
        example, span = first[label]
        reason = f"{label} has {count.total()} mentions" + (f", none in {', '.join(lacking)}" if lacking else "")
        yield at(example, "label_balance", "note", span.start, span.end, "certain", reason)


CHECK = Entities()
