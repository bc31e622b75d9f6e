"""The faults of a whole run: by kind, as a table of confusions, and example by example.

missed 41, made_up 12, wrong_boundary 9, wrong_label 3; GENEPROD taken for SMALL_MOLECULE 2 times
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fewshot.records import Example, Prediction
from fewshot.scoring import cases_of
from fewshot.scoring.faults import KINDS, Answered, Fault, FaultKind, examine
from fewshot.tasks import Task

NOTHING = ""
"""The label of what is not there, in confusions: predicted where gold has nothing, or missed."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One example, and what is right and wrong in its answer."""

    id: str
    group: str
    answered: Answered

    def to_json(self) -> dict[str, Any]:
        """The example as JSON; its hits as a number."""
        faults = [fault.to_json() for fault in self.answered.faults]
        return {"id": self.id, "group": self.group, "hits": len(self.answered.hits), "faults": faults}


@dataclass(frozen=True, slots=True)
class Errors:
    """The faults of a run.

    Attributes:
        examples: Each scored example, in the order of the data.
        kinds: The number of faults of each kind, all kinds, in the order of tables.
        confusion: How often a gold label (or role) was answered by a predicted one; `NOTHING` for what is not there.
    """

    examples: tuple[Examined, ...]
    kinds: Mapping[FaultKind, int]
    confusion: Mapping[tuple[str, str], int]

    def worst(self, most: int = 10) -> tuple[Examined, ...]:
        """Returns the examples with the most faults, worst first; equal ones in the order of the data."""
        faulty = [one for one in self.examples if one.answered.faults]
        return tuple(sorted(faulty, key=lambda one: -len(one.answered.faults))[:most])

    def to_json(self) -> dict[str, Any]:
        """The faults as JSON; confusions as rows of gold, predicted, count."""
        return {
            "kinds": dict(self.kinds),
            "confusion": [{"gold": gold, "predicted": said, "n": n} for (gold, said), n in self.confusion.items()],
            "examples": [one.to_json() for one in self.examples],
        }


def errors(
    task: Task,
    examples: Sequence[Example],
    predictions: Iterable[Prediction],
    *,
    labels: Sequence[str],
    shown: Mapping[str, Sequence[Example]] | None = None,
) -> Errors:
    """Examines every scored example of a run.

    Args:
        task: The task.
        examples: The examples of the run.
        predictions: Its predictions.
        labels: The labels of its scores.
        shown: The demonstrations of each prompt, by the id of the example; without them nothing is `copied`.
    """
    by_id = {prediction.id: prediction for prediction in predictions}
    examined = []
    for case in cases_of(task, examples, by_id.values(), labels=labels):
        id_ = case.example.id
        answered = examine(task, case, by_id[id_], (shown or {}).get(id_, ()))
        examined.append(Examined(id_, case.example.group, answered))
    counts = Counter(fault.kind for one in examined for fault in one.answered.faults)
    return Errors(tuple(examined), {kind: counts[kind] for kind in KINDS}, _confusion(examined))


def _confusion(examined: Iterable[Examined]) -> dict[tuple[str, str], int]:
    counts: Counter[tuple[str, str]] = Counter()
    for one in examined:
        counts.update((hit.name, hit.name) for hit in one.answered.hits)
        for fault in one.answered.faults:
            counts.update(_pairs(fault))
    return dict(sorted(counts.items()))


def _pairs(fault: Fault) -> list[tuple[str, str]]:
    """What was taken for what; nothing for faults of form, and for names that stand nowhere in the text."""
    gold, said = [part.name for part in fault.gold], [part.name for part in fault.predicted]
    if fault.kind == "not_in_text" or not (gold or said):
        return []
    if len(gold) == len(said) == 1:
        return [(gold[0], said[0])]
    if fault.kind in ("merged", "split"):
        return [(one, other) for one in gold for other in said]
    return [(one, NOTHING) for one in gold] + [(NOTHING, other) for other in said]
