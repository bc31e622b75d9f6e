"""Prompts and right answers as chat fine-tuning data: what a hosted model would be tuned on.

    {"messages": [{"role": "system", …}, {"role": "user", …}, {"role": "assistant", …}]}

Every line is checked before it is written: the answer, read back by the format, must say the gold value again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fewshot import prompt
from fewshot.errors import InputError, RunFolderError
from fewshot.experiment import plan
from fewshot.experiment.plan import Plan
from fewshot.experiment.settings import Settings
from fewshot.prompt import wording
from fewshot.records import Example, Turn
from fewshot.schema import Json


def write(settings: Settings, path: Path) -> int:
    """Writes a line for every labelled example of `settings.data`; returns how many.

    Raises:
        InputError: no example is labelled, or a gold value cannot be carried by the format.
    """
    import jsonlines

    made = plan.make(settings)
    if not made.scored:
        raise InputError(f"{settings.data} has no example that is labelled for {made.task.name}")
    rows = list(_rows(made))
    try:
        with jsonlines.open(path, "w") as writer:
            writer.write_all(rows)
    except OSError as error:
        raise RunFolderError(f"cannot write {path}: {error.strerror}") from None
    return len(rows)


def _rows(made: Plan) -> Iterator[Json]:
    resolved = wording.resolve(wording.load_template(made.task.name, made.format_name), made.labels)
    builder = prompt.PromptBuilder(
        prompt=resolved,
        task=made.task,
        format_name=made.format_name,
        format=made.format,
        labels=made.labels,
        backend="",
        endpoint=None,
        model="",
        api="chat",
    )
    for example in made.scored:
        turns = builder.request(example, (), given=made.given.get(example.id, ())).turns or ()
        answer = Turn("assistant", _answer(made, example))
        yield {"messages": [{"role": t.role, "content": t.content} for t in (*turns, answer)]}


def _answer(made: Plan, example: Example) -> str:
    gold = made.task.gold(example)
    if gold is None:
        raise InputError(f"{example.id} is not labelled for {made.task.name}")
    value = made.task.restrict(gold, made.labels)
    scheme = made.scheme(example)
    text = made.format.render(example.text, value, scheme)
    if made.format.parse(text, example.text, scheme).problems:
        raise InputError(f"{example.id}: format {made.format_name!r} cannot carry the gold value")
    return text
