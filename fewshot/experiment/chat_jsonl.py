"""Prompts and right answers as chat fine-tuning data: what a hosted model would be tuned on.

    {"messages": [{"role": "system", …}, {"role": "user", …}, {"role": "assistant", …}]}

Every line is checked before it is written: the answer, read back by the format, must give the gold value again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fewshot import files
from fewshot.errors import InputError, RunFolderError
from fewshot.experiment.plan import Plan, plan_of
from fewshot.experiment.requests import wording_of
from fewshot.experiment.settings import Settings
from fewshot.prompt import PromptBuilder, Target
from fewshot.records import Example, Turn
from fewshot.schema import Json

_NOBODY = Target(backend="", endpoint=None, model="", api="chat")
"""Of these requests only the turns are taken."""


def write(settings: Settings, path: Path) -> int:
    """Writes a line for every labelled example of `settings.data`; returns how many.

    Raises:
        InputError: no example is labelled, or a gold value cannot be carried by the format.
        RunFolderError: the file cannot be written.
    """
    plan = plan_of(settings)
    if not plan.scored:
        raise InputError(f"{settings.data} has no example that is labelled for {plan.task.name}")
    rows = list(_rows(plan))
    files.write(path, files.json_lines(rows), error=RunFolderError)
    return len(rows)


def _rows(plan: Plan) -> Iterator[Json]:
    builder = PromptBuilder(plan.question, wording_of(plan), _NOBODY)
    for example in plan.scored:
        turns = builder.request(example, (), given=plan.given.get(example.id, ())).turns or ()
        answer = Turn("assistant", _answer(plan, example))
        yield {"messages": [{"role": turn.role, "content": turn.content} for turn in (*turns, answer)]}


def _answer(plan: Plan, example: Example) -> str:
    answer = plan.question.answer(example)
    if plan.question.format.parse(answer, example.text, plan.scheme(example)).problems:
        raise InputError(f"{example.id}: format {plan.question.format_name!r} cannot carry the gold value")
    return answer
