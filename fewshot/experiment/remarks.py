"""What a run says about its answers beside the scores: no score of zero stands there without a word.

strict.micro.f1 is 0: 12 of 20 answers name nothing (not_json 9, truncated 3); look at one with `fewshot show RUN ID`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fewshot.cassette import Cassette
from fewshot.errors import InputError
from fewshot.experiment.plan import Plan
from fewshot.experiment.requests import Requests
from fewshot.records import Example, Hypothesis, Parsed, Prediction
from fewshot.scoring import Scores

_SHOWN = 3
"""Kinds of problem that a line names, the most frequent first: more would not fit on it."""


def remarks(plan: Plan, scores: Scores, predictions: Sequence[Prediction]) -> tuple[str, ...]:
    """A line for each thing that a reader of the scores must know: thoughts that took all tokens, a main score of 0."""
    problems = Counter[str](kind for answer in predictions for kind, count in answer.problems.items() if count)
    lines = []
    if thoughts := problems.get("thought_only", 0):
        lines.append(
            f"{thoughts} of {len(predictions)} answers are empty because the model's thought used up all tokens"
            " (thought_only): raise --max-tokens or --reasoning-tokens"
        )
    headline = plan.task.headline[0]
    if scores.n and scores.scores.get(headline) == 0:
        empty = sum(answer.value == plan.task.empty() for answer in predictions)
        kinds = ", ".join(f"{kind} {count}" for kind, count in problems.most_common(_SHOWN))
        lines.append(
            f"{headline} is 0: {empty} of {len(predictions)} answers name nothing, the others nothing that is right"
            f"{f' ({kinds})' if kinds else ''}; look at one with `fewshot show RUN ID`"
        )
    return tuple(lines)


def of_recording(cassette: Cassette, recorded: int) -> list[str]:
    """That a run goes on, and with how many answers; that the last line of its cassette was torn. `recorded`: the
    answers that were there before."""
    lines = []
    if recorded:
        lines.append(f"continued: {recorded:,} {'answer was' if recorded == 1 else 'answers were'} recorded already")
    if cassette.torn:
        torn = f"its last line was torn ({cassette.torn} bytes), was cut off and asked again"
        lines.append(f"{cassette.path}: {torn}")
    return lines


def check_demonstrations(plan: Plan, requests: Requests) -> tuple[str, ...]:
    """Reads the right answer of every demonstration back, before anything is paid for (`--examples-check`).

    Returns a line if some cannot be read back (`warn`).

    Raises:
        InputError: some cannot be read back (`error`); names the first.
    """
    how = plan.settings.examples_check
    if how == "off":
        return ()
    failed = {demo.id: why for demo in requests.demonstrations if (why := _unreadable(plan, demo))}
    if not failed:
        return ()
    id_, why = next(iter(failed.items()))
    message = (
        f"{len(failed)} of {len(requests.demonstrations)} demonstrations cannot be read back from their right answer in"
        f" format {plan.question.format_name}, the first is {id_}: {why}"
    )
    if how == "error":
        raise InputError(message, hint="mend or leave out these examples, or add --examples-check off")
    return (message,)


def _unreadable(plan: Plan, demo: Example) -> str | None:
    """Why the right answer of a demonstration does not give its gold value; `None`: it does."""
    question, gold = plan.question, plan.task.gold(demo)
    if gold is None:
        return None
    scheme = question.scheme(plan.task.given(demo))
    parsed = question.format.parse(question.answer(demo), demo.text, scheme)
    if parsed.problems:
        return ", ".join(f"{kind} {count}" for kind, count in parsed.problems.items())
    expected, read = _size(Parsed(plan.task.restrict(gold, question.labels))), _size(parsed)
    return None if read == expected else f"{read} of {expected} parts are found"


def _size(parsed: Parsed) -> int:
    """The number of spans, or of members."""
    if isinstance(parsed.value, Hypothesis):
        return sum(len(members) for _, members in parsed.value.roles())
    return len(parsed.value)
