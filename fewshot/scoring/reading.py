"""Answers become predictions: read by their format, cut down to the labels asked for, problems counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fewshot.formats import Format
from fewshot.records import Completion, Example, Parsed, Prediction, ProblemKind, Scheme
from fewshot.scoring import votes
from fewshot.tasks import Task

_READ = 50
"""An answer is read up to so many times the length of its source: aligning 10 MB takes 5 s and 1 GB."""


def read_answer(
    completion: Completion,
    example: Example,
    *,
    format: Format,
    scheme: Scheme,
    task: Task,
) -> Prediction:
    """What an answer says of its example. A refusal is an answer that says nothing."""
    if completion.finish_reason in ("refused", "too_long"):
        parsed = Parsed(task.empty(), {completion.finish_reason: 1})
    else:
        readable = completion.text[: _READ * (len(example.text) + 1000)]
        parsed = format.parse(readable, example.text, scheme)
    problems = Counter(parsed.problems)
    if completion.finish_reason == "length":
        problems["truncated"] = max(1, problems["truncated"])
    return Prediction(
        id=example.id,
        value=task.restrict(parsed.value, scheme.labels),
        output=completion.text,
        problems={kind: n for kind, n in sorted(problems.items()) if n},
        fidelity=parsed.fidelity,
        unplaced=parsed.unplaced,
    )


def read_answers(
    completions: Sequence[Completion], example: Example, *, format: Format, scheme: Scheme, task: Task
) -> Prediction:
    """What several answers say together: what more than half of them have, with its share as confidence. Problems
    are those of all of them, fidelity is their mean; unplaced is what more than half of them could not place."""
    read = [read_answer(one, example, format=format, scheme=scheme, task=task) for one in completions]
    if len(read) == 1:
        return read[0]
    problems: Counter[ProblemKind] = Counter()
    for prediction in read:
        problems.update(prediction.problems)
    copied = [prediction.fidelity for prediction in read if prediction.fidelity is not None]
    return Prediction(
        id=example.id,
        value=votes.majority([prediction.value for prediction in read]),
        output=tuple(str(prediction.output) for prediction in read),
        problems={kind: n for kind, n in sorted(problems.items()) if n},
        fidelity=sum(copied) / len(copied) if copied else None,
        unplaced=votes.most([prediction.unplaced for prediction in read]),
    )


def too_long(example: Example, task: Task) -> Prediction:
    """The prediction for a legend that does not fit into a prompt: nothing, and counted."""
    return Prediction(id=example.id, value=task.empty(), problems={"too_long": 1})


def nothing(example: Example, task: Task) -> Prediction:
    """The prediction of a system that does not answer."""
    return Prediction(id=example.id, value=task.empty())
