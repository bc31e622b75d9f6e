"""Predictions that somebody else made, scored by the same evaluator and left as the same files as a run's.

{"id": "fig-1", "panels": [{"labels": ["A"], "start": 0, "end": 13}]}      a value,
{"id": "fig-1", "entities": [{"text": "p53", "label": "GENEPROD"}]}        one without offsets, which is grounded, or
{"id": "fig-1", "output": "<panel> (A) p53 blot. </panel> [END]"}          raw text, with --format
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from fewshot import formats
from fewshot.cassette.lock import Lock
from fewshot.errors import InputError
from fewshot.experiment import prediction_files
from fewshot.experiment.answers import GivenSystem
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.plan import EXTERNAL, Plan, plan_of
from fewshot.experiment.prediction_files import Line
from fewshot.experiment.running import EndedRun, begin, default_folder, end, finished
from fewshot.experiment.settings import Settings
from fewshot.experiment.signature import Identity
from fewshot.records import FIELDS, Completion, Example, Prediction, ProblemKind
from fewshot.schema import Json, members_from_json, value_from_json
from fewshot.scoring.reading import nothing, read_answer


def evaluate(
    task: str,
    *,
    data: str | PathLike[str],
    predictions: str | PathLike[str],
    split: str = "test",
    labels: Sequence[str] = (),
    format: str | None = None,
    missing_as_empty: bool = False,
    out: str | PathLike[str] | None = None,
    reading: Mapping[str, str] | None = None,
) -> EndedRun:
    """Scores a file of predictions against gold, by the evaluator that scores runs.

    Args:
        task: What was predicted.
        data: The gold: `demo`, a file or folder, or `hub:REPO:CONFIG`.
        predictions: JSONL: `id` and `panels`, `entities` or `hypothesis`; or `id` and raw `output`, with `format`.
            Or any format that data comes in, matched by ids or texts.
        split: The split of the data that was predicted.
        labels: These labels only.
        format: The format of raw output.
        missing_as_empty: Whether an id of the data without a prediction scores as an empty answer.
        out: The run folder; default: one in `runs/`, named after the settings.
        reading: Options of the reader of the data, and those that fit of the reader of the predictions.

    Raises:
        DataError: a line that cannot be read, an unknown or repeated id.
        InputError: an id of the data has no prediction and `missing_as_empty` is not set.
    """
    path = Path(predictions)
    settings = Settings(
        task=task,
        backend=EXTERNAL,
        model=path.name,
        data=str(data),
        reading=reading or {},
        split=split,
        labels=tuple(labels),
        format=format,
        shots=0,
    )
    plan = plan_of(settings)
    lines, said = prediction_files.read(path, plan.task, plan.examples, settings.reading)
    _check_ids(lines, plan)
    missing = [example.id for example in plan.examples if example.id not in lines]
    if missing and not missing_as_empty:
        raise InputError(
            f"{path} has no prediction for {missing[0]!r} ({len(missing)} of {len(plan.examples)} are missing)",
            hint="--missing-as-empty scores them as empty answers",
        )
    values = [
        _prediction(lines[example.id], example, plan) if example.id in lines else nothing(example, plan.task)
        for example in plan.examples
    ]
    values, notices = _counted(values, plan)
    system = GivenSystem(
        identity=replace(Identity.of_file(path), format=format),
        predictions=tuple(values),
        failed=dict.fromkeys(missing, "no prediction"),
        notices=[*said, *notices],
    )
    folder = RunFolder(Path(out) if out else default_folder(plan, system.identity.name, system.identity.model))
    finished(folder, plan)  # refuses a folder of other settings; a finished one is scored anew
    folder.create()
    with Lock(folder.responses):
        folder.sweep()
        finished(folder, plan)
        begin(folder, plan, system)
        return end(folder, plan, system, system.answer())


def _check_ids(lines: dict[str, Line], plan: Plan) -> None:
    known = {example.id for example in plan.examples}
    for id_, line in lines.items():
        if id_ not in known:
            line.where.fail(
                f"no such id in {plan.settings.data}, split {plan.settings.split}",
                hint="check --data, --split and --task",
            )


def _counted(values: Sequence[Prediction], plan: Plan) -> tuple[list[Prediction], list[str]]:
    """The predictions as they count: with `--labels` only those labels, else all, and a line on labels without gold."""
    task, labels = plan.task, plan.question.labels
    if plan.settings.labels:
        return [replace(value, value=task.restrict(value.value, labels)) for value in values], []
    kept = [replace(value, value=task.restrict(value.value, sorted(task.labels(value.value)))) for value in values]
    unknown = sorted({label for value in kept for label in task.labels(value.value)}.difference(labels))
    if not unknown:
        return kept, []
    count = sum(bool(task.labels(value.value).intersection(unknown)) for value in kept)
    return kept, [
        f"{count} predictions bear labels that the gold does not have, and count as wrong: {', '.join(unknown)}"
    ]


def _prediction(line: Line, example: Example, plan: Plan) -> Prediction:
    """The value of a line, or what its raw output says."""
    task, question = plan.task, plan.question
    if _is_named(line.row.get(FIELDS[task.kind])):
        return _grounded(line.row, example, plan)
    value = value_from_json(line.row, task.kind, example.text, line.where)
    if value is not None:
        unplaced = members_from_json(line.row.get("unplaced", []), "unplaced", line.where)
        problems: dict[ProblemKind, int] = {"not_in_text": len(unplaced)} if unplaced else {}
        return Prediction(id=example.id, value=value, problems=problems, unplaced=unplaced)
    output = line.row.get("output")
    field = FIELDS[task.kind]
    if not isinstance(output, str):
        line.where.fail(f"neither {field} nor output", hint=f"give {field}, or output and --format")
    if plan.settings.format is None:
        line.where.fail(f"raw output without {field}", hint="name its --format")
    return read_answer(Completion(output), example, format=question.format, scheme=plan.scheme(example), task=task)


def _is_named(items: object) -> bool:
    """Whether spans are given by their surfaces, none of them with offsets."""
    return (
        isinstance(items, list)
        and any(isinstance(item, dict) and isinstance(item.get("text"), str) for item in items)
        and not any(isinstance(item, dict) and ("start" in item or "end" in item) for item in items)
    )


def _grounded(row: Json, example: Example, plan: Plan) -> Prediction:
    """The value of a row that names its spans: read as an answer in JSON is, with the same alignment."""
    field = FIELDS[plan.task.kind]
    answer = json.dumps({field: row[field]})
    labels = sorted({str(item["label"]) for item in row[field] if isinstance(item, dict) and item.get("label")})
    scheme = plan.scheme(example)
    if plan.task.finds_entities:
        scheme = replace(scheme, labels=tuple(dict.fromkeys((*scheme.labels, *labels))))
    parsed = formats.get("json", plan.task.kind).parse(answer, example.text, scheme)
    return Prediction(example.id, parsed.value, problems=parsed.problems, unplaced=parsed.unplaced)
