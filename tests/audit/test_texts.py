"""What went wrong with a text, and hypotheses that a text does not bear."""

from __future__ import annotations

import pytest

from fewshot.audit.changes import changed
from fewshot.records import Example, Hypothesis, Member, Span
from tests.audit.legends import findings, kinds


@pytest.mark.parametrize(
    ("text", "kind", "right"),
    [
        ("5 Âµm bars, Î²-actin", "mojibake", "5 µm bars, β-actin"),
        ("p &lt; 0.05, p &#60; 1", "html_entity", "p < 0.05, p < 1"),
        ("24\\u2004h at 4 \\xb0C", "escaped_character", "24\u2004h at 4 °C"),
        ("H<sub>2</sub>O and <i>E. coli</i>", "markup", "H2O and E. coli"),
    ],
)
def test_texts_that_went_wrong(text: str, kind: str, right: str) -> None:
    (finding,) = findings(Example("a", "a", text), None)
    assert finding.kind == kind
    assert not finding.is_certain
    assert finding.change is not None
    assert changed(Example("a", "a", text), finding.change).text == right


@pytest.mark.parametrize(
    "text", ["β-actin, 5 µm, −/−, Δ/Δ", "p < 0.05 & q > 1", "a\\b", "“naïve” café — ±3 °C", "H<2>O", "Müller’s İ ∆F/F₀"]
)
def test_texts_that_are_right(text: str) -> None:
    assert findings(Example("a", "a", text), None) == []


def test_spans_move_with_the_text() -> None:
    text = "p &lt; 0.05 for p53"
    example = Example("a", "a", text, entities=(Span(16, 19, "GENE"),))
    change = next(f.change for f in findings(example, "panelization") if f.kind == "html_entity")
    assert change is not None
    mended = changed(example, change)
    assert [span.cut(mended.text) for span in mended.entities or ()] == ["p53"]


def test_a_long_text_is_noted() -> None:
    assert kinds(Example("a", "a", "word " * 1000), None, notes=True) == ["length_outlier"]


P53, NUTLIN, BLOT = Member("GENE", "p53"), Member("DRUG", "Nutlin"), Member("ASSAY", "western blot")


@pytest.mark.parametrize(
    ("hypothesis", "expected"),
    [
        (Hypothesis((NUTLIN,), (P53,), (BLOT,)), []),
        (Hypothesis((NUTLIN,), (Member("GENE", "MDM2"),), (BLOT,)), ["member_not_in_text"]),
        (Hypothesis((NUTLIN,), (P53,), ()), ["missing_part"]),
        (Hypothesis((P53,), (P53,), (BLOT,)), ["entity_on_both_sides"]),
    ],
)
def test_hypotheses(hypothesis: Hypothesis, expected: list[str]) -> None:
    text = "Western blot of p53 in nutlin-treated cells."
    assert kinds(Example("a", "a", text, hypothesis=hypothesis), "causal") == expected


def test_a_member_that_the_text_lacks_is_taken_out_on_request() -> None:
    wrong = Example("a", "a", "Blot of p53.", hypothesis=Hypothesis((NUTLIN,), (P53,), (BLOT,)))
    change = next(f.change for f in findings(wrong, "causal") if f.quote == "Nutlin")
    assert change is not None
    assert changed(wrong, change).hypothesis == Hypothesis((), (P53,), (BLOT,))
