"""The common evaluator: whatever a system said becomes values, and values become scores under a signature.

Few-shot answers, fine-tuned models, rules and predictions that somebody else made all pass here, and nowhere
else is anything scored: that is what lets them stand in one table.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fewshot import votes
from fewshot.formats import Format
from fewshot.records import Completion, Example, Parsed, Prediction, ProblemKind, Scheme
from fewshot.runs import Scores
from fewshot.tasks import Case, Task

SCORING = "1"
"""Version of our scoring: raised whenever the same predictions would score differently."""

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
    )


def read_answers(
    completions: Sequence[Completion], example: Example, *, format: Format, scheme: Scheme, task: Task
) -> Prediction:
    """What several answers say together: what more than half of them have, with its share as confidence. Problems
    are those of all of them, fidelity is their mean."""
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
    )


def too_long(example: Example, task: Task) -> Prediction:
    """The prediction for a legend that does not fit into a prompt: nothing, and counted."""
    return Prediction(id=example.id, value=task.empty(), problems={"too_long": 1})


def nothing(example: Example, task: Task) -> Prediction:
    """The prediction of a system that does not answer."""
    return Prediction(id=example.id, value=task.empty())


def evaluate(
    task: Task,
    examples: Sequence[Example],
    predictions: Iterable[Prediction],
    *,
    labels: Sequence[str],
    signature: Mapping[str, Any],
    complete: bool = True,
    failed: int = 0,
) -> Scores:
    """Scores the predictions of those examples that are labelled for the task.

    Examples without a gold value are predicted and not scored; where there is no other, `scores` is empty. Of the
    gold only `labels` count; whatever is predicted counts.
    """
    by_id = {prediction.id: prediction for prediction in predictions}
    cases = []
    for example in examples:
        gold = task.gold(example)
        if gold is not None and example.id in by_id:
            cases.append(Case(example, task.restrict(gold, labels), by_id[example.id].value))
    return Scores(
        task=task.name,
        signature=signature,
        complete=complete,
        n=len(cases),
        failed=failed,
        scores=dict(task.score(cases, labels)) if cases else {},
    )


def ids_digest(examples: Iterable[Example]) -> str:
    """SHA-256 (16 hex digits) of the scored ids, in order: two runs are comparable where it is the same."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(example.id.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:16]


def signature_id(signature: Mapping[str, Any]) -> str:
    """Eight hex digits that stand for a signature in a table."""
    text = json.dumps(signature, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def signature_line(signature: Mapping[str, Any]) -> str:
    """A signature as one line of text, `key:value` joined by `|` (the form that sacrebleu made known).

    >>> signature_line({"task": "ner", "labels": ["GENEPROD", "CELL_TYPE"], "seed": 0})
    'task:ner|labels:GENEPROD,CELL_TYPE|seed:0'
    """
    return "|".join(f"{key}:{_short(value)}" for key, value in signature.items())


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={_short(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "none"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
