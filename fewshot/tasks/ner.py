"""NER: which entities does the legend name?

"(A) Western blot of p53" → `Western blot` EXP_ASSAY, `p53` GENEPROD. Labels of SourceData
(https://huggingface.co/datasets/EMBO/SourceData); any other set of labels is taken from the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fewshot.metrics import Tally
from fewshot.metrics.formulas import Formula
from fewshot.records import Example, Kind, Value
from fewshot.tasks import Case, Task, spans_of
from fewshot.text import sourcedata


class Ner(Task):
    """Entities of a text."""

    name = "ner"
    kind: Kind = "entities"
    known_labels: tuple[str, ...] = sourcedata.LABELS
    default_format = "copy_tag"
    headline: tuple[str, ...] = ("strict.micro.f1", "strict.macro.f1", "relaxed.micro.f1", "boundary.micro.f1")

    def gold(self, example: Example) -> Value | None:
        """Returns the entities; roles are a task of their own."""
        return example.entities

    def labels(self, value: Value) -> frozenset[str]:
        """Returns the entity labels that occur."""
        return frozenset(span.label for span in spans_of(value))

    def restrict(self, value: Value, labels: Sequence[str]) -> Value:
        """Returns the entities with one of `labels`."""
        return tuple(span for span in spans_of(value) if span.label in labels)

    def empty(self) -> Value:
        """No entity."""
        return ()

    def tally(self, case: Case) -> Tally:
        """Returns the counts of one example (`fewshot.metrics.spans`)."""
        from fewshot.metrics import spans

        return spans.tally(spans_of(case.gold), spans_of(case.predicted), text=case.example.text)

    def formulas(self, labels: Sequence[str]) -> Mapping[str, Formula]:
        """Returns strict, relaxed, boundary and names scores."""
        from fewshot.metrics import spans

        return spans.formulas(labels)


TASK = Ner()
