"""The common evaluator: answers of any system become values, and values become scores under a signature.

Few-shot answers, fine-tuned models, rules and predictions of other programs are all scored here and nowhere else, so
they can be compared in one table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fewshot.records import Example, Prediction
from fewshot.tasks import Case, Task

SCORING = "2"
"""Version of our scoring: raised whenever the same answers would be read or scored differently (see CHANGELOG.md)."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The content of `scores.json`: the scores of a task, the number of examples, and the signature."""

    task: str
    signature: Mapping[str, Any]
    complete: bool
    n: int
    failed: int
    scores: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "signature": dict(self.signature),
            "complete": self.complete,
            "n": self.n,
            "failed": self.failed,
            "scores": dict(self.scores),
        }


def evaluate(
    task: Task,
    examples: Sequence[Example],
    predictions: Iterable[Prediction],
    *,
    labels: Sequence[str],
    signature: Mapping[str, Any],
    complete: bool = True,
    failed: int = 0,
    scores: Mapping[str, float] | None = None,
) -> Scores:
    """Scores the predictions of those examples that are labelled for the task. `scores`: those of their counts
    (`Tallies.scores`), if they are counted already.

    Examples without a gold value are predicted but not scored; if no example has one, `scores` is empty.
    """
    cases = cases_of(task, examples, predictions, labels=labels)
    return Scores(
        task=task.name,
        signature=signature,
        complete=complete,
        n=len(cases),
        failed=failed,
        scores=dict(task.score(cases, labels) if scores is None else scores) if cases else {},
    )


def cases_of(
    task: Task, examples: Sequence[Example], predictions: Iterable[Prediction], *, labels: Sequence[str]
) -> list[Case]:
    """Returns what is scored: the examples that are labelled for the task and have a prediction, in the order of the
    data. Gold counts only if its label is in `labels`; every prediction counts."""
    by_id = {prediction.id: prediction for prediction in predictions}
    cases = []
    for example in examples:
        gold = task.gold(example)
        if gold is not None and example.id in by_id:
            cases.append(Case(example, task.restrict(gold, labels), by_id[example.id].value))
    return cases
