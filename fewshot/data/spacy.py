"""spaCy: documents as `Doc.to_json` gives them, one a line or in an array; training tuples are read too.

    {"text": "DCTN4 blot.", "ents": [{"start": 0, "end": 5, "label": "Gene"}], "tokens": [{"id": 0, "start": 0, …}]}
    ["DCTN4 blot.", {"entities": [[0, 5, "Gene"]]}]

Id, group and split stand in `meta`, which spaCy leaves alone. Written with tokens, so that `Doc.from_json` takes them:
words and punctuation marks, parted where entities begin and end.
Format: https://spacy.io/api/doc#to_json.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from fewshot.data import Head, Origin, Reader, Writer, spans_to_write
from fewshot.errors import Where
from fewshot.fields import shown, string_at, whole_number
from fewshot.files import write_json_lines
from fewshot.origin.annotations import Annotations
from fewshot.origin.options import offsets_option
from fewshot.origin.records import list_at, values, word_at
from fewshot.records import Example, Kind, Span
from fewshot.text import iob
from fewshot.text.offsets import unit_of

_TRIPLE = 3


@dataclass(frozen=True)
class SpacyReader(Reader):
    """Documents with entities."""

    offsets: str = offsets_option()

    suffixes: frozenset[str] = frozenset()

    def recognises(self, head: Head) -> bool | None:
        """By `ents`, or by pairs of a text and its annotation."""
        documents = any(isinstance(row, dict) and "text" in row and "ents" in row for row in head.records)
        return True if documents or any(map(_is_pair, head.records)) or "classes" in head.keys else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every document. One without `ents` is unlabelled.

        Raises:
            DataError: it is not JSON; an entity that is none, or not where it says.
        """
        found = Annotations(source, unit_of(self.offsets))
        for number, (where, row) in enumerate(_documents(source), 1):
            text = string_at(row, "text", where)
            beside = row["meta"] if isinstance(row.get("meta"), dict) else {}
            place = where.line if where.line != 1 else number  # all documents of an array may stand on one line
            id_ = word_at(beside, "id") or word_at(row, "id") or f"{source.label}:{place}"
            here = where._replace(id=id_)
            spans = [_span(one, f"ents[{i}]", text, found, here) for i, one in enumerate(list_at(row, "ents", here))]
            yield Example(
                id_,
                word_at(beside, "group") or id_,
                text,
                entities=found.entities(spans, text) if "ents" in row else None,
                split=word_at(beside, "split"),
            )
        found.report()


class SpacyWriter(Writer):
    """Documents as JSON lines."""

    kinds: frozenset[Kind] = frozenset(("entities",))
    ending = ".jsonl"

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes texts and entities, those of a task if one is named."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            return write_json_lines((_row(one, spans_to_write(self, one, task)) for one in examples), file)


READER = SpacyReader()
WRITER = SpacyWriter()


def _is_pair(row: object) -> bool:
    return (
        isinstance(row, list)
        and len(row) == 2
        and isinstance(row[0], str)
        and isinstance(row[1], dict)
        and "entities" in row[1]
    )


def _documents(origin: Origin) -> Iterator[tuple[Where, Mapping[str, Any]]]:
    """Every document as an object."""
    for line, value in values(origin):
        where = Where(origin, line)
        if isinstance(value, dict) and "classes" in value and isinstance(value.get("annotations"), list):
            rows = [row for row in value["annotations"] if row is not None]  # of NER Annotator
        else:
            rows = [value]
        for row in rows:
            if isinstance(row, dict):
                yield where, row
            elif _is_pair(row):
                yield where, {"text": row[0], "ents": row[1]["entities"]}
            else:
                where.fail(f"must be a document, or a pair of text and entities, not {shown(row)}")


def _span(one: object, name: str, text: str, found: Annotations, where: Where) -> Span:
    """An entity as an object, or as start, end and label."""
    if isinstance(one, list) and len(one) >= _TRIPLE:
        one = {"start": one[0], "end": one[1], "label": one[2]}
    if not isinstance(one, dict):
        where.fail(f"{name} must be an object, or start, end and label, not {shown(one)}")
    keys = ("start_char", "end_char") if "start_char" in one else ("start", "end")  # spaCy 4 counts tokens in `start`
    start, end = (whole_number(one, key, where, name) for key in keys)
    return found.span(text, start, end, string_at(one, "label", where, name), where, name=name)


def _row(example: Example, spans: Sequence[Span] | None) -> dict[str, Any]:
    beside = {"id": example.id, "group": example.group, "split": example.split}
    row: dict[str, Any] = {"text": example.text}
    if spans is not None:
        row["ents"] = [{"start": span.start, "end": span.end, "label": span.label} for span in spans]
    edges = _tokens(example.text, [edge for span in spans or () for edge in (span.start, span.end)])
    row["tokens"] = [{"id": number, "start": start, "end": end} for number, (start, end) in enumerate(edges)]
    return row | {"meta": {key: said for key, said in beside.items() if said is not None}}


def _tokens(text: str, cuts: Iterable[int]) -> list[tuple[int, int]]:
    """Edges of spaCy's tokens: between two of them lies nothing or one space; other white space is a token.

    >>> [text[a:b] for text in ["p53  blot\\n"] for a, b in _tokens(text, [])]
    ['p53', ' ', 'blot', '\\n']
    """
    words = iob.tokenize(text, cuts)
    tokens: list[tuple[int, int]] = []
    for (_, before), (end, after) in pairwise([(0, 0), *words, (len(text), len(text))]):
        gap = before + (before > 0 and text.startswith(" ", before))
        if gap < end:
            tokens.append((gap, end))
        if end < after:
            tokens.append((end, after))
    return tokens
