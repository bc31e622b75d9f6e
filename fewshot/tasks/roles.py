"""ROLES: which gene products and small molecules were changed on purpose, which were measured?

"p53 in nutlin-treated cells", entities given → `nutlin` CONTROLLED_VAR, `p53` MEASURED_VAR. The question names the
entities: the gold entities (oracle), or the predictions of another run (end to end).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fewshot.metrics import Tally
from fewshot.metrics.formulas import Formula
from fewshot.records import NO_ROLE, Example, Kind, Span, Value
from fewshot.tasks import Case, Task, spans_of
from fewshot.text.sourcedata import ROLES, WITH_ROLES


class Roles(Task):
    """Roles of given entities."""

    name = "roles"
    kind: Kind = "roles"
    known_labels: tuple[str, ...] = ROLES
    default_format = "list"
    headline: tuple[str, ...] = (
        "strict.micro.f1", "strict.role.CONTROLLED_VAR.f1", "strict.role.MEASURED_VAR.f1",
    )  # fmt: skip

    def gold(self, example: Example) -> Value | None:
        """Returns the entities that have a role; `None` (unlabelled) if no entity states whether it has one."""
        if example.entities is None or all(span.role is None for span in example.entities):
            return None
        return tuple(span for span in example.entities if span.label in WITH_ROLES and span.role)

    def given(self, example: Example) -> tuple[Span, ...]:
        """Returns the entities whose role is asked for, without their roles."""
        entities = example.entities or ()
        return tuple(replace(span, role=None) for span in entities if span.label in WITH_ROLES)

    def labels(self, value: Value) -> frozenset[str]:
        """Returns the roles that occur."""
        return frozenset(span.role for span in spans_of(value) if span.role)

    def restrict(self, value: Value, labels: Sequence[str]) -> Value:
        """Returns the entities with one of these roles."""
        return tuple(span for span in spans_of(value) if span.role != NO_ROLE and span.role in labels)

    def empty(self) -> Value:
        """No entity has a role."""
        return ()

    def tally(self, case: Case) -> Tally:
        """Returns the counts of one example (`fewshot.metrics.spans`)."""
        from fewshot.metrics import spans

        return spans.tally(spans_of(case.gold), spans_of(case.predicted), roles=True)

    def formulas(self, labels: Sequence[str]) -> Mapping[str, Formula]:
        """Returns scores by role and by label; span, label and role must match."""
        from fewshot.metrics import spans

        return spans.role_formulas(labels, WITH_ROLES)


TASK = Roles()
