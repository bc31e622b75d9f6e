"""Predictions that somebody else made, scored by the same evaluator and left as the same files as a run's.

{"id": "fig-1", "panels": [{"labels": ["A"], "start": 0, "end": 13}]}      a value,
{"id": "fig-1", "entities": [{"text": "p53", "label": "GENEPROD"}]}        one without offsets, which is grounded, or
{"id": "fig-1", "output": "<panel> (A) p53 blot. </panel> [END]"}          raw text, with --format
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fewshot import formats
from fewshot.errors import DataError, InputError, Where
from fewshot.experiment import plan, record, signature
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.plan import Plan
from fewshot.experiment.running import Run, default_folder, finished
from fewshot.experiment.settings import Settings
from fewshot.records import FIELDS, Completion, Example, Prediction
from fewshot.schema import Json, value_from_json
from fewshot.scoring import evaluate
from fewshot.scoring.reading import nothing, read_answer

BACKEND = plan.EXTERNAL


@dataclass(frozen=True, slots=True)
class _Row:
    row: Json
    where: Where


def score(
    settings: Settings,
    predictions: Path,
    *,
    out: Path | None = None,
    missing_as_empty: bool = False,
) -> Run:
    """Scores a JSONL file of predictions against the gold of `settings.data`.

    Raises:
        DataError: a line that cannot be read, an unknown or repeated id.
        InputError: an id of the data has no prediction and `missing_as_empty` is not set.
    """
    made = plan.make(settings)
    rows = _read(predictions)
    examples = {example.id: example for example in made.examples}
    for id_, found in rows.items():
        if id_ not in examples:
            found.where.fail(
                f"no such id in {settings.data}, split {settings.split}",
                hint="check --data, --split and --task",
            )
    missing = [id_ for id_ in examples if id_ not in rows]
    if missing and not missing_as_empty:
        raise InputError(
            f"{predictions} has no prediction for {missing[0]!r} ({len(missing)} of {len(examples)} are missing)",
            hint="--missing-as-empty scores them as empty answers",
        )
    values = [
        _prediction(rows[example.id], example, made) if example.id in rows else nothing(example, made.task)
        for example in made.examples
    ]
    values, notices = _counted(values, made)
    source = signature.Source.of_file(predictions)
    folder = RunFolder(out or default_folder(made, source))
    finished(folder, made)  # refuses a folder of other settings; a finished one is scored anew
    record.begin(folder, made, source)
    result = evaluate(
        made.task,
        made.examples,
        values,
        labels=made.labels,
        signature=signature.signature(made, source),
        failed=len(missing),
    )
    folder.write_predictions(values, made.task.kind)
    folder.write_scores(result)
    return Run(folder, result, (*made.notices, *notices))


def _counted(values: Sequence[Prediction], made: Plan) -> tuple[list[Prediction], list[str]]:
    """What of the predictions counts: with `--labels` those labels alone, else all, and a line on those that the gold
    does not have."""
    task = made.task
    if made.settings.labels:
        return [replace(value, value=task.restrict(value.value, made.labels)) for value in values], []
    said = [replace(value, value=task.restrict(value.value, sorted(task.labels(value.value)))) for value in values]
    unknown = sorted({label for value in said for label in task.labels(value.value)}.difference(made.labels))
    if not unknown:
        return said, []
    many = sum(bool(task.labels(value.value).intersection(unknown)) for value in said)
    return said, [
        f"{many} predictions bear labels that the gold does not have, and count as wrong: {', '.join(unknown)}"
    ]


def _read(path: Path) -> dict[str, _Row]:
    """The rows of a predictions file by id."""
    import jsonlines

    rows: dict[str, _Row] = {}
    try:
        with jsonlines.open(path) as reader:
            for number, row in enumerate(reader.iter(type=dict, skip_empty=True), 1):
                id_ = row.get("id")
                if not isinstance(id_, str):
                    raise DataError("id is missing", path=path, line=number)
                if id_ in rows:
                    first = rows[id_].where.line
                    raise DataError(f"duplicate id (first on line {first})", path=path, line=number, id=id_)
                rows[id_] = _Row(row, Where(path, number, id_))
    except jsonlines.InvalidLineError as error:
        raise DataError("not a JSON object", path=path, line=error.lineno) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    return rows


def _prediction(found: _Row, example: Example, made: Plan) -> Prediction:
    """The value of a row, or what its raw output says."""
    if _names(found.row.get(FIELDS[made.task.kind])):
        return _grounded(found.row, example, made)
    value = value_from_json(found.row, made.task.kind, example.text, found.where)
    if value is not None:
        return Prediction(id=example.id, value=value)
    output = found.row.get("output")
    field = FIELDS[made.task.kind]
    if not isinstance(output, str):
        found.where.fail(f"neither {field} nor output", hint=f"give {field}, or output and --format")
    if made.settings.format is None:
        found.where.fail(f"there is raw output and no {field}", hint="say which --format it is in")
    return read_answer(Completion(output), example, format=made.format, scheme=made.scheme(example), task=made.task)


def _names(items: object) -> bool:
    """Whether spans are given by their surfaces, none of them with offsets."""
    return (
        isinstance(items, list)
        and any(isinstance(item, dict) and isinstance(item.get("text"), str) for item in items)
        and not any(isinstance(item, dict) and ("start" in item or "end" in item) for item in items)
    )


def _grounded(row: Json, example: Example, made: Plan) -> Prediction:
    """The value of a row that names its spans: read as an answer in JSON is, with the same alignment."""
    field = FIELDS[made.task.kind]
    answer = json.dumps({field: row[field]})
    labels = sorted({str(item["label"]) for item in row[field] if isinstance(item, dict) and item.get("label")})
    scheme = made.scheme(example)
    if made.task.kind == "entities":
        scheme = replace(scheme, labels=tuple(dict.fromkeys((*scheme.labels, *labels))))
    parsed = formats.get("json", made.task.kind).parse(answer, example.text, scheme)
    return Prediction(example.id, parsed.value, problems=parsed.problems, unplaced=parsed.unplaced)
