"""Data sets read for an audit: what makes a record invalid becomes a finding, and the rest of the record is read.

    {"id": "a", "text": "p53 blot", "entities": [{"start": 0, "end": 3, "label": "GENE", "text": "p5"}, …]}

`run` refuses a source with spans that overlap, lie outside the text or have no label. An audit says where they are; it
leaves them out of what it goes on with, and so of the repaired data. Whatever else is wrong with a source is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fewshot import data
from fewshot.audit.finding import QUOTED, Finding
from fewshot.errors import DataError, Where
from fewshot.origin.ids import Ids
from fewshot.records import Example
from fewshot.schema import example_from_json, spans_from_json
from fewshot.text.visible import shortened

_FIELDS = ("panels", "entities")
_SURFACES = ("text", "surface", "name")
"""Keys under which data sets repeat the words of a span."""


def read(
    source: str, task: str | None, options: Mapping[str, str], said: list[str]
) -> tuple[list[Example], list[Finding]]:
    """The examples of a source, and what was wrong with its records. `options`, `said`: as of `fewshot.data.stream`.

    Raises:
        InputError, DataError: as `fewshot.data.read`, for all but spans.
    """
    path = str(data.DEMO) if source == "demo" else source
    try:
        examples = data.read(source, task, options=options, said=said)
        salvaged = False
    except DataError:
        if data.rows(path, options) is None:
            raise
        salvaged = True
    rows = data.rows(path, options)
    if rows is None:
        return examples, []
    found: list[Finding] = []
    if not salvaged:
        for _, row in rows:
            found.extend(_mismatches(row))
        return examples, found
    seen, examples = Ids(), []
    for number, row in rows:
        examples.append(_salvaged(row, Where(path, number), found))
        first = seen.first(examples[-1].id, number)
        if first is not None:
            Where(path, number, examples[-1].id).fail(f"duplicate id (first on line {first})")
    if not examples:
        raise DataError("holds no examples", path=path)
    return examples, found


def _salvaged(row: object, where: Where, found: list[Finding]) -> Example:
    """The example of a record without the spans that make it invalid."""
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("id"), str):
        return example_from_json(row, where)  # says what is wrong
    found.extend(_mismatches(row))
    kept = dict(row)
    for field in _FIELDS:
        if isinstance(row.get(field), list):
            kept[field] = list(_sound(row, field, found))
    return example_from_json(kept, where)


def _sound(row: Mapping[str, Any], field: str, found: list[Finding]) -> Iterator[object]:
    """The spans of a field that are valid, alone and beside those before them; the longer one of two comes first."""
    text, last = row["text"], list[tuple[int, int]]()
    # What a span says of its words is a finding of its own (`_mismatches`).
    plain = [
        {k: v for k, v in one.items() if k not in _SURFACES} if isinstance(one, dict) else one for one in row[field]
    ]
    for item in sorted(plain, key=_length, reverse=True):
        try:
            spans = spans_from_json({field: [item]}, field, text)
        except DataError as error:
            kind = "empty_label" if _is_blank(item) else "offset_mismatch"
            reason = f"{str(error).removeprefix(f'{field}[0]').lstrip(': .')}; left out"
            found.append(_finding(row, kind, item, reason))
            continue
        for span in spans or ():
            if any(span.start < end and start < span.end for start, end in last):
                found.append(_finding(row, "overlapping_spans", item, f"overlaps a longer one of {field}; left out"))
            else:
                last.append((span.start, span.end))
                yield item


def _length(item: object) -> int:
    if not isinstance(item, dict):
        return 0
    start, end = item.get("start"), item.get("end")
    return end - start if type(start) is int and type(end) is int else 0


def _is_blank(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("label"), str) and not item["label"].strip()


def _mismatches(row: object) -> Iterator[Finding]:
    """Spans that repeat other words than those at their offsets."""
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("id"), str):
        return
    for field in _FIELDS:
        for item in row[field] if isinstance(row.get(field), list) else ():
            place = _place(item, row["text"])
            if place is None:
                continue
            said = next((item[key] for key in _SURFACES if isinstance(item.get(key), str)), None)
            there = row["text"][place[0] : place[1]]
            if said is not None and said.split() != there.split():
                reason = f"the record says {shortened(said, QUOTED)!r}, the text {shortened(there, QUOTED)!r}"
                yield _finding(row, "offset_mismatch", item, reason)


def _place(item: object, text: str) -> tuple[int, int] | None:
    if not isinstance(item, dict):
        return None
    start, end = item.get("start"), item.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start <= end <= len(text):
        return None
    return start, end


def _finding(row: Mapping[str, Any], kind: str, item: object, reason: str) -> Finding:
    place = _place(item, row["text"])
    first, last = place or (None, None)
    quote = row["text"][first:last] if place else str(item)
    return Finding(row["id"], kind, "error", first, last, shortened(quote, QUOTED), "certain", reason)
