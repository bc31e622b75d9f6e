"""Records as JSON: the one place that knows keys, their order, and what a valid record is.

    {"id": "f1", "group": "10.1000/x", "text": "(A) p53 blot.", "panels": [{"labels": ["A"], "start": 0,
     "end": 13}], "entities": [{"start": 4, "end": 7, "label": "GENEPROD", "role": "MEASURED_VAR"}]}

Only `id` and `text` are required; keys we do not know are kept. White space at the edges of a span is
trimmed, as scoring does. Every other fault raises a `DataError` that names file, line and id.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from fewshot.errors import NOWHERE, Where
from fewshot.fields import counts, name_at, share, shown, string_at, string_or_strings, strings, type_of, whole_number
from fewshot.records import FIELDS, HYPOTHESIS_ROLES, PANEL, Example, Hypothesis, Kind, Member, Prediction, Span, Value
from fewshot.text import offsets
from fewshot.text.spans import trimmed

Json: TypeAlias = dict[str, Any]

_EXAMPLE_KEYS = ("id", "group", "text", "panels", "inline_labels", "entities", "hypothesis", "split")


def example_from_json(row: object, where: Where = NOWHERE) -> Example:
    """One record.

    Raises:
        DataError: a missing or mistyped key; a span out of range, empty or overlapping another.
    """
    if not isinstance(row, dict):
        where.fail(f"a record must be a JSON object, not {type_of(row)}")
    id = string_at(row, "id", where)
    where = where._replace(id=id)
    text = string_at(row, "text", where)
    group = string_at(row, "group", where) if row.get("group") is not None else id
    split = string_at(row, "split", where) if row.get("split") is not None else None
    return Example(
        id=id,
        group=group,
        text=text,
        panels=spans_from_json(row, "panels", text, where),
        inline_labels=strings(row.get("inline_labels"), "inline_labels", where),
        entities=spans_from_json(row, "entities", text, where),
        hypothesis=hypothesis_from_json(row.get("hypothesis"), where),
        split=split,
        extra={key: value for key, value in row.items() if key not in _EXAMPLE_KEYS},
    )


def example_to_json(example: Example) -> Json:
    """Returns one record as JSON; absent labels stay absent, so that reading it again gives the same example."""
    row: Json = {"id": example.id, "group": example.group, "text": example.text}
    if example.panels is not None:
        row["panels"] = [_panel_to_json(span) for span in example.panels]
    if example.inline_labels is not None:
        row["inline_labels"] = list(example.inline_labels)
    if example.entities is not None:
        row["entities"] = [_entity_to_json(span) for span in example.entities]
    if example.hypothesis is not None:
        row["hypothesis"] = _hypothesis_to_json(example.hypothesis)
    if example.split is not None:
        row["split"] = example.split
    return row | dict(example.extra)


def prediction_to_json(prediction: Prediction, kind: Kind) -> Json:
    """A line of `predictions.jsonl`."""
    output = prediction.output
    unplaced = [{"label": member.label, "text": member.text} for member in prediction.unplaced]
    return {
        "id": prediction.id,
        FIELDS[kind]: value_to_json(prediction.value, kind),
        "output": list(output) if isinstance(output, tuple) else output,
        "problems": dict(prediction.problems),
        "fidelity": prediction.fidelity,
    } | ({"unplaced": unplaced} if unplaced else {})


def prediction_from_json(
    row: Mapping[str, Any], kind: Kind, texts: Mapping[str, str], where: Where = NOWHERE
) -> Prediction:
    """A line of `predictions.jsonl`; `texts` by id, to check the offsets against.

    Raises:
        DataError: an unknown id, no value of this kind, or a broken one.
    """
    id = string_at(row, "id", where)
    where = where._replace(id=id)
    if id not in texts:
        where.fail("no such id in the data")
    value = value_from_json(row, kind, texts[id], where)
    if value is None:
        where.fail(f"{FIELDS[kind]} is missing")
    return Prediction(
        id=id,
        value=value,
        output=string_or_strings(row.get("output"), "output", where),
        problems=counts(row.get("problems"), "problems", where),
        fidelity=share(row, "fidelity", where),
        unplaced=members_from_json(row.get("unplaced", []), "unplaced", where),
    )


def value_to_json(value: Value, kind: Kind) -> Any:
    """The JSON of a predicted or gold value."""
    if isinstance(value, Hypothesis):
        return _hypothesis_to_json(value)
    return [(_panel_to_json if kind == "panels" else _entity_to_json)(span) for span in value]


def value_from_json(row: Mapping[str, Any], kind: Kind, text: str, where: Where = NOWHERE) -> Value | None:
    """Returns the value under its key in a record or prediction; `None` if the key is absent.

    Raises:
        DataError: as `example_from_json`.
    """
    if kind == "hypothesis":
        return hypothesis_from_json(row.get("hypothesis"), where)
    return spans_from_json(row, FIELDS[kind], text, where)


def spans_from_json(row: Mapping[str, Any], key: str, text: str, where: Where = NOWHERE) -> tuple[Span, ...] | None:
    """Returns the spans under `key` (`panels` or `entities`), in text order; `None` if the key is absent.

    Raises:
        DataError: not a list of objects; out of range, empty or overlapping.
    """
    items = row.get(key)
    if items is None:
        return None
    if not isinstance(items, list):
        where.fail(f"{key} must be a list, not {type_of(items)}")
    spans = [_plain(item, key, text) or _span(item, f"{key}[{i}]", key, text, where) for i, item in enumerate(items)]
    spans.sort(key=lambda span: (span.start, span.end))
    for left, right in pairwise(spans):
        if right.start < left.end:
            where.fail(
                f"{key} overlap: {_named(left, text)} and {_named(right, text)}",
                hint="spans of one kind may not share characters",
            )
    return tuple(spans)


def _plain(item: object, key: str, text: str) -> Span | None:
    """Returns the span of an entity as our own files write it, in a third of the time of `_span`, which reads all."""
    if key != "entities" or type(item) is not dict or "confidence" in item:
        return None
    start, end, label = item.get("start"), item.get("end"), item.get("label")
    if type(start) is not int or type(end) is not int or type(label) is not str or not 0 <= start < end <= len(text):
        return None
    if text[start].isspace() or text[end - 1].isspace() or not label.strip():
        return None
    if len(item) == 3:  # most have no more than that
        return Span(start, end, label)
    role = item.get("role", ...)
    if not (role is ... or type(role) is str) or ("text" in item and item["text"] != text[start:end]):
        return None
    return Span(start, end, label, None, None if role is ... else role, None, _match(item))


def _span(item: object, name: str, key: str, text: str, where: Where) -> Span:
    if not isinstance(item, dict):
        where.fail(f"{name} must be an object, not {type_of(item)}")
    start, end = (whole_number(item, edge, where, name) for edge in ("start", "end"))
    if not 0 <= start <= end <= len(text):
        where.fail(f"{name} is out of range: {shown(start)}–{shown(end)} of a text of {len(text)} characters")
    if isinstance(item.get("text"), str):
        offsets.check(text, (start, end), item["text"], name, where)
    extent = trimmed(text, start, end)
    if extent is None:
        where.fail(f"{name} is empty: {start}–{end}")
    confidence = share(item, "confidence", where, name)
    if key == "panels":
        labels = strings(item.get("labels"), f"{name}.labels", where)
        return Span(*extent, PANEL, labels, None, confidence, _match(item))
    role = item.get("role", ...)
    if role is ...:
        role = None
    elif role is None:
        role = ""
    elif not isinstance(role, str):
        where.fail(f"{name}.role must be a string, not {type_of(role)}")
    return Span(*extent, name_at(item, "label", where, name), None, role, confidence, _match(item))


def hypothesis_from_json(row: object, where: Where = NOWHERE) -> Hypothesis | None:
    """Returns a hypothesis; absent roles are empty.

    Raises:
        DataError: not an object of lists of `{"label", "text"}`.
    """
    if row is None:
        return None
    if not isinstance(row, dict):
        where.fail(f"hypothesis must be an object, not {type_of(row)}")
    unknown = row.keys() - set(HYPOTHESIS_ROLES)
    if unknown:
        where.fail(f"hypothesis has no {shown(sorted(unknown)[0])} (it has {', '.join(HYPOTHESIS_ROLES)})")
    return Hypothesis(*(members_from_json(row.get(role, []), f"hypothesis.{role}", where) for role in HYPOTHESIS_ROLES))


def members_from_json(items: object, key: str, where: Where = NOWHERE) -> tuple[Member, ...]:
    """Returns entities by label and text.

    Raises:
        DataError: not a list of `{"label", "text"}`.
    """
    if not isinstance(items, list):
        where.fail(f"{key} must be a list, not {type_of(items)}")
    members = []
    for i, item in enumerate(items):
        name = f"{key}[{i}]"
        if not isinstance(item, dict):
            where.fail(f"{name} must be an object, not {type_of(item)}")
        text = string_at(item, "text", where, name)
        if not text.strip():
            where.fail(f"{name}.text is empty")
        members.append(Member(name_at(item, "label", where, name), text, share(item, "confidence", where, name)))
    return tuple(members)


def _panel_to_json(span: Span) -> Json:
    row: Json = {} if span.labels is None else {"labels": list(span.labels)}
    return row | {"start": span.start, "end": span.end} | _extras(span)


def _entity_to_json(span: Span) -> Json:
    row: Json = {"start": span.start, "end": span.end, "label": span.label}
    if span.role is not None:
        row["role"] = span.role
    return row | _extras(span)


def _hypothesis_to_json(value: Hypothesis) -> Json:
    return {role: [{"label": m.label, "text": m.text} | _extras(m) for m in members] for role, members in value.roles()}


def _extras(scored: Span | Member) -> Json:
    """What only predictions bear."""
    row: Json = {} if scored.confidence is None else {"confidence": scored.confidence}
    return row | ({"match": scored.match} if isinstance(scored, Span) and scored.match else {})


def _match(item: Mapping[str, Any]) -> Literal["exact", "folded", "near"] | None:
    match = item.get("match")  # a record of somebody else may mean something else by that key
    return match if match in ("exact", "folded", "near") else None


def _named(span: Span, text: str) -> str:
    surface = span.cut(text)
    return f"{span.start}–{span.end} {surface[:20] + '…' if len(surface) > 20 else surface!r}"
