"""Finds a hypothesis: the entities of a panel, each with the role that the words around it suggest.

An entity labelled as an assay is one. Of the others, those that were changed are interventions, those that were
measured are observations.
"""

from __future__ import annotations

from collections.abc import Sequence

from fewshot.backends.rules import entities, roles
from fewshot.records import Example, Hypothesis, Member
from fewshot.text.sourcedata import ASSAY, CONTROLLED, MEASURED

_SETTING = ("CELL_LINE", "CELL_TYPE", "ORGANISM", "TISSUE")  # where an experiment is done, hardly ever its subject


def find(text: str, shown: Sequence[Example], labels: Sequence[str]) -> Hypothesis:
    """Returns the hypothesis that a panel tests, as far as its words say."""
    members: dict[str, dict[Member, None]] = {CONTROLLED: {}, MEASURED: {}, ASSAY: {}}
    taught = _taught(shown)
    for span in entities.find(text, shown, labels):
        surface = span.cut(text)
        if span.label == ASSAY:  # by its label, whatever the words around it
            role: str | None = ASSAY
        elif span.label in _SETTING:
            role = taught.get(surface.lower())
        else:
            role = roles.role_of(text, span) or taught.get(surface.lower()) or roles.USUAL.get(span.label, MEASURED)
        if role is not None:
            members[role][Member(span.label, surface)] = None
    return Hypothesis(*(tuple(surfaces) for surfaces in members.values()))


def _taught(shown: Sequence[Example]) -> dict[str, str]:
    """Returns the roles of surfaces in the demonstrations' hypotheses."""
    taught: dict[str, str] = {}
    for example in shown:
        if example.hypothesis is not None:
            taught |= {m.text.lower(): CONTROLLED for m in example.hypothesis.interventions}
            taught |= {m.text.lower(): MEASURED for m in example.hypothesis.observations}
    return taught
