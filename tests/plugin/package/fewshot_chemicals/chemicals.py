"""CHEMICALS: which small molecules does the legend name?

"Cells treated with nutlin" → `nutlin` CHEMICAL. The gold is part of a record's entities, under a label of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fewshot.metrics import spans
from fewshot.records import Example, Kind, Span, Value
from fewshot.tasks import Case, Task, spans_of

CHEMICAL = "CHEMICAL"


class Chemicals(Task):
    """Small molecules of a text."""

    name = "chemicals"
    kind: Kind = "entities"
    known_labels: tuple[str, ...] = (CHEMICAL,)
    default_format = "brackets"
    headline: tuple[str, ...] = ("strict.micro.f1", "relaxed.micro.f1")

    def gold(self, example: Example) -> Value | None:
        """The small molecules among the entities, and what bears the task's own label already."""
        if example.entities is None:
            return None
        labels = ("SMALL_MOLECULE", CHEMICAL)
        return tuple(Span(span.start, span.end, CHEMICAL) for span in example.entities if span.label in labels)

    def labels(self, value: Value) -> frozenset[str]:
        """The labels that occur."""
        return frozenset(span.label for span in spans_of(value))

    def restrict(self, value: Value, labels: Sequence[str]) -> Value:
        """The spans with one of `labels`."""
        return tuple(span for span in spans_of(value) if span.label in labels)

    def empty(self) -> Value:
        """No chemical."""
        return ()

    def score(self, cases: Sequence[Case], labels: Sequence[str]) -> Mapping[str, float]:
        """Scores of spans."""
        tallies = [spans.tally(spans_of(case.gold), spans_of(case.predicted)) for case in cases]
        return spans.scores(tallies, labels)


TASK = Chemicals()
