"""doccano: a text a line, its labels as triples, or entities with offsets.

    {"id": 7, "text": "DCTN4 blot.", "label": [[0, 5, "Gene"]]}
    {"id": 7, "text": "DCTN4 blot.", "entities": [{"id": 1, "label": "Gene", "start_offset": 0, "end_offset": 5}]}

Relations are not read. Written as triples, with group and split beside them. Format: doccano's import and export of
sequence labelling, https://doccano.github.io/doccano/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot.data import Head, Origin, Reader, Writer, spans_to_write
from fewshot.errors import Where
from fewshot.fields import shown, string_at, whole_number
from fewshot.files import write_json_lines
from fewshot.origin.annotations import Annotations
from fewshot.origin.options import offsets_option
from fewshot.origin.records import list_at, objects, word_at
from fewshot.records import Example, Kind, Span
from fewshot.text.offsets import unit_of

_TRIPLES = ("label", "labels")
_LEAST = 3  # start, end, label


@dataclass(frozen=True)
class DoccanoReader(Reader):
    """Texts with entities."""

    offsets: str = offsets_option()

    suffixes: frozenset[str] = frozenset()

    def recognises(self, head: Head) -> bool | None:
        """By its labels: triples, or offsets of its own names."""
        rows = [row for row in head.records if isinstance(row, dict) and "text" in row]
        return True if any(map(_is_labelled, rows)) else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every text. Without labels it is unlabelled, with an empty list of labels it names nothing.

        Raises:
            DataError: it is not JSON; a label that is none, or not where it says.
        """
        found = Annotations(source, unit_of(self.offsets))
        for where, row in objects(source):
            text = string_at(row, "text", where)
            id_ = word_at(row, "id") or f"{source.label}:{where.line}"
            here = where._replace(id=id_)
            spans = _spans(row, text, found, here)
            yield Example(
                id_,
                word_at(row, "group") or id_,
                text,
                entities=None if spans is None else found.entities(spans, text),
                split=word_at(row, "split"),
            )
        found.report()


class DoccanoWriter(Writer):
    """Triples."""

    kinds: frozenset[Kind] = frozenset(("entities",))
    ending = ".jsonl"

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes texts and entities, those of a task if one is named."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            return write_json_lines((_row(one, spans_to_write(self, one, task)) for one in examples), file)


READER = DoccanoReader()
WRITER = DoccanoWriter()


def _is_labelled(row: dict[str, Any]) -> bool:
    """Whether a row is labelled as only doccano does."""
    for key in _TRIPLES:
        if isinstance(labels := row.get(key), list) and labels:
            return all(isinstance(one, list) and len(one) == _LEAST and type(one[0]) is int for one in labels)
    entities = row.get("entities")
    return isinstance(entities, list) and any(isinstance(one, dict) and "start_offset" in one for one in entities)


def _spans(row: dict[str, Any], text: str, found: Annotations, where: Where) -> list[Span] | None:
    """The entities of a row; `None`: it is not labelled."""
    triples = next((key for key in _TRIPLES if key in row), None)
    if triples is None and "entities" not in row:
        return None
    spans = []
    for number, one in enumerate(list_at(row, triples, where) if triples else ()):
        if not (isinstance(one, list) and len(one) >= _LEAST and isinstance(one[2], str)):
            where.fail(f"{triples}[{number}] must be start, end and label, not {shown(one)}")
        edges = {"start": one[0], "end": one[1]}
        start, end = (whole_number(edges, key, where, f"{triples}[{number}]") for key in edges)
        spans.append(found.span(text, start, end, one[2], where))
    for number, one in enumerate(list_at(row, "entities", where)):
        name = f"entities[{number}]"
        if not isinstance(one, dict):
            where.fail(f"{name} must be an object, not {shown(one)}")
        start, end = (whole_number(one, key, where, name) for key in ("start_offset", "end_offset"))
        spans.append(found.span(text, start, end, string_at(one, "label", where, name), where))
    for one in list_at(row, "relations", where):
        found.note("other", shown(one))
    return spans


def _row(example: Example, spans: Iterable[Span] | None) -> dict[str, Any]:
    row: dict[str, Any] = {"id": example.id, "text": example.text}
    if spans is not None:
        row["label"] = [[span.start, span.end, span.label] for span in spans]
    if example.group != example.id:
        row["group"] = example.group
    return row | ({} if example.split is None else {"split": example.split})
