"""The Goal: what a model spoils of its copy still comes back at exact offsets, and nothing is made up."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot import data
from fewshot.formats.copy_tag import FORMAT
from fewshot.records import PANEL, Example, Scheme, Span
from fewshot.text.alignment import align, fold
from tests.perturbation import perturb

REAL = Path(__file__).parents[4] / "shared/data/panelization/legends.jsonl"
needs_real = pytest.mark.skipif(not REAL.exists(), reason=f"the real legends are not here ({REAL})")
GOAL = 0.99

PANELS = Scheme("panels", (PANEL,))
DEMO = [example for example in data.read("demo") if example.panels]
NER = Scheme("entities", tuple(sorted({span.label for example in DEMO for span in example.entities or ()})))


def gold(example: Example, scheme: Scheme) -> tuple[Span, ...]:
    return (example.panels if scheme.kind == "panels" else example.entities) or ()


def share(examples: Sequence[Example], scheme: Scheme, seeds: int, **how: Any) -> float:
    """Of the spans that survive (see `tests/perturbation.py`), how many come back with exact edges and label."""
    exact = survived = 0
    for seed in range(seeds):
        for example in examples:
            spoilt = perturb(example.text, gold(example, scheme), random.Random(f"{seed} {example.id}"), **how)
            value = FORMAT.parse(spoilt.answer, example.text, scheme).value
            assert isinstance(value, tuple)
            read = {(span.start, span.end, span.label) for span in value}
            survived += len(spoilt.survivors)
            exact += sum((span.start, span.end, span.label) in read for span in spoilt.survivors)
    assert survived > 300
    return exact / survived


@pytest.mark.parametrize("scheme", [PANELS, NER], ids=["panels", "ner"])
@pytest.mark.parametrize("cut", [True, False], ids=["cut", "whole"])
def test_the_goal_on_the_bundled_corpus(scheme: Scheme, cut: bool) -> None:
    assert share(DEMO, scheme, 1, cut=cut) >= GOAL


@needs_real
@pytest.mark.parametrize("cut", [True, False], ids=["cut", "whole"])
def test_the_goal_on_real_legends(cut: bool) -> None:
    assert share(data.read(str(REAL)), PANELS, 5, cut=cut) >= GOAL


def test_normal_spacing_and_signs_alone_lose_nothing() -> None:
    for scheme in (PANELS, NER):
        assert share(DEMO, scheme, 1, letters=0.0, drop=False, cut=False) == 1.0


def test_the_perturbation_spoils_what_it_says() -> None:
    example = max(DEMO, key=lambda e: len(e.text))
    spans = gold(example, PANELS)
    spoilt = perturb(example.text, spans, random.Random(1))
    whole = perturb(example.text, spans, random.Random(1), letters=0.0, drop=False, cut=False)
    assert len(spoilt.answer) < 0.95 * len(whole.answer)
    assert len(spoilt.survivors) < len(spans)
    assert whole.survivors == spans
    assert not any(sign in spoilt.answer for sign in "–\u2009’")


def pairs(examples: Sequence[Example]) -> list[tuple[Example, Example]]:
    return [(one, other) for one in examples for other in examples if one.group != other.group]


@needs_real
def test_the_tagged_copy_of_another_real_legend_makes_nothing_up() -> None:
    for one, other in pairs(data.read(str(REAL))):
        answer = FORMAT.render(one.text, gold(one, PANELS), PANELS)
        assert FORMAT.parse(answer, other.text, PANELS).value == (), (one.id, other.id)


@pytest.mark.parametrize(
    "answer",
    [
        "<panel> The weather of today is fine in all of Spain, and (B) tomorrow as well. </panel> [END]",
        "<panel> I cannot help with that; n = 3 is too few. </panel>",
        "<panel> (A) </panel> <panel> (B) </panel> <panel> (C) </panel> [END]",
    ],
)
def test_an_answer_about_something_else_makes_nothing_up(answer: str) -> None:
    for example in DEMO[:30]:
        parsed = FORMAT.parse(answer, example.text, PANELS)
        assert parsed.value == ()
        assert parsed.fidelity == 0.0


MADE_UP = [
    "<panel> (A) A storm at sea is shown in the first of the paintings. </panel> <panel> (B) Bread. </panel>",
    "<panel> A, Dogs. </panel> <panel> B, Two cats and a bird in the garden. </panel> <panel> C, Rain. </panel> [END]",
    "<panel> (A) Ships. </panel> <panel> (B) The cells of the prison were empty. n = 3. </panel>",
    "<panel> (A) Trains were late. </panel> <panel> (B) Same as in (A). </panel> <panel> (C) *: P < 0.05. </panel>",
]


@pytest.mark.parametrize("answer", MADE_UP)
def test_letters_and_signs_alone_are_no_copy(answer: str) -> None:
    for example in DEMO:
        assert FORMAT.parse(answer, example.text, PANELS).value == (), example.id


@needs_real
@pytest.mark.parametrize("answer", MADE_UP)
def test_letters_and_signs_alone_are_no_copy_of_a_real_legend(answer: str) -> None:
    for example in data.read(str(REAL)):
        assert FORMAT.parse(answer, example.text, PANELS).value == (), example.id


TEXT = "(A) Western blot of p53. n = 3. (B, C) Cells were fixed. (D) Same as (A)."
SPANS = (Span(0, 31, PANEL, ("A",)), Span(32, 56, PANEL, ("B", "C")), Span(57, 73, PANEL, ("D",)))


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("(A)", "A."), ("(A)", "A,"), ("(A)", "[A]"), ("(A)", "**A**"), ("(A)", "(a)"), ("(A)", "A"), ("(A)", ""),
        ("(A)", "A)"), ("(B, C)", "B–C."), ("(B, C)", "(B) and (C)"), ("(B, C)", "Panels B and C:"), ("(B, C)", "C)"),
        ("(B, C)", ""), ("(D)", "D:"), ("(D)", "(X)"), ("(D)", ""), ("(D)", ")"),
    ],
)  # fmt: skip
def test_a_label_written_otherwise_or_left_out_does_not_move_a_panel(said: str, instead: str) -> None:
    answer = FORMAT.render(TEXT, SPANS, PANELS).replace(f"> {said} ", f"> {instead} ")
    assert FORMAT.parse(answer, TEXT, PANELS).value == SPANS


@pytest.mark.parametrize(
    ("said", "instead"),
    [("fixed. ", "fixed "), ("(A). ", "(A) "), ("n = 3. ", ""), ("n = 3. ", "n=3 "), ("of p53", "of the protein p53")],
)
def test_what_is_left_out_or_added_inside_does_not_move_an_end(said: str, instead: str) -> None:
    answer = FORMAT.render(TEXT, SPANS, PANELS).replace(said, instead)
    value = FORMAT.parse(answer, TEXT, PANELS).value
    assert isinstance(value, tuple)
    ends = [24 if instead == "" else 31, 56, 73]  # the end of what is gone cannot be known
    assert [(s.start, s.end) for s in value] == [(s.start, end) for s, end in zip(SPANS, ends, strict=True)]


def test_a_dropped_sentence_that_ends_in_a_letter_is_no_label() -> None:
    text = "(D) Cells of mice were fixed at noon. Set up as for (C). (E) Blot of p53 in lysates of yeast."
    panels = (Span(0, 56, PANEL, ("D",)), Span(57, 93, PANEL, ("E",)))
    value = FORMAT.parse(FORMAT.render(text, panels, PANELS).replace(" Set up as for (C).", ""), text, PANELS).value
    assert isinstance(value, tuple)
    assert [span.start for span in value] == [0, 57]


def test_an_entity_is_not_stretched_over_the_stop_behind_it() -> None:
    text = "Blot of p53. Bars, 5 µm, and cells were treated with nutlin for 24 h."
    answer = "Blot of <GENEPROD> p53 </GENEPROD> Bars 5 µm and cells were treated with nutlin for 24 h [END]"
    assert FORMAT.parse(answer, text, NER).value == (Span(8, 11, "GENEPROD"),)


def test_a_tag_inside_a_word() -> None:
    text = "Levels of KCNQ3Δ/Δ and GFP-p53KO in cells that were fixed."
    answer = (
        "Levels of <GENEPROD> KCNQ3 </GENEPROD> Δ/Δ and <GENEPROD> GFP </GENEPROD> - <GENEPROD> p53 </GENEPROD> KO in"
        " cells that are fixed. [END]"
    )
    value = FORMAT.parse(answer, text, NER).value
    assert isinstance(value, tuple)
    assert [span.cut(text) for span in value] == ["KCNQ3", "GFP", "p53"]


@pytest.mark.parametrize(
    ("end", "closed"), [("", False), ("<", False), ("<pa", False), ("</", True), ("</pan", True), (" </panel", True)]
)
def test_an_answer_cut_inside_a_tag(end: str, closed: bool) -> None:
    answer = f"<panel> {TEXT[:31]} </panel> <panel> {TEXT[32:56]}{end}"
    parsed = FORMAT.parse(answer, TEXT, PANELS)
    assert parsed.value == SPANS[:2]
    assert ("unclosed_tag" in parsed.problems) is not closed
    assert parsed.problems["truncated"] == 1


def test_an_exact_copy_may_end_like_a_cut_tag() -> None:
    text = "Significant where p <panel"
    assert FORMAT.parse(f"<panel> {text} </panel>", text, PANELS).value == (Span(0, 26, PANEL, ()),)
    parsed = FORMAT.parse(text, text, PANELS)
    assert (parsed.fidelity, parsed.problems) == (1.0, {})


def test_fidelity_is_the_share_of_the_source_that_was_copied() -> None:
    text = " ".join(f"word{n}" for n in range(100))
    assert align(text, text).fidelity == 1.0
    assert align(" ".join(text.split()[:50]), text).fidelity == pytest.approx(0.49, abs=0.02)
    assert align("nothing of it at all in this answer, whatever one looks at here", text).fidelity == 0.0


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts(answer: str, source: str) -> None:
    for left, right in ((answer, source), (answer + source, source), (source, source + answer)):
        made = align(left, right)
        assert len(made.places) == len(made.equal) == len(left)
        assert all(-1 <= place < len(right) for place in made.places)
        assert 0 <= made.fidelity <= 1
        place = made.span(0, len(left), left)
        assert place is None or 0 <= place[0] < place[1] <= len(right)


@given(st.text(max_size=60))
def test_places_rise(text: str) -> None:
    mapped = [place for place in align(text[3:] + text, text).places if place >= 0]
    assert mapped == sorted(mapped)


@pytest.mark.parametrize(
    ("one", "other"),
    [("–", "-"), ("“p53”", '"P53"'), ("µm", "μm"), ("ﬁxed", "fixed"), ("Δ", "∆"), ("5\u2009µM", "5 μm")],
)
def test_what_folding_makes_equal(one: str, other: str) -> None:
    assert fold(one) == fold(other)
