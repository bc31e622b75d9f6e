"""A change applied to a record: only where what it takes away is there, and only if the record stays valid.

>>> from fewshot.records import PANEL, Span
>>> legend = Example("f", "f", "(A) Blot. (B) Gel.", panels=(Span(0, 18, PANEL, ("A",)),))
>>> split = Change("panels", ({"labels": ["A"], "start": 0, "end": 18},),
...                ({"labels": ["A"], "start": 0, "end": 9}, {"labels": ["B"], "start": 10, "end": 18}))
>>> [panel.cut(legend.text) for panel in changed(legend, split).panels]
['(A) Blot.', '(B) Gel.']
"""

from __future__ import annotations

from typing import Any

from fewshot.audit.finding import Change, Item
from fewshot.errors import NOWHERE, Where
from fewshot.records import HYPOTHESIS_ROLES, Example
from fewshot.schema import example_from_json, example_to_json

_SPANS = ("panels", "entities")


def changed(example: Example, change: Change, where: Where = NOWHERE) -> Example:
    """The example with a change made. Leaving a record out is no change of an example: see `repair`.

    Raises:
        DataError: what is to be removed is not there, or the result is no valid record.
    """
    where = where._replace(id=example.id)
    row = example_to_json(example)
    if change.field in _SPANS:
        row[change.field] = _replaced(row.get(change.field) or [], change, where)
    elif change.field == "hypothesis":
        row["hypothesis"] = _members(row.get("hypothesis") or {}, change, where)
    elif change.field == "text":
        _edit(row, change, where)
    elif change.field == "split":
        row["split"] = change.add[0]["text"] if change.add else None
    return example_from_json(row, where)


def _replaced(items: list[Any], change: Change, where: Where) -> list[Any]:
    """Spans without those to be removed, with those to be added."""
    kept = list(items)
    for lost in change.remove:
        found = next((item for item in kept if _holds(item, lost)), None)
        if found is None:
            where.fail(f"{change.field} has no {dict(lost)}", hint="the patch was made for other data")
        kept.remove(found)
    return sorted([*kept, *map(dict, change.add)], key=lambda item: (item["start"], item["end"]))


def _holds(item: Item, lost: Item) -> bool:
    return all(item.get(key) == value for key, value in lost.items())


def _members(hypothesis: dict[str, Any], change: Change, where: Where) -> dict[str, Any]:
    parts = {part: list(hypothesis.get(part, ())) for part in HYPOTHESIS_ROLES}
    for lost in change.remove:
        member = {"label": lost.get("label"), "text": lost.get("text")}
        found = next((item for item in parts.get(str(lost.get("part")), ()) if _holds(item, member)), None)
        if found is None:
            where.fail(f"the hypothesis has no {dict(lost)}", hint="the patch was made for other data")
        parts[str(lost["part"])].remove(found)
    for new in change.add:
        parts[str(new["part"])].append({"label": new["label"], "text": new["text"]})
    return parts


def _edit(row: dict[str, Any], change: Change, where: Where) -> None:
    """Replaces characters of the text, and moves all spans with them."""
    edits = sorted(zip(change.remove, change.add, strict=True), key=lambda edit: -edit[0]["start"])
    text: str = row["text"]
    for old, new in edits:
        start, end, sign = old["start"], old["end"], new["text"]
        if text[start:end] != old["text"]:
            where.fail(f"the text has no {old['text']!r} at {start}", hint="the patch was made for other data")
        text = text[:start] + sign + text[end:]
        by = len(sign) - (end - start)
        for field in _SPANS:
            for span in row.get(field) or ():
                for edge in ("start", "end"):
                    if span[edge] >= end:
                        span[edge] += by
                    elif span[edge] > start:  # an edge inside what is replaced
                        span[edge] = start + (len(sign) if edge == "end" else 0)
    row["text"] = text
    for field in _SPANS:  # a span of nothing but what was taken out
        if row.get(field):
            row[field] = [span for span in row[field] if text[span["start"] : span["end"]].strip()]
