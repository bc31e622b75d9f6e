"""PANELIZATION: where does each panel's text begin and end, and which letters does it have?

"(A) Blot of p53. (B–C) Same." → `(A) Blot of p53.` A and `(B–C) Same.` B, C. One segment may cover several panels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fewshot.metrics import Tally
from fewshot.metrics.formulas import Formula
from fewshot.records import PANEL, Example, Kind, Value
from fewshot.tasks import Case, Task, Unit, spans_of
from fewshot.text import legend


class Panelization(Task):
    """Panels of a figure legend."""

    name = "panelization"
    kind: Kind = "panels"
    known_labels: tuple[str, ...] = (PANEL,)
    default_format = "copy_tag"
    unit: Unit = "figure"
    headline: tuple[str, ...] = ("starts.f1", "spans.f1", "labels.f1", "exact.accuracy")

    def gold(self, example: Example) -> Value | None:
        """The panels."""
        return example.panels

    def labels(self, value: Value) -> frozenset[str]:
        """Returns the only label."""
        return frozenset((PANEL,))

    def restrict(self, value: Value, labels: Sequence[str]) -> Value:
        """Returns the value unchanged: panels have only one label."""
        return value

    def empty(self) -> Value:
        """No panel."""
        return ()

    def completed(self, value: Value, text: str) -> Value:
        """Returns the panels with the letters at their start."""
        return tuple(replace(span, labels=legend.leading_letters(span.cut(text))) for span in spans_of(value))

    def shows(self, value: Value, text: str) -> frozenset[str]:
        """Returns the styles of the letters: `(A)` and `A.` are two styles, and `(A–C)` is a third."""
        letters = (legend.leading_label(text, span.start) for span in spans_of(value))
        return frozenset("no letter" if label is None else _style(label) for label in letters)

    def tally(self, case: Case) -> Tally:
        """Returns the counts of one example (`fewshot.metrics.panels`)."""
        from fewshot.metrics import panels

        return panels.tally(case.example, spans_of(case.gold), spans_of(case.predicted))

    def formulas(self, labels: Sequence[str]) -> Mapping[str, Formula]:
        """Returns scores of starts, spans, letters and whole legends."""
        from fewshot.metrics import panels

        return panels.formulas()


def _style(label: legend.Label) -> str:
    return f"{label.style} list" if len(label.labels) > 1 else label.style


TASK = Panelization()
