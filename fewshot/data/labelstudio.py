"""Label Studio: tasks with annotations, as it exports and imports them (JSON, and JSON-MIN).

    [{"id": 1, "data": {"text": "DCTN4 blot."}, "annotations": [{"result": [{"type": "labels", "from_name": "label",
      "to_name": "text", "value": {"start": 0, "end": 5, "text": "DCTN4", "labels": ["Gene"]}}]}]}]

The text is the field of `data` that is named as texts are, or `--text-column`. Of several annotations the first that
was not cancelled is read, of none the first prediction; other results than labels of text are not read: both are said.
Format: https://labelstud.io/guide/task_format.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot.data import Head, Origin, Reader, Writer, spans_to_write
from fewshot.errors import InputError, Where
from fewshot.fields import shown, string_at, strings, whole_number
from fewshot.files import encoded
from fewshot.origin.annotations import Annotations
from fewshot.origin.columns import Asked, Columns
from fewshot.origin.options import offsets_option, option
from fewshot.origin.records import list_at, objects, word_at
from fewshot.records import Example, Kind, Span
from fewshot.text.offsets import unit_of

_RESULTS = ("annotations", "predictions", "completions")


@dataclass(frozen=True)
class LabelStudioReader(Reader):
    """Tasks of text with labels."""

    text_column: str | None = option("NAME", "the column (or key) of the texts [by its name]")
    offsets: str = offsets_option()

    suffixes: frozenset[str] = frozenset()

    def recognises(self, head: Head) -> bool | None:
        """By `data` beside annotations; JSON-MIN by labels that are lists of objects with `labels`."""
        rows = [row for row in head.records if isinstance(row, dict)]
        if any(isinstance(row.get("data"), dict) and any(key in row for key in (*_RESULTS, "id")) for row in rows):
            return True
        return True if any(_min_key(row) for row in rows) else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every task. Without an annotation it is unlabelled.

        Raises:
            DataError: it is not JSON; no field looks like text; a label that is none, or not where it says.
        """
        found = Annotations(source, unit_of(self.offsets))
        for where, row in objects(source):
            fields = row["data"] if isinstance(row.get("data"), dict) else row
            columns = self._columns(fields, where)
            text = string_at(fields, columns.text, where)
            own = word_at(fields, columns.id) if columns.id else None
            id_ = own or word_at(row, "id") or f"{source.label}:{where.line}"
            here = where._replace(id=id_)
            values = _values(row, found, here)
            spans = [span for value in values or () for span in _spans(value, text, found, here)]
            yield Example(
                id_,
                (word_at(fields, columns.group) if columns.group else None) or id_,
                text,
                entities=None if values is None else found.entities(spans, text),
                split=word_at(fields, columns.split) if columns.split else None,
            )
        found.report()

    def _columns(self, fields: Mapping[str, Any], where: Where) -> Columns:
        names = [name for name, value in fields.items() if isinstance(value, str | int)]
        try:
            return Columns.of(names, Asked(self.text_column))
        except InputError as error:
            where.fail(error.message, hint=error.hint)


class LabelStudioWriter(Writer):
    """Tasks whose labels are of the control `label` over the text `text`, as in Label Studio's template for NER."""

    kinds: frozenset[Kind] = frozenset(("entities",))
    ending = ".json"
    suffixes: frozenset[str] = frozenset()

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes texts and entities, those of a task if one is named."""
        count = 0
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write("[")
            for count, example in enumerate(examples, 1):
                row = _row(example, spans_to_write(self, example, task))
                file.write((",\n" if count > 1 else "\n") + encoded(row))
            file.write("\n]\n")
        return count


READER = LabelStudioReader()
WRITER = LabelStudioWriter()


def _min_key(row: Mapping[str, Any]) -> str | None:
    """The key of JSON-MIN that holds the labels: it is named after the control."""
    return next((key for key, value in row.items() if isinstance(value, list) and any(map(_is_value, value))), None)


def _is_value(one: object) -> bool:
    return isinstance(one, dict) and "labels" in one and "start" in one and "end" in one


def _values(row: Mapping[str, Any], found: Annotations, where: Where) -> list[Mapping[str, Any]] | None:
    """The labels of a task; `None`: it is not labelled."""
    if not any(key in row for key in _RESULTS):
        key = _min_key(row)
        return None if key is None else [one for one in row[key] if isinstance(one, dict)]
    made = [one for one in _objects(row, "annotations", where) + _objects(row, "completions", where)
            if not one.get("was_cancelled")]  # fmt: skip
    if len(made) > 1:
        found.note("annotators", shown(where.id))
    chosen = (made or _objects(row, "predictions", where))[:1]
    if not chosen:
        return None
    values = []
    for one in _objects(chosen[0], "result", where):
        if one.get("type") == "labels" and isinstance(one.get("value"), dict):
            values.append(one["value"])
        else:
            found.note("other", shown(json.dumps(one)))
    return values


def _objects(row: Mapping[str, Any], key: str, where: Where) -> list[dict[str, Any]]:
    return [one for one in list_at(row, key, where) if isinstance(one, dict)]


def _spans(value: Mapping[str, Any], text: str, found: Annotations, where: Where) -> Iterator[Span]:
    start, end = (whole_number(value, key, where, "value") for key in ("start", "end"))
    surface = value["text"] if isinstance(value.get("text"), str) else None
    for label in strings(value.get("labels"), "value.labels", where) or ():
        yield found.span(text, start, end, label, where, surface=surface)


def _row(example: Example, spans: Iterable[Span] | None) -> dict[str, Any]:
    fields = {"text": example.text, "id": example.id, "group": example.group, "split": example.split}
    row: dict[str, Any] = {"data": {key: said for key, said in fields.items() if said is not None}}
    if spans is not None:
        row["annotations"] = [{"result": [_result(span, number, example) for number, span in enumerate(spans, 1)]}]
    return row


def _result(span: Span, number: int, example: Example) -> dict[str, Any]:
    value = {"start": span.start, "end": span.end, "text": span.cut(example.text), "labels": [span.label]}
    return {"id": str(number), "type": "labels", "from_name": "label", "to_name": "text", "value": value}
