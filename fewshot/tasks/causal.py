"""CAUSAL: what was tested for its influence on what, by which assay?

"Western blot of p53 in nutlin-treated cells" → intervention `nutlin` SMALL_MOLECULE, observation `p53` GENEPROD,
assay `Western blot` EXP_ASSAY. Alternatives are sets; the data do not pair interventions with observations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fewshot.metrics import Tally
from fewshot.metrics.formulas import Formula
from fewshot.records import Example, Hypothesis, Kind, Member, Value
from fewshot.tasks import Case, Task
from fewshot.text import sourcedata


class Causal(Task):
    """The hypothesis that a panel tests."""

    name = "causal"
    kind: Kind = "hypothesis"
    known_labels: tuple[str, ...] = sourcedata.LABELS
    default_format = "sentence"
    headline: tuple[str, ...] = (
        "members.micro.f1", "interventions.f1", "observations.f1", "assays.f1", "exact.accuracy",
    )  # fmt: skip

    def gold(self, example: Example) -> Value | None:
        """Returns the hypothesis."""
        return example.hypothesis

    def labels(self, value: Value) -> frozenset[str]:
        """Returns the types of the members."""
        return frozenset(member.label for _, members in _hypothesis(value).roles() for member in members)

    def restrict(self, value: Value, labels: Sequence[str]) -> Value:
        """Returns the members of one of these types."""

        def kept(members: tuple[Member, ...]) -> tuple[Member, ...]:
            return tuple(member for member in members if member.label in labels)

        return Hypothesis(*(kept(members) for _, members in _hypothesis(value).roles()))

    def empty(self) -> Value:
        """Nothing was tested."""
        return Hypothesis()

    def tally(self, case: Case) -> Tally:
        """Returns the counts of one example (`fewshot.metrics.hypothesis`)."""
        from fewshot.metrics import hypothesis

        return hypothesis.tally(_hypothesis(case.gold), _hypothesis(case.predicted))

    def formulas(self, labels: Sequence[str]) -> Mapping[str, Formula]:
        """Returns scores by role, together and whole."""
        from fewshot.metrics import hypothesis

        return hypothesis.formulas()


def _hypothesis(value: Value) -> Hypothesis:
    if not isinstance(value, Hypothesis):
        raise TypeError("a value of the causal task is a hypothesis")
    return value


TASK = Causal()
