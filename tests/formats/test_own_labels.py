"""Labels of a user's own: every name that is accepted is written and read again by every format that carries labels."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fewshot import formats
from fewshot.errors import InputError
from fewshot.prompt import definitions
from fewshot.records import Hypothesis, Member, Scheme, Span
from fewshot.text.labels import plain
from tests.formats.test_round_trip import PAIRS, texts

# Words that formats use themselves, or that a model's writing is cleaned of.
ODD = [
    "text", "label", "labels", "entities", "entity", "occurrence", "role", "panels", "JSON", "null", "true", "b", "i",
    "br", "code", "A", "B", "x1", "GO:BP", "p.value", "Dr.X", "CELL-LINE", "EXPERIMENT", "EXP_ASSAY", "alternative",
    "nothing", "note", "Wirkstoff_Größe",
]  # fmt: skip
LETTERS = st.characters(whitelist_categories=("Lu", "Ll", "Nd"), whitelist_characters="_-.:")
NAMES = st.lists(
    st.one_of(st.sampled_from(ODD), st.text(LETTERS, min_size=1, max_size=8)), min_size=1, max_size=4, unique_by=plain
)


def accepted(names: list[str]) -> tuple[str, ...]:
    try:
        return tuple(definitions.own(dict.fromkeys(names, "what it means")))
    except InputError:
        assume(False)
        raise


@pytest.mark.parametrize(("name", "kind"), [pair for pair in PAIRS if pair[1] != "panels"])
@settings(max_examples=120)
@given(names=NAMES, text=texts, data=st.data())
def test_accepted_names_are_read_again(name: str, kind: str, names: list[str], text: str, data: st.DataObject) -> None:
    labels, form = accepted(names), formats.get(name, kind)  # type: ignore[arg-type]
    surface = f"p53 {labels[0]} x"
    source = f"{text} {surface} {text} MDM2"
    chosen = st.sampled_from(labels)
    first = Span(len(text) + 1, len(text) + 1 + len(surface), data.draw(chosen))
    second = Span(len(source) - 4, len(source), data.draw(chosen))
    if kind == "hypothesis":
        members = (Member(first.label, "p53"), Member(second.label, "MDM2"))
        value = Hypothesis(members, members[:1], members[1:])
        scheme = Scheme("hypothesis", labels)
        read = form.parse(form.render(source, value, scheme), source, scheme)
        assert isinstance(read.value, Hypothesis)
        assert [set(found) for _, found in read.value.roles()] == [set(found) for _, found in value.roles()]
        return
    spans: tuple[Span, ...] = (first, second)
    scheme = Scheme("entities", labels)
    if kind == "roles":  # of which a user may define their own as well
        spans = tuple(replace(span, role=span.label, label="GENEPROD") for span in spans)
        scheme = Scheme("roles", labels, tuple(replace(span, role=None) for span in spans))
    read = form.parse(form.render(source, spans, scheme), source, scheme)
    assert read.value == spans


@pytest.mark.parametrize(
    "name",
    ["MY LABEL", "A[b]", "<b>", "a/b", "a,b", "a;b", "a#b", "a=b", "a\\b", "1st", "_x", "x_", "x:", "", " ", "a\nb",
     "all", "None", "O", "o", "END", "[END]", "Panel", "x" * 61, "a\u202eb", "\ud83d"],
)  # fmt: skip
def test_a_name_that_answers_cannot_carry_is_one_line(name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a label") as caught:
        definitions.own({name: "what it means"})
    assert "\n" not in str(caught.value)
    assert "\u202e" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "  ", "two\nlines", "\x1b[2J", "x" * 1001, "a\u202eb", 3])
def test_a_definition_is_one_line_of_text(text: str) -> None:
    with pytest.raises(InputError, match="definition"):
        definitions.own({"DOSE": text})


def test_names_that_answers_do_not_tell_apart() -> None:
    with pytest.raises(InputError, match=r"CELL_LINE and Cell-line are one"):
        definitions.own({"CELL_LINE": "x", "Cell-line": "y"})
