"""PANELIZATION: where does each panel's text begin and end, and which letters does it bear?

"(A) Blot of p53. (B–C) Same." → `(A) Blot of p53.` A and `(B–C) Same.` B, C. One segment may cover several panels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fewshot.records import PANEL, Example, Kind, Span, Value
from fewshot.tasks import Case, spans_of


class Panelization:
    """Panels of a figure legend."""

    name = "panelization"
    kind: Kind = "panels"
    known_labels: tuple[str, ...] = (PANEL,)
    default_format = "copy_tag"
    headline: tuple[str, ...] = ("starts.f1", "spans.f1", "labels.f1", "exact.accuracy")

    def gold(self, example: Example) -> Value | None:
        """The panels."""
        return example.panels

    def given(self, example: Example) -> tuple[Span, ...]:
        """Nothing: the question is asked of the text alone."""
        return ()

    def labels(self, value: Value) -> frozenset[str]:
        """The one label there is."""
        return frozenset((PANEL,))

    def restrict(self, value: Value, labels: Sequence[str]) -> Value:
        """Everything: panels are not told apart by label."""
        return value

    def empty(self) -> Value:
        """No panel."""
        return ()

    def score(self, cases: Sequence[Case], labels: Sequence[str]) -> Mapping[str, float]:
        """Scores of starts, spans, letters and whole legends (`fewshot.metrics.panels`)."""
        from fewshot.metrics import panels

        tallies = [panels.tally(case.example, spans_of(case.gold), spans_of(case.predicted)) for case in cases]
        return panels.scores(tallies)


TASK = Panelization()
