"""A hypothesis: entities, and the role that the words around each of them give away.

Assays are what an entity's label says; of the other entities, those that were changed are interventions, those that
were looked at observations.
"""

from __future__ import annotations

from collections.abc import Sequence

from fewshot.backends.rules import entities, roles
from fewshot.records import Example, Hypothesis, Member
from fewshot.text.sourcedata import ASSAY, CONTROLLED, MEASURED

_SETTING = ("CELL_LINE", "CELL_TYPE", "ORGANISM", "TISSUE")  # where an experiment is done; hardly ever what it is about


def find(text: str, shown: Sequence[Example], labels: Sequence[str]) -> Hypothesis:
    """What a panel tests, as far as its words give it away."""
    found: dict[str, dict[Member, None]] = {CONTROLLED: {}, MEASURED: {}, ASSAY: {}}
    taught = _taught(shown)
    for span in entities.find(text, shown, labels):
        surface = span.cut(text)
        if span.label == ASSAY:
            role: str | None = ASSAY
        elif span.label in _SETTING:
            role = taught.get(surface.lower())
        else:
            role = roles.role_of(text, span) or taught.get(surface.lower()) or roles.USUAL.get(span.label, MEASURED)
        if role is not None:
            found[role][Member(span.label, surface)] = None
    return Hypothesis(*(tuple(members) for members in found.values()))


def _taught(shown: Sequence[Example]) -> dict[str, str]:
    taught: dict[str, str] = {}
    for example in shown:
        if example.hypothesis is not None:
            taught |= {m.text.lower(): CONTROLLED for m in example.hypothesis.interventions}
            taught |= {m.text.lower(): MEASURED for m in example.hypothesis.observations}
    return taught
