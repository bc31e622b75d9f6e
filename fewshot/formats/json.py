"""JSON, with a strict schema for servers that can be held to one.

    {"entities": [{"text": "p53", "occurrence": 1, "label": "GENEPROD"}]}
    {"panels": [{"labels": ["A"], "text": "(A) Blot of p53.", "occurrence": 1}]}
    {"interventions": [{"text": "nutlin", "label": "SMALL_MOLECULE"}], "observations": [], "assays": []}

A surface that occurs more than once carries which occurrence is meant; 1 where it says none.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fewshot.formats import Format
from fewshot.records import HYPOTHESIS_ROLES, PANEL, Hypothesis, Kind, Member, Parsed, ProblemKind, Scheme, Span, Value
from fewshot.text import grounding

_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_KEYS: Mapping[Kind, str] = {"entities": "entities", "roles": "entities", "panels": "panels"}


class Json(Format):
    """One JSON object."""

    kinds: frozenset[Kind] = frozenset(("entities", "roles", "panels", "hypothesis"))
    stop: tuple[str, ...] = ("\n\n",)
    tokens: tuple[str, ...] = ("{", "}")

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        """One line of JSON."""
        if isinstance(value, Hypothesis):
            row: Any = {role: [{"text": m.text, "label": m.label} for m in members] for role, members in value.roles()}
        else:
            row = {_KEYS[scheme.kind]: [_item(text, span, scheme) for span in sorted(value, key=lambda s: s.start)]}
        return json.dumps(row, ensure_ascii=False)

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        """The value of the first object in an answer; what a cut one still holds is saved."""
        problems: Counter[ProblemKind] = Counter()
        if not answer.strip():
            empty: Value = Hypothesis() if scheme.kind == "hypothesis" else ()
            return Parsed(empty, {"empty": 1})
        row = _load(answer, problems)
        if scheme.kind == "hypothesis":
            value: Value = _hypothesis(row, text, scheme, problems)
        else:
            value = _spans(row, text, scheme, problems)
        return Parsed(value, {kind: count for kind, count in problems.items() if count})

    def schema(self, scheme: Scheme) -> Mapping[str, Any] | None:
        """Every property required, no other allowed."""
        label = {"type": "string", "enum": list(scheme.labels)} if scheme.labels else {"type": "string"}
        text, number = {"type": "string"}, {"type": "integer"}
        if scheme.kind == "hypothesis":
            member = _object({"text": text, "label": label})
            return _object({role: _array(member) for role in HYPOTHESIS_ROLES})
        if scheme.kind == "panels":
            panel = _object({"labels": _array(text), "text": text, "occurrence": number})
            return _object({"panels": _array(panel)})
        key = "role" if scheme.kind == "roles" else "label"
        return _object({"entities": _array(_object({"text": text, "occurrence": number, key: label}))})


FORMAT = Json()


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


def _item(text: str, span: Span, scheme: Scheme) -> dict[str, Any]:
    named = {"text": span.cut(text), "occurrence": grounding.occurrence(text, span)}
    if scheme.kind == "panels":
        return {"labels": list(span.labels or ()), **named}
    return {**named, "role": span.role} if scheme.kind == "roles" else {**named, "label": span.label}


def _load(answer: str, problems: Counter[ProblemKind]) -> Any:
    """The first JSON value in an answer, chatter and fences aside; a cut or sloppy one is mended and counted."""
    start = min((at for at in (answer.find("{"), answer.find("[")) if at >= 0), default=-1)
    if start < 0:
        problems["not_json"] += 1
        return None
    row = _decoded(answer[start:])
    if row is not None:
        return row
    row = _decoded(_TRAILING_COMMA.sub(r"\1", answer[start:]))
    if row is None:
        row = _mend(answer[start:])
        if row is not None:
            problems["truncated"] += 1
            return row
        row = _python(answer[start:])
    problems["not_json"] += 1
    return row


def _decoded(text: str) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None


def _python(text: str) -> Any:
    """An object in Python's quotes, as small models write it."""
    try:
        return ast.literal_eval(text[: max(text.rfind("}"), text.rfind("]")) + 1])
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _mend(text: str) -> Any:
    """A cut object, closed behind its last whole item."""
    closers = {"{": "}", "[": "]"}
    stack: list[str] = []
    best: tuple[int, tuple[str, ...]] | None = None
    inside = escaped = False
    for at, char in enumerate(text):
        if inside:
            inside, escaped = (char != '"' or escaped), (char == "\\" and not escaped)
            continue
        if char == '"':
            inside = True
        elif char in closers:
            stack.append(closers[char])
        elif stack and char == stack[-1]:
            stack.pop()
            best = (at + 1, tuple(reversed(stack)))
    if best is None:
        return None
    try:
        return json.loads(text[: best[0]] + "".join(best[1]))
    except (ValueError, RecursionError):
        return None


def _items(row: Any, key: str, problems: Counter[ProblemKind]) -> list[dict[str, Any]]:
    """The items under a key, or of a bare list; what is no object with a text is counted."""
    found = row.get(key) if isinstance(row, dict) else row
    if isinstance(row, dict) and key not in row and key == "entities":
        found = [
            {"text": text, "label": label, "role": label}  # {"GENEPROD": ["p53", "MDM2"]}
            for label, texts in row.items()
            if isinstance(texts, list)
            for text in texts
        ]
        problems["not_json"] += not problems
    if not isinstance(found, list):
        problems["not_json"] += not problems
        return []
    items = [item for item in found if isinstance(item, dict) and isinstance(item.get("text"), str)]
    problems["not_json"] += len(found) > len(items)
    return items


def _spans(row: Any, text: str, scheme: Scheme, problems: Counter[ProblemKind]) -> tuple[Span, ...]:
    found: list[Span] = []
    for item in _items(row, _KEYS[scheme.kind], problems):
        number = item.get("occurrence")
        place = grounding.locate(text, item["text"], number if isinstance(number, int) and number > 0 else 1)
        if place is None:
            problems["not_in_text"] += 1
            continue
        span = _span(place, item, scheme, problems)
        if span is not None and not any(span.start < other.end and other.start < span.end for other in found):
            found.append(span)
    return tuple(sorted(found, key=lambda span: span.start))


def _span(
    place: tuple[int, int], item: Mapping[str, Any], scheme: Scheme, problems: Counter[ProblemKind]
) -> Span | None:
    if scheme.kind == "panels":
        labels = item.get("labels")
        return Span(*place, PANEL, tuple(map(str, labels)) if isinstance(labels, list) else ())
    said = str(item.get("role" if scheme.kind == "roles" else "label", "")).lower()
    label = {known.lower(): known for known in scheme.labels}.get(said)
    if label is None:
        problems["unknown_label"] += 1
        return None
    if scheme.kind == "entities":
        return Span(*place, label)
    for given in scheme.given:
        if (given.start, given.end) == place:
            return replace(given, role=label)
    problems["not_in_text"] += 1
    return None


def _hypothesis(row: Any, text: str, scheme: Scheme, problems: Counter[ProblemKind]) -> Hypothesis:
    known = {label.lower(): label for label in scheme.labels}
    roles = []
    for role in HYPOTHESIS_ROLES:
        members: list[Member] = []
        present = row.get(role, []) if isinstance(row, dict) else None
        for item in _items({role: present}, role, problems):
            label = known.get(str(item.get("label", "")).lower())
            if label is None:
                problems["unknown_label"] += 1
            elif item["text"].strip():
                problems["not_in_text"] += grounding.locate(text, item["text"]) is None
                members.append(Member(label, item["text"]))
        roles.append(tuple(dict.fromkeys(members)))
    return Hypothesis(*roles)
