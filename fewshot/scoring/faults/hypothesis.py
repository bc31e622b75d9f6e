"""Faults of hypotheses: names under a role and a type.

A name that both have, under another role or type, is a `wrong_label`; one that holds the other under the same role and
type is a `wrong_boundary`. A predicted name that stands in a demonstration and not in the text is `copied`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fewshot.metrics.hypothesis import identity
from fewshot.records import Example, Hypothesis, Value
from fewshot.scoring.faults import Answered, Fault, FaultKind, Part
from fewshot.scoring.faults.names import stands_in
from fewshot.tasks import Case


def examine(case: Case, shown: Sequence[Example]) -> Answered:
    """Returns hits and faults of one hypothesis."""
    gold, predicted = _parts(case.gold), _parts(case.predicted)
    hits = gold.keys() & predicted.keys()
    ours = {key: part for key, part in gold.items() if key not in hits}
    theirs = {key: part for key, part in predicted.items() if key not in hits}
    faults: list[Fault] = []

    def pair(kind: FaultKind, alike: Callable[[_Key, _Key], bool]) -> None:
        for one in list(ours):
            other = next((key for key in theirs if alike(one, key)), None)
            if other is not None:
                faults.append(Fault(kind, (ours.pop(one),), (theirs.pop(other),)))

    pair("wrong_label", lambda one, other: one[2] == other[2])
    pair("wrong_boundary", lambda one, other: one[:2] == other[:2] and (one[2] in other[2] or other[2] in one[2]))
    faults += [Fault("missed", gold=(part,)) for part in ours.values()]
    for part in theirs.values():
        copied = not stands_in(part.text, [case.example]) and stands_in(part.text, shown)
        faults.append(Fault("copied" if copied else "made_up", predicted=(part,)))
    return Answered(tuple(part for key, part in gold.items() if key in hits), tuple(faults))


_Key = tuple[str, str, str]
"""Role, type, normalised surface."""


def _parts(value: Value) -> dict[_Key, Part]:
    if not isinstance(value, Hypothesis):
        raise TypeError("the value of this kind of task is a hypothesis")
    return {
        (role, *identity(member)): Part.of_member(member, role) for role, members in value.roles() for member in members
    }
