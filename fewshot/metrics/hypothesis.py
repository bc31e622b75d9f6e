"""Scores of hypotheses: sets of (type, surface text), by role, together, and whole.

Surfaces are compared after NFKC, case folding and collapsing of white space. There is no score of pairs: the gold
does not say which intervention goes with which observation.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from fewshot.metrics import Tally, add
from fewshot.metrics.formulas import Formula, accuracy, evaluated, prf
from fewshot.records import HYPOTHESIS_ROLES, Hypothesis, Member


def tally(gold: Hypothesis, predicted: Hypothesis) -> Tally:
    """Returns the counts of one example. `members` is all roles together: the same entity in two roles counts twice."""
    counts = {}
    for role in HYPOTHESIS_ROLES:
        ours, theirs = set(map(identity, getattr(gold, role))), set(map(identity, getattr(predicted, role)))
        counts[role] = (len(ours & theirs), len(theirs), len(ours))
    hits, predictions, golds = (sum(column) for column in zip(*counts.values(), strict=True))
    return {"members": (hits, predictions, golds), **counts, "exact": (int(hits == predictions == golds), 1, 1)}


def formulas() -> dict[str, Formula]:
    """Returns all scores of causal hypotheses, in a fixed order."""
    found = prf("members.micro", "members")
    for role in HYPOTHESIS_ROLES:
        found |= prf(role, role)
    return found | accuracy("exact", "exact")


def scores(tallies: Sequence[Tally]) -> dict[str, float]:
    """Returns all scores of causal hypotheses, unrounded, in a fixed order."""
    return evaluated(formulas(), add(tallies))


def normal(surface: str) -> str:
    """Returns a surface in the form in which surfaces are compared.

    >>> normal("IFN‐γ  Treatment") == normal("IFN‐γ treatment")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", surface).casefold().split())


def identity(member: Member) -> tuple[str, str]:
    """Returns the key by which members are compared: type and normalised surface."""
    return member.label, normal(member.text)
