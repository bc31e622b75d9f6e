"""JSON, with a strict schema for servers that can be held to one.

    {"entities": [{"text": "p53", "occurrence": 1, "label": "GENEPROD"}]}
    {"panels": [{"labels": ["A"], "text": "(A) Blot of p53.", "occurrence": 1}]}
    {"interventions": [{"text": "nutlin", "label": "SMALL_MOLECULE"}], "observations": [], "assays": []}

A surface carries which occurrence is meant (`fewshot.text.grounding.notation` says how they are counted). Models often
leave the number out, or write 1 whatever they mean: names are grounded together, in the order of the answer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fewshot.formats import Format
from fewshot.formats.json import items, values
from fewshot.records import HYPOTHESIS_ROLES, Hypothesis, Kind, Member, Parsed, ProblemKind, Scheme, Span, Value
from fewshot.text import grounding
from fewshot.text.labels import labels_of


class Json(Format):
    """One JSON object."""

    kinds: frozenset[Kind] = frozenset(("entities", "roles", "panels", "hypothesis"))
    stop: tuple[str, ...] = ("\n\n",)
    tokens: tuple[str, ...] = ("{", "}")
    names_once = True

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        """One line of JSON."""
        if isinstance(value, Hypothesis):
            row: Any = {role: [{"text": m.text, "label": m.label} for m in members] for role, members in value.roles()}
        else:
            spans = sorted(value, key=lambda span: span.start)
            row = {items.KEYS[scheme.kind]: _items(text, spans, scheme)}
        return json.dumps(row, ensure_ascii=False)

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        """The value of an answer; what a cut one still holds is saved, and one that is a little off repaired."""
        problems: Counter[ProblemKind] = Counter()
        if not answer.strip():
            empty: Value = Hypothesis() if scheme.kind == "hypothesis" else ()
            return Parsed(empty, {"empty": 1})
        rows = values.load(answer, partial(items.shape, scheme=scheme), problems)
        value: Value
        unplaced: tuple[Member, ...] = ()
        if scheme.kind == "hypothesis":
            value = _hypothesis(rows, text, scheme, problems)
        elif scheme.kind == "panels":
            panels = items.items(rows, scheme, problems)
            value, unplaced = grounding.panels(text, [_passage(item) for item in panels], problems)
        else:
            value, unplaced = _entities(items.items(rows, scheme, problems), text, scheme, problems)
        return Parsed(value, {kind: count for kind, count in problems.items() if count}, None, unplaced)

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
        if scheme.mentions == "once":
            return _object({"entities": _array(_object({"text": text, key: label}))})
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


def _items(text: str, spans: Sequence[Span], scheme: Scheme) -> list[dict[str, Any]]:
    if scheme.mentions == "once":
        names = dict.fromkeys((span.cut(text), span.label) for span in spans)
        return [{"text": surface, "label": label} for surface, label in names]
    return [_item(text, span, scheme) for span in spans]


def _item(text: str, span: Span, scheme: Scheme) -> dict[str, Any]:
    named = {"text": span.cut(text), "occurrence": grounding.occurrence(text, span)}
    if scheme.kind == "panels":
        return {"labels": list(span.labels or ()), **named}
    return {**named, "role": span.role} if scheme.kind == "roles" else {**named, "label": span.label}


def _passage(item: items.Item) -> grounding.Passage:
    return grounding.Passage(item.text, item.labels, item.number)


def _entities(
    entities: Sequence[items.Item], text: str, scheme: Scheme, problems: Counter[ProblemKind]
) -> tuple[tuple[Span, ...], tuple[Member, ...]]:
    """The spans of the items, and what has no place."""
    known = labels_of(scheme.labels)
    named: list[tuple[str, grounding.Name]] = []
    runs: list[str] = []
    for item in entities:
        label = known.find(item.label)
        if label is None:
            problems["unknown_label"] += 1
        else:
            if not runs or runs[-1] != label:
                runs.append(label)
            named.append((label, grounding.Name(item.text.strip(), item.number, len(runs))))
    if len(set(runs)) < len(runs):  # not grouped by label: one line
        named = [(label, replace(name, line=0)) for label, name in named]
    return grounding.entities(text, named, scheme, problems, whole_first=True)


def _hypothesis(rows: Sequence[Any], text: str, scheme: Scheme, problems: Counter[ProblemKind]) -> Hypothesis:
    known, source = labels_of(scheme.labels), grounding.Source(text)
    roles = []
    for role in HYPOTHESIS_ROLES:
        members: dict[Member, None] = {}
        for item in items.members(rows, role, scheme, problems):
            label = known.find(item.label)
            if label is None:
                problems["unknown_label"] += 1
            elif item.text.strip():
                problems["not_in_text"] += not source.everywhere(item.text.strip())
                members[Member(label, item.text)] = None
        roles.append(tuple(members))
    return Hypothesis(*roles)
