"""The counts behind a run's scores, by article: what intervals, differences and tests are computed from.

    {"task": "ner", "labels": ["GENEPROD"], "grouped": true, "measures": ["strict", …], "groups": [
     {"group": "10.1000/x", "counts": [[14, 17, 16], …]},
     {"group": "10.1000/y", "counts": [[9, 9, 11], …]}
    ]}

Each triple is hits, predicted, gold of one measure: TP, TP + FP, TP + FN. Articles stand in the order of the data.
Counting takes no numpy, so that a run ends without importing it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fewshot import tasks
from fewshot.errors import InputError
from fewshot.files import encoded
from fewshot.metrics import Counts, Tally, add
from fewshot.metrics.formulas import Formula
from fewshot.records import Example, Prediction
from fewshot.scoring import cases_of
from fewshot.tasks import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Tallies:
    """The counts of one system on one set of examples.

    Attributes:
        task: The name of the task.
        labels: The labels of the scores.
        groups: The articles with a scored example, in the order of the data.
        measures: What was counted: those of the task's formulas in their order, then what only predictions have.
        rows: For each article the counts of each measure.
        grouped: Whether the data names articles; if not, each example is its own, which assumes that examples are
            independent of one another.
    """

    task: str
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    measures: tuple[str, ...]
    rows: tuple[tuple[Counts, ...], ...]
    grouped: bool

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """The counts as an array, shape (articles, measures, 3)."""
        import numpy as np

        return np.array(self.rows, dtype=np.int64).reshape(len(self.groups), len(self.measures), 3)

    @cached_property
    def formulas(self) -> Mapping[str, Formula]:
        """How each score is made of the counts, by dotted name."""
        return tasks.get(self.task).formulas(self.labels)

    def formula(self, score: str) -> Formula:
        """Returns the formula of a score.

        Raises:
            InputError: the task has no such score, or none that is made of counts.
        """
        if score not in self.formulas:
            raise InputError(f"the scores of {self.task} have no {score[:80]!r}, or it is not made of counts")
        return self.formulas[score]

    def of(self, formula: Formula) -> NDArray[np.int64]:
        """Returns the counts that a formula takes, shape (articles, its measures, 3); zero for what never occurs."""
        import numpy as np

        places = {measure: at for at, measure in enumerate(self.measures)}
        taken = np.zeros((len(self.groups), len(formula.measures), 3), dtype=np.int64)
        for to, measure in enumerate(formula.measures):
            if measure in places:
                taken[:, to] = self.counts[:, places[measure]]
        return taken

    def scores(self) -> dict[str, float]:
        """Returns all scores, as `scores.json` has them."""
        total = add(dict(zip(self.measures, row, strict=True)) for row in self.rows)
        return {name: formula.of(total) for name, formula in self.formulas.items()}

    def to_json(self) -> dict[str, Any]:
        """Returns the content of `tallies.json`."""
        rows = zip(self.groups, self.rows, strict=True)
        return {
            "task": self.task,
            "labels": list(self.labels),
            "grouped": self.grouped,
            "measures": list(self.measures),
            "groups": [{"group": group, "counts": [list(counts) for counts in row]} for group, row in rows],
        }


def count(
    task: Task, examples: Sequence[Example], predictions: Iterable[Prediction], *, labels: Sequence[str], grouped: bool
) -> Tallies | None:
    """Counts the scored examples by article; `None` if the task keeps no counts."""
    formulas = task.formulas(labels)
    if not formulas:
        return None
    by_group: dict[str, list[Tally]] = {}
    for case in cases_of(task, examples, predictions, labels=labels):
        by_group.setdefault(case.example.group, []).append(task.tally(case))
    totals = {group: add(tallies) for group, tallies in by_group.items()}
    known = dict.fromkeys(measure for formula in formulas.values() for measure in formula.measures)
    measures = (*known, *sorted({measure for total in totals.values() for measure in total}.difference(known)))
    return Tallies(
        task=task.name,
        labels=tuple(labels),
        groups=tuple(totals),
        measures=measures,
        rows=tuple(tuple(total.get(measure, (0, 0, 0)) for measure in measures) for total in totals.values()),
        grouped=grouped,
    )


def text_of(tallies: Tallies) -> str:
    """Returns the exact text of `tallies.json`: one line an article."""
    row = tallies.to_json()
    head = encoded({key: value for key, value in row.items() if key != "groups"})
    lines = ",\n".join(" " + encoded(group) for group in row["groups"])
    return f'{head[:-1]}, "groups": [\n{lines}\n]}}\n' if lines else f'{head[:-1]}, "groups": []}}\n'


def read(text: str) -> Tallies:
    """Reads the text of `tallies.json`. The folder may be someone else's, so every type is checked.

    Raises:
        ValueError: it is not JSON, or not of this form; says what is wrong.
    """
    row = json.loads(text)
    if not isinstance(row, dict):
        raise ValueError("it is not an object")
    task, grouped, groups = row.get("task"), row.get("grouped"), row.get("groups")
    if not isinstance(task, str) or not isinstance(grouped, bool) or not isinstance(groups, list):
        raise ValueError("task must be a name, grouped true or false, groups a list")
    measures = _names(row, "measures")
    rows = tuple(_counts(group, len(measures)) for group in groups)
    names = tuple(group["group"] for group in groups)
    if len(set(names)) < len(names) or len(set(measures)) < len(measures):
        raise ValueError("a group or a measure stands there twice")
    return Tallies(task, _names(row, "labels"), names, measures, rows, grouped)


def _names(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = row.get(key)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{key} must be a list of names")
    return tuple(names)


_MOST = 1 << 40  # far more than any data set has, and sums of it are exact in 64 bits and as floats


def _counts(group: object, measures: int) -> tuple[Counts, ...]:
    if not isinstance(group, dict) or not isinstance(group.get("group"), str):
        raise ValueError("each group must be an object with a name")
    triples = group.get("counts")
    if not isinstance(triples, list) or len(triples) != measures:
        raise ValueError(f"counts of {group['group'][:40]!r} must be {measures} triples")
    for triple in triples:
        if (
            not isinstance(triple, list)
            or len(triple) != 3
            or not all(type(n) is int and 0 <= n < _MOST for n in triple)
        ):
            raise ValueError(f"counts of {group['group'][:40]!r} must be triples of whole numbers")
    return tuple((t[0], t[1], t[2]) for t in triples)
