"""Prodigy: a task a line, with spans.

    {"text": "DCTN4 blot.", "spans": [{"start": 0, "end": 5, "label": "Gene"}], "answer": "accept", "meta": {…}}

Tasks that were not accepted are left out, which is said. The id is that of the task or of its `meta`, else file and
line; group and split stand in `meta`. Format: https://prodi.gy/docs/api-interfaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot.data import Head, Origin, Reader, Writer, spans_to_write
from fewshot.fields import shown, string_at, whole_number
from fewshot.files import write_json_lines
from fewshot.origin.annotations import Annotations
from fewshot.origin.options import offsets_option
from fewshot.origin.records import list_at, objects, word_at
from fewshot.records import Example, Kind, Span
from fewshot.text.offsets import unit_of

_OWN_KEYS = frozenset({"_input_hash", "_task_hash", "_view_id", "answer"})


@dataclass(frozen=True)
class ProdigyReader(Reader):
    """Accepted tasks."""

    offsets: str = offsets_option()

    suffixes: frozenset[str] = frozenset()

    def recognises(self, head: Head) -> bool | None:
        """By spans with offsets, or by the keys that Prodigy adds."""
        rows = [row for row in head.records if isinstance(row, dict) and isinstance(row.get("text"), str)]
        spans = [one for row in rows if isinstance(row.get("spans"), list) for one in row["spans"]]
        if any(isinstance(one, dict) and {"start", "end", "label"} <= one.keys() for one in spans):
            return True
        return True if any("spans" in row and (_OWN_KEYS & row.keys() or row["spans"] == []) for row in rows) else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every task that was accepted, or not answered yet.

        Raises:
            DataError: it is not JSON; a span that is none, or not where it says.
        """
        found = Annotations(source, unit_of(self.offsets))
        for where, row in objects(source):
            text = string_at(row, "text", where)
            meta = row["meta"] if isinstance(row.get("meta"), dict) else {}
            id_ = word_at(row, "id") or word_at(meta, "id") or f"{source.label}:{where.line}"
            if row.get("answer", "accept") != "accept":
                found.note("rejected", shown(id_))
                continue
            here = where._replace(id=id_)
            spans = []
            for number, one in enumerate(list_at(row, "spans", here)):
                name = f"spans[{number}]"
                if not isinstance(one, dict):
                    here.fail(f"{name} must be an object, not {shown(one)}")
                start, end = (whole_number(one, key, here, name) for key in ("start", "end"))
                surface = one["text"] if isinstance(one.get("text"), str) else None
                label = string_at(one, "label", here, name)
                spans.append(found.span(text, start, end, label, here, surface=surface, name=name))
            yield Example(
                id_,
                word_at(meta, "group") or id_,
                text,
                entities=found.entities(spans, text) if "spans" in row else None,
                split=word_at(meta, "split"),
            )
        found.report()


class ProdigyWriter(Writer):
    """Tasks with spans, for `ner.manual` and `db-in`."""

    kinds: frozenset[Kind] = frozenset(("entities",))
    ending = ".jsonl"

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes texts and entities, those of a task if one is named."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            return write_json_lines((_row(one, spans_to_write(self, one, task)) for one in examples), file)


READER = ProdigyReader()
WRITER = ProdigyWriter()


def _row(example: Example, spans: Iterable[Span] | None) -> dict[str, Any]:
    meta = {"id": example.id, "group": example.group, "split": example.split}
    row: dict[str, Any] = {"text": example.text, "meta": {key: said for key, said in meta.items() if said is not None}}
    if spans is not None:
        row["spans"] = [{"start": s.start, "end": s.end, "label": s.label, "text": s.cut(example.text)} for s in spans]
    return row
