"""PROVISIONAL until the typed faults of scoring land."""

from __future__ import annotations

from typing import Any

from fewshot.records import Hypothesis, Span, Value

KINDS = [
    {"name": "missed", "title": "missed", "sign": "−"},
    {"name": "made_up", "title": "made up", "sign": "+"},
    {"name": "boundary", "title": "wrong boundary", "sign": "↔"},
    {"name": "label", "title": "wrong label", "sign": "≠"},
]
_BY = {k["name"]: k for k in KINDS}


def faults(gold: Value | None, said: Value) -> list[dict[str, Any]]:
    if gold is None or isinstance(gold, Hypothesis) or isinstance(said, Hypothesis):
        return _sets(gold, said)
    left = [s for s in gold if s not in said]
    found = []
    for span in said:
        if span in gold:
            continue
        near = next((g for g in left if g.start < span.end and span.start < g.end), None)
        if near is None:
            found.append(_fault("made_up", None, span))
            continue
        left.remove(near)
        same = (near.start, near.end) == (span.start, span.end)
        found.append(_fault("label" if same else "boundary", near, span))
    return found + [_fault("missed", span, None) for span in left]


def _sets(gold: Any, said: Any) -> list[dict[str, Any]]:
    if gold is None:
        return []
    out = []
    for (role, g), (_, s) in zip(gold.roles(), said.roles(), strict=True):
        gs, ss = {(m.label, m.text.lower()) for m in g}, {(m.label, m.text.lower()) for m in s}
        for m in s:
            if (m.label, m.text.lower()) not in gs:
                out.append(dict(_BY["made_up"], kind="made_up", gold=None, predicted={"of": role, "label": m.label, "text": m.text}))
        for m in g:
            if (m.label, m.text.lower()) not in ss:
                out.append(dict(_BY["missed"], kind="missed", predicted=None, gold={"of": role, "label": m.label, "text": m.text}))
    return out


def _fault(kind: str, gold: Span | None, predicted: Span | None) -> dict[str, Any]:
    def js(s: Span | None) -> Any:
        return None if s is None else {"start": s.start, "end": s.end, "label": s.label, "role": s.role}

    return dict(_BY[kind], kind=kind, gold=js(gold), predicted=js(predicted))
