"""Two systems on the same examples: what both found, what only one found, and where each alone is right.

A system that is worse on the whole may be right where the better one is wrong: these are the examples to look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fewshot.errors import InputError
from fewshot.scoring.errors import Errors
from fewshot.scoring.faults import Fault, Part


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two systems agree.

    Attributes:
        both: Gold parts that both found.
        first: Gold parts that only the first found.
        second: Gold parts that only the second found.
        neither: Gold parts that neither found.
        same_faults: Predicted parts that are wrong, and that both made.
        agreement: The share of predicted parts that both made: 2 · common / (predicted by one + by the other);
            1 if neither predicts anything.
        first_alone: Ids of examples that are right as a whole in the first and not in the second.
        second_alone: Likewise.
        both_right: The number of examples that both have right.
        neither_right: The number of examples that neither has right.
    """

    both: int
    first: int
    second: int
    neither: int
    same_faults: int
    agreement: float
    first_alone: tuple[str, ...]
    second_alone: tuple[str, ...]
    both_right: int
    neither_right: int

    def to_json(self) -> dict[str, Any]:
        """The agreement as JSON."""
        return asdict(self)


def agreement(first: Errors, second: Errors) -> Agreement:
    """Compares the answers of two systems.

    Raises:
        InputError: they were not asked the same examples.
    """
    if [one.id for one in first.examples] != [one.id for one in second.examples]:
        raise InputError("the two runs were not scored on the same examples")
    counts = [0, 0, 0, 0]
    common = same = predicted = 0
    right: dict[tuple[bool, bool], list[str]] = {}
    for one, other in zip(first.examples, second.examples, strict=True):
        ours, theirs = set(one.answered.hits), set(other.answered.hits)
        gold = ours.union(_gold(one.answered.faults))
        for at, parts in enumerate((ours & theirs, ours - theirs, theirs - ours, gold - ours - theirs)):
            counts[at] += len(parts)
        said = [set(map(_said, _predicted(each.answered.faults))) for each in (one, other)]
        same += len(said[0] & said[1])
        common += len(ours & theirs) + len(said[0] & said[1])
        predicted += len(ours) + len(theirs) + len(said[0]) + len(said[1])
        right.setdefault((one.answered.right, other.answered.right), []).append(one.id)
    return Agreement(
        both=counts[0],
        first=counts[1],
        second=counts[2],
        neither=counts[3],
        same_faults=same,
        agreement=2.0 * common / predicted if predicted else 1.0,
        first_alone=tuple(right.get((True, False), ())),
        second_alone=tuple(right.get((False, True), ())),
        both_right=len(right.get((True, True), ())),
        neither_right=len(right.get((False, False), ())),
    )


def _gold(faults: Sequence[Fault]) -> list[Part]:
    return [part for fault in faults if fault.scored for part in fault.gold]


def _predicted(faults: Sequence[Fault]) -> list[Part]:
    return [part for fault in faults if fault.scored for part in fault.predicted]


def _said(part: Part) -> tuple[object, ...]:
    return part.label, part.role, part.start, part.end, part.text if part.start is None else part.letters
