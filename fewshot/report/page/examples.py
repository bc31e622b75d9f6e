"""Run folders → the examples of a page: each legend with its gold value and with what every system says of it.

    {"id": "fig-1", "group": "10.1000/x", "text": "(A) p53 blot.", "gold": [{"start": 4, "end": 7, …}],
     "lines": ["You annotate …", "Legend: (A) p53 blot."],
     "answers": [{"value": […], "right": false, "faults": [{"kind": "missed", …}], "problems": {"truncated": 1},
                  "unplaced": […], "outputs": ["(A) <GENEPROD>p53…"], "prompt": [["system", [0]], ["user", [1]]]}]}

Offsets count characters, as everywhere in Python; the page's script counts them in UTF-16. A prompt is a list of turns,
a turn the numbers of its lines: prompts share their instruction and their demonstrations, and a line is kept once
(`lines`: those that no earlier example had). `right` is null where nothing is scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fewshot.records import Prediction, Value
from fewshot.report.runs import FinishedRun
from fewshot.schema import value_to_json
from fewshot.scoring.errors import Errors
from fewshot.scoring.faults import Answered
from fewshot.tasks import Task


def examples(runs: Sequence[FinishedRun], errors: Sequence[Errors]) -> Iterator[dict[str, Any]]:
    """Yields the examples of runs that were asked the same, in the order of the data.

    Args:
        runs: One run of each system.
        errors: What is wrong in the answers of each.
    """
    task, lines = runs[0].task, _Lines()
    answers = [{prediction.id: prediction for prediction in run.predictions} for run in runs]
    examined = [{one.id: one.answered for one in each.examples} for each in errors]
    prompts = [_prompts(run) for run in runs]
    for example in runs[0].gold:
        gold = task.gold(example)
        yield {
            "id": example.id,
            "group": example.group,
            "text": example.text,
            "gold": None if gold is None else _value(gold, task),
            "answers": [
                _answer(said.get(example.id), judged.get(example.id), task)
                | {"prompt": lines.of(asked.get(example.id, ()))}
                for said, judged, asked in zip(answers, examined, prompts, strict=True)
            ],
            "lines": lines.fresh(),
        }


def _answer(prediction: Prediction | None, answered: Answered | None, task: Task) -> dict[str, Any]:
    faults = [] if answered is None else [fault.to_json() | {"scored": fault.scored} for fault in answered.faults]
    judged = {"right": None if answered is None else answered.right, "faults": faults}
    if prediction is None:
        return judged | {"value": None, "problems": {}, "unplaced": [], "outputs": []}
    output = prediction.output
    return judged | {
        "value": _value(prediction.value, task),
        "problems": dict(prediction.problems),
        "unplaced": [{"label": member.label, "text": member.text} for member in prediction.unplaced],
        "outputs": [] if output is None else [output] if isinstance(output, str) else list(output),
    }


def _value(value: Value, task: Task) -> Any:
    """A value as JSON; the roles of entities only where they are asked for."""
    row = value_to_json(value, task.kind)
    if task.kind == "entities":
        return [{key: item for key, item in span.items() if key != "role"} for span in row]
    return row


Turns = Sequence[tuple[str, str]]


def _prompts(run: FinishedRun) -> Mapping[str, Turns]:
    """The recorded prompt of each example. Examples with the same text may share one, recorded under the first's id."""
    recorded = {id: _turns(request) for id, request in run.folder.recorded_requests()}
    by_text = {example.text: recorded[example.id] for example in run.gold if example.id in recorded}
    return {example.id: recorded.get(example.id) or by_text.get(example.text, ()) for example in run.gold}


def _turns(request: Mapping[str, Any]) -> Turns:
    turns = request.get("turns")
    if turns is None:
        return (("prompt", str(request.get("prompt"))),)
    return tuple((turn["role"], turn["content"]) for turn in turns)


class _Lines:
    """Numbers of lines, in order of their first appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._fresh: list[str] = []

    def of(self, turns: Turns) -> list[tuple[str, list[int]]]:
        """The numbers of the lines of each turn."""
        return [(role, [self._number(line) for line in content.split("\n")]) for role, content in turns]

    def fresh(self) -> list[str]:
        """The lines that were numbered since the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def _number(self, line: str) -> int:
        if line not in self._numbers:
            self._numbers[line] = len(self._numbers)
            self._fresh.append(line)
        return self._numbers[line]
