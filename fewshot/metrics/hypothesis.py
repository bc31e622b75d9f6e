"""Scores of hypotheses: sets of (type, surface text), by role, together, and whole.

Surfaces are compared after NFKC, case folding and collapsing of white space. There is no score of pairs: the gold
does not say which intervention goes with which observation.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from fewshot.metrics import Tally, accuracy, add, prf
from fewshot.records import HYPOTHESIS_ROLES, Hypothesis, Member


def tally(gold: Hypothesis, predicted: Hypothesis) -> Tally:
    """The counts of one example. `members` is all roles together: the same entity in two roles counts twice."""
    counts = {}
    for role in HYPOTHESIS_ROLES:
        ours, theirs = set(map(identity, getattr(gold, role))), set(map(identity, getattr(predicted, role)))
        counts[role] = (len(ours & theirs), len(theirs), len(ours))
    hits, said, there = (sum(column) for column in zip(*counts.values(), strict=True))
    return {"members": (hits, said, there), **counts, "exact": (int(hits == said == there), 1, 1)}


def scores(tallies: Sequence[Tally]) -> dict[str, float]:
    """All scores of causal hypotheses, unrounded, in a fixed order."""
    total = add(tallies)
    found = prf("members.micro", total["members"])
    for role in HYPOTHESIS_ROLES:
        found |= prf(role, total[role])
    return found | accuracy("exact", total["exact"])


def normal(surface: str) -> str:
    """A surface as it is compared.

    >>> normal("IFN‐γ  Treatment") == normal("IFN‐γ treatment")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", surface).casefold().split())


def identity(member: Member) -> tuple[str, str]:
    """What makes two members the same: type and surface, as they are compared."""
    return member.label, normal(member.text)
