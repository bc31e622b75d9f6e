"""Answers become predictions: read by their format, cut down to the labels asked for, problems counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fewshot.formats import Format
from fewshot.records import Completion, Example, Parsed, Prediction, ProblemKind, Scheme, Value
from fewshot.scoring import votes
from fewshot.scoring.refusals import is_refusal
from fewshot.tasks import Task
from fewshot.text.thinking import thoughts

_READ = 50
"""An answer is read up to so many times the length of its source: aligning 10 MB takes 5 s and 1 GB."""


_COPIED = 0.5
"""The share of the source from which on an answer is a copy without tags, whatever it begins with."""


def read_answer(
    completion: Completion,
    example: Example,
    *,
    format: Format,
    scheme: Scheme,
    task: Task,
) -> Prediction:
    """What an answer says of its example: without the thoughts in it, which are no answer. A refusal is an answer that
    says nothing."""
    if completion.finish_reason in ("refused", "too_long"):
        parsed = Parsed(task.empty(), {completion.finish_reason: 1})
    else:
        parsed = _read(completion, example.text, format=format, scheme=scheme, nothing=task.empty())
    problems = Counter(parsed.problems)
    if completion.finish_reason == "length" and not problems["thought_only"]:
        problems["truncated"] = max(1, problems["truncated"])
    return Prediction(
        id=example.id,
        value=task.restrict(parsed.value, scheme.labels),
        output=completion.text,
        problems={kind: n for kind, n in sorted(problems.items()) if n},
        fidelity=parsed.fidelity,
        unplaced=parsed.unplaced,
    )


def _read(completion: Completion, source: str, *, format: Format, scheme: Scheme, nothing: Value) -> Parsed:
    """What the answer says once its thoughts are taken off: the one place where they are, for all formats."""
    most = _READ * (len(source) + 1000)
    thought = thoughts(completion.text, source, scheme.labels)
    if thought.doubtful:
        whole = format.parse(completion.text[:most], source, scheme)
        if whole.value != nothing and not whole.problems:
            return whole
    answer = thought.without(completion.text)
    only = Parsed(nothing, {"thought_only": 1})
    if not answer.strip() and (thought.extents or completion.reasoning_tokens):
        return only
    parsed = format.parse(answer[:most], source, scheme)
    if parsed.value != nothing:
        return parsed
    if thought.unclosed:
        return only
    if (parsed.fidelity or 0.0) < _COPIED and is_refusal(answer):
        return Parsed(nothing, {"refused": 1}, parsed.fidelity)
    return parsed


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
