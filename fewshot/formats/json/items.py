"""The items of a JSON answer, under whatever keys a model puts them.

{"entities": [{"text": "p53", "occurrence": 1, "label": "GENEPROD"}]}     as asked for
[{"mention": "p53", "type": "GENEPROD"}]     {"GENEPROD": ["p53", "MDM2"]}     {"answer": {"entities": […]}}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fewshot.records import HYPOTHESIS_ROLES, Kind, ProblemKind, Scheme
from fewshot.text.labels import labels_of

KEYS: Mapping[Kind, str] = {"entities": "entities", "roles": "entities", "panels": "panels"}
"""Under which key a list of items stands."""

_TEXTS = ("text", "mention", "entity", "name", "surface", "span")
_LABELS: Mapping[Kind, tuple[str, ...]] = {
    "entities": ("label", "type", "entity_type", "category", "class", "tag"),
    "hypothesis": ("label", "type", "entity_type", "category", "class", "tag"),
    "roles": ("role", "label", "type"),
    "panels": (),
}
_WRAPPED = 3
"""Objects of one key around an answer that are opened: `{"result": {"answer": {…}}}`."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that an answer names. `label`: as it is written; `labels`: the letters of a panel."""

    text: str
    label: str = ""
    number: int | None = None
    labels: tuple[str, ...] = ()


def shape(value: Any, scheme: Scheme) -> int:
    """How sure a value is an answer: 2 it is, 1 it may be an empty one, 0 it is not."""
    value = _opened(value, scheme)
    if scheme.kind == "hypothesis":
        return 2 if isinstance(value, dict) and any(isinstance(value.get(r), list) for r in HYPOTHESIS_ROLES) else 0
    if value in ([], {}):
        return 1
    if isinstance(value, list):
        return 2 if any(_text(item) is not None for item in value) else 0
    if not isinstance(value, dict):
        return 0
    if isinstance(value.get(KEYS[scheme.kind]), list) or _text(value) is not None:
        return 2
    return 2 if scheme.kind != "panels" and any(_is_listing(pair, scheme) for pair in value.items()) else 0


def items(values: Iterable[Any], scheme: Scheme, problems: Counter[ProblemKind]) -> list[Item]:
    """The items of the values of an answer, in order; what is not an item is counted."""
    rows: list[Any] = []
    for wrapped in values:
        value = _opened(wrapped, scheme)
        if isinstance(value, list):
            rows += value
        elif isinstance(value.get(KEYS[scheme.kind]), list):
            rows += value[KEYS[scheme.kind]]
        elif _text(value) is not None:
            rows.append(value)
        else:
            rows += _by_label(value, scheme)
            problems["not_json"] += bool(value) and not problems["not_json"]
    return _read(rows, scheme.kind, problems)


def members(values: Sequence[Any], role: str, scheme: Scheme, problems: Counter[ProblemKind]) -> list[Item]:
    """The members of a hypothesis that play a role."""
    rows: list[Any] = []
    for wrapped in values:
        present = _opened(wrapped, scheme).get(role, [])
        if isinstance(present, list):
            rows += present
        else:
            problems["not_json"] += not problems["not_json"]
    return _read(rows, scheme.kind, problems)


def _read(rows: Sequence[Any], kind: Kind, problems: Counter[ProblemKind]) -> list[Item]:
    items = [_item(row, kind) for row in rows]
    problems["not_json"] += None in items
    return [item for item in items if item is not None]


def _item(row: Any, kind: Kind) -> Item | None:
    text = _text(row)
    if text is None:
        return None
    label = next((row[key] for key in _LABELS[kind] if isinstance(row.get(key), str)), "")
    letters = row.get("labels", row.get("label"))
    if isinstance(letters, str):
        letters = [letters]
    return Item(
        text, label, _number(row.get("occurrence")), tuple(map(str, letters)) if isinstance(letters, list) else ()
    )


def _text(row: Any) -> str | None:
    """The surface of an item; `None` if it has none."""
    if not isinstance(row, dict):
        return None
    return next((row[key] for key in _TEXTS if isinstance(row.get(key), str)), None)


def _number(value: Any) -> int | None:
    """Which occurrence, from 1; `None` for what does not say."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 9:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _opened(value: Any, scheme: Scheme) -> Any:
    """An answer without the objects of one key around it."""
    for _ in range(_WRAPPED):
        if not isinstance(value, dict) or len(value) != 1:
            break
        ((key, inner),) = value.items()
        known = key in (*HYPOTHESIS_ROLES, *KEYS.values()) or labels_of(scheme.labels).find(str(key))
        if known or not (isinstance(inner, dict) or (isinstance(inner, list) and any(map(_text, inner)))):
            break
        value = inner
    return value


def _is_listing(pair: tuple[str, Any], scheme: Scheme) -> bool:
    key, texts = pair
    return (
        isinstance(texts, list)
        and (not texts or isinstance(texts[0], str | dict))
        and (labels_of(scheme.labels).find(str(key)) is not None or all(isinstance(text, str) for text in texts))
    )


def _by_label(value: Mapping[str, Any], scheme: Scheme) -> list[Any]:
    """`{"GENEPROD": ["p53"]}` as items."""
    key = _LABELS[scheme.kind][0] if _LABELS[scheme.kind] else ""
    rows: list[Any] = []
    for label, texts in value.items():
        for text in texts if isinstance(texts, list) else ():
            rows.append({**text, key: label} if isinstance(text, dict) else {"text": text, key: label})
    return rows
