"""Every format gives back what it can carry, for every text; and no answer makes it fail."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewshot import discovery, formats
from fewshot.formats import Format
from fewshot.records import PANEL, Hypothesis, Kind, Member, Scheme, Span, Value
from fewshot.text.legend import leading_letters

LABELS = ("GENEPROD", "CELL_TYPE", "EXP_ASSAY")
ROLES = ("CONTROLLED_VAR", "MEASURED_VAR")
KINDS: tuple[Kind, ...] = ("entities", "panels", "roles", "hypothesis")
PAIRS = [
    (name, kind)
    for name in formats.names()
    for kind in KINDS
    if kind in getattr(discovery.load("fewshot.formats", name, "FORMAT"), "kinds")  # noqa: B009
]
ODD = [
    "p < 0.05", "&lt;", "<GENEPROD>", "</panel>", "<panel>", "[END]", "\\", "\\<panel>", "<geneprod>", "</EXPERIMENT>",
    "µm", "\u2009", "é", "e\u0301", "🧬", "“p53”", "'", '"', ";", "#2", ":", ",", "\n", "(A)", "B.", "A–C", " or ",
    "was tested for its influence on", " by ", "nothing", "(none)", "-", "p53", "p53", "MDM2", "  ", "```", "{", "]",
]  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=6)), min_size=1, max_size=14).map("".join)


@st.composite
def spans(draw: st.DrawFn, kind: Kind) -> tuple[str, tuple[Span, ...]]:
    """A text and spans in it: none, several, side by side, up to either end; never overlapping, never white space."""
    text = draw(texts)
    cuts = sorted(
        draw(st.sets(st.integers(0, len(text)), max_size=8)) | draw(st.sampled_from([set(), {0}, {len(text)}]))
    )
    found = []
    for start, end in pairwise(cuts):
        surface = text[start:end]
        if surface.strip() and draw(st.booleans()):
            left = start + len(surface) - len(surface.lstrip())
            right = left + len(surface.strip())
            label = PANEL if kind == "panels" else draw(st.sampled_from(LABELS))
            role = draw(st.sampled_from(ROLES)) if kind == "roles" else None
            labels = draw(st.lists(st.sampled_from("ABCab"), max_size=3, unique=True)) if kind == "panels" else None
            found.append(Span(left, right, label, None if labels is None else tuple(labels), role))
    return text, tuple(found)


@st.composite
def cases(draw: st.DrawFn, kind: Kind) -> tuple[str, Value, Scheme]:
    """A text, a value of it, and the scheme that a task would give."""
    text, value = draw(spans(kind))
    if kind == "hypothesis":
        member = st.builds(Member, st.sampled_from(LABELS), texts.map(str.strip).filter(bool))
        sets = st.lists(member, max_size=3, unique=True).map(tuple)
        return text, Hypothesis(draw(sets), draw(sets), draw(sets)), Scheme(kind, LABELS)
    if kind == "roles":
        return text, value, Scheme(kind, ROLES, tuple(replace(span, role=None) for span in value))
    return text, value, Scheme(kind, (PANEL,) if kind == "panels" else LABELS)


def carried(name: str, text: str, value: Value, kind: Kind) -> object:
    """The part of a value that a format promises to give back."""
    if isinstance(value, Hypothesis):
        return [sorted((m.label, m.text) for m in members) for _, members in value.roles()]
    if kind == "panels" and name == "list":
        return [(span.start, span.labels) for span in value]
    if kind == "panels" and name == "copy_tag":
        return [replace(span, labels=leading_letters(span.cut(text))) for span in value]
    return list(value)


def chosen(name: str, kind: Kind) -> Format:
    return formats.get(name, kind)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_again(name: str, kind: Kind, data: st.DataObject) -> None:
    text, value, scheme = data.draw(cases(kind))
    answer = chosen(name, kind).render(text, value, scheme)
    parsed = chosen(name, kind).parse(answer, text, scheme)
    assert carried(name, text, parsed.value, kind) == carried(name, text, value, kind), answer
    if name == "copy_tag":
        assert parsed.fidelity == 1.0
        assert parsed.problems == {}


@pytest.mark.parametrize(("name", "kind"), PAIRS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_answer_makes_reading_fail(name: str, kind: Kind, data: st.DataObject) -> None:
    text, value, scheme = data.draw(cases(kind))
    answer = chosen(name, kind).render(text, value, scheme)
    at = data.draw(st.integers(0, len(answer)))
    answer = answer[:at] + data.draw(texts) + answer[at + data.draw(st.integers(0, 10)) :]
    parsed = chosen(name, kind).parse(answer, text, scheme)
    if not isinstance(parsed.value, Hypothesis):
        for span in parsed.value:
            surface = span.cut(text)
            assert surface
            assert surface == surface.strip()


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_an_empty_answer_says_nothing(name: str, kind: Kind) -> None:
    parsed = chosen(name, kind).parse("", "(A) p53.", Scheme(kind, LABELS))
    assert parsed.value == (Hypothesis() if kind == "hypothesis" else ())
    assert parsed.problems == {"empty": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_the_json_schema_is_strict(kind: Kind) -> None:
    def check(schema: object) -> None:
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                assert schema["additionalProperties"] is False
                assert schema["required"] == list(schema["properties"])
            for inner in schema.values():
                check(inner)

    check(chosen("json", kind).schema(Scheme(kind, LABELS)))
