"""Records as JSON, one a line or in an array: the project's own format, and what is near to it.

    {"id": "f1", "group": "10.1000/x", "text": "(A) p53 blot.", "panels": [{"labels": ["A"], "start": 0,
     "end": 13}], "split": "test"}

`fewshot.schema` says which keys there are. Blank lines and a byte order mark are fine. Numeric ids become text, missing
ones file and line. Where there is no `text`, the key that is named as texts are is taken for it, which is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot.data import Head, Origin, Reader, Writer
from fewshot.errors import DataError, InputError, Where
from fewshot.fields import type_of
from fewshot.files import write_json_lines
from fewshot.origin.columns import Asked, Columns, text_among
from fewshot.origin.ids import Ids
from fewshot.origin.options import offsets_option, option
from fewshot.origin.records import values
from fewshot.records import Example
from fewshot.schema import example_from_json, example_to_json
from fewshot.text.offsets import Ruler, Unit, explained, fitting, unit_of

_GOLD = ("entities", "panels", "hypothesis")
_LIKE_GOLD = ("spans", "label", "labels", "annotations", "annotation", "ents", "tags", "ner_tags", "mentions",
              "extractions")  # fmt: skip


@dataclass(frozen=True)
class JsonlReader(Reader):
    """JSON in the project's own schema."""

    text_column: str | None = option("NAME", "the column (or key) of the texts [by its name]")
    id_column: str | None = option("NAME", "the column of the ids [by its name; else lines are numbered]")
    group_column: str | None = option("NAME", "the column of the articles [by its name: doi, pmid, article …]")
    split_column: str | None = option("NAME", "the column of the splits [by its name]")
    offsets: str = offsets_option()

    suffixes = frozenset({".jsonl", ".json", ".ndjson"})
    numbers_ids = True  # `_checked_ids`
    holds_predictions = True

    def recognises(self, head: Head) -> bool | None:
        """By its gold; without any its ending decides."""
        return True if any(map(_is_ours, head.records)) else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """All records, whatever they are labelled for.

        Raises:
            DataError: a line that is not JSON or not a valid record; an id twice.
        """
        unit, seen = unit_of(self.offsets), Ids()
        for line, value in values(source):
            where = Where(source, line)
            try:
                example = self._example(value, source, where, unit)
                first = seen.first(example.id, line)
                if first is not None:
                    where._replace(id=example.id).fail(f"duplicate id (first on line {first})")
            except DataError as error:
                source.refuse(error)
                continue
            yield example

    def _example(self, value: object, source: Origin, where: Where, unit: Unit) -> Example:
        """One record."""
        if not isinstance(value, dict):
            where.fail(f"a record must be a JSON object, not {type_of(value)}")
        row = _with_id(self._renamed(value, source, where), source, where.line or 0)
        try:
            return example_from_json(_in_characters(row, unit, where), where)
        except DataError as error:
            raise _explained(error, row, unit) from None

    def _renamed(self, row: dict[str, Any], origin: Origin, where: Where) -> dict[str, Any]:
        """The record under our keys. Keys that look like text or gold and are not read are named."""
        if row.keys().isdisjoint(_GOLD) and not row.keys().isdisjoint(_LIKE_GOLD):
            for key in _LIKE_GOLD:
                if row.get(key):
                    origin.say(f"{origin.name}: {key!r} is not read: gold is in entities, as start, end and label")
        asked = Asked(self.text_column, self.id_column, self.group_column, self.split_column)
        if asked == Asked() and "text" in row:
            other = text_among([key for key in row if key != "text"], exact=True)
            if other is not None and isinstance(row[other], str):
                origin.say(f"{origin.name}: of text and {other}, text is read (--text-column {other} reads the other)")
            return row
        if "text" not in row and asked == Asked() and text_among(list(row)) is None:
            return row
        try:
            found = Columns.of(list(row), asked)
        except InputError as error:
            where.fail(error.message, hint=error.hint)
        if not found.are_ours:
            origin.say(f"{origin.name}: {found.in_words()}")
        named = {"id": found.id, "group": found.group, "text": found.text, "split": found.split}
        ours = {key: _as_text(row[name]) for key, name in named.items() if name is not None}
        return ours | {key: value for key, value in row.items() if key not in named.values() and key not in ours}

    def rows(self, source: Origin) -> Iterator[tuple[int, object]]:
        """All records under our keys, unchecked."""
        for line, row in values(source):
            if isinstance(row, dict):
                yield line, _with_id(self._renamed(row, source, Where(source, line)), source, line)
            else:
                yield line, row


class JsonlWriter(Writer):
    """One record a line; letters as they are, not escaped."""

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Every example with all that is known of it, for any `task`."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            return write_json_lines(map(example_to_json, examples), file)


READER = JsonlReader()
WRITER = JsonlWriter()


def _is_ours(row: object) -> bool:
    """Whether a record is labelled as ours are."""
    if not isinstance(row, dict) or "text" not in row:
        return False
    entities = row.get("entities")
    named = isinstance(entities, list) and any(isinstance(one, dict) and "start" in one for one in entities)
    return named or "panels" in row or "hypothesis" in row


def _with_id(row: dict[str, Any], origin: Origin, line: int) -> dict[str, Any]:
    """The record with an id and a group that are text."""
    id_, group = row.get("id"), row.get("group")
    if type(id_) is int or type(group) is int:
        row = row | {key: str(row[key]) for key in ("id", "group") if type(row.get(key)) is int}
    return {"id": f"{origin.label}:{line}"} | row if id_ is None and "id" not in row else row


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


def _in_characters(row: dict[str, Any], unit: Unit, where: Where) -> dict[str, Any]:
    """The record with offsets of its spans in characters. What is no offset is left for the schema to refuse."""
    text = row.get("text")
    if not isinstance(text, str) or unit == "characters":
        return row
    ruler = Ruler(text, unit)
    return row | {
        key: [_moved(item, f"{key}[{i}]", ruler, where) for i, item in enumerate(row[key])]
        for key in ("entities", "panels")
        if isinstance(row.get(key), list)
    }


def _moved(item: object, name: str, ruler: Ruler, where: Where) -> object:
    if not isinstance(item, dict) or type(item.get("start")) is not int or type(item.get("end")) is not int:
        return item
    extent = ruler.extent(item["start"], item["end"])
    if extent is None:
        where.fail(f"{name}: {item['start']}–{item['end']} lies outside the text, or inside a character")
    return item | {"start": extent[0], "end": extent[1]}


def _explained(error: DataError, row: Mapping[str, Any], unit: Unit) -> DataError:
    """The error, with the flag that would read the spans where another unit explains one."""
    text = row.get("text")
    if unit != "characters" or not isinstance(text, str) or "range" not in error.message or error.hint:
        return error
    for item in (item for key in ("entities", "panels") for item in row.get(key) or () if isinstance(item, dict)):
        start, end, surface = item.get("start"), item.get("end"), item.get("text")
        if type(start) is int and type(end) is int and not 0 <= start <= end <= len(text):
            found = explained(text, start, end, surface) if isinstance(surface, str) else fitting(text, start, end)
            error.hint = f"are they in other units? --offsets {found} reads them so" if found else None
            return error
    return error
