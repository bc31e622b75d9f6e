"""The grammar of legends: labels, tails, sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.text.legend import cut_tail, is_printed, leading_label, leading_letters, sentences, tail_start


@pytest.mark.parametrize(
    ("segment", "letters"),
    [
        ("(A) Blot.", "A"), ("A. Blot.", "A"), ("A) Blot.", "A"), ("A, Blot.", "A"), ("A: Blot.", "A"),
        ("A Western blot.", "A"), ("B  Blot.", "B"), ("(A–C) Blot.", "ABC"), ("A-C. Blot.", "ABC"),
        ("A and B) Blot.", "AB"), ("A, B. Blot.", "AB"), ("(A and B) Blot.", "AB"), ("A&B, Blot.", "AB"),
        ("(A, B and D) Blot.", "ABD"), ("(A Blot of", "A"), ("C)Western", "C"), ("(a) blot", "a"),
        ("  (D) Blot.", "D"), ("[E] Blot.", "E"), ("I, Aortas", "I"),
        ("A schematic of", ""), ("A quick blot", ""), ("Cells were", ""), ("HUVECs", ""), ("p53 (A)", ""), ("", ""),
        ("(C–A) Blot", ""), ("(n = 3)", ""),
    ],
)  # fmt: skip
def test_leading_labels(segment: str, letters: str) -> None:
    assert "".join(leading_letters(segment)) == letters


def test_a_label_says_where_it_stands() -> None:
    label = leading_label("x. (B) Blot", 2)
    assert label is not None
    assert (label.labels, label.start, label.end) == (("B",), 3, 6)


@pytest.mark.parametrize(
    ("label", "segment", "printed"),
    [
        ("A", "(A) Blot.", True), ("B", "(A–C) Blot.", True), ("a", "A. Blot.", True), ("C", "(A) Blot.", False),
        ("D", "Assays of binding (D) and release.", True), ("A", "GFP was expressed.", False),
    ],
)  # fmt: skip
def test_printed_letters(label: str, segment: str, printed: bool) -> None:
    assert is_printed(label, segment) is printed


@pytest.mark.parametrize(
    "tail", ["Data information: n = 3.", "Source data, online.", "ABBREVIATIONS: ns.", "data  Information: x"]
)
def test_a_tail_is_cut(tail: str) -> None:
    text = f"A, Blot of p53. {tail}"
    assert tail_start(text, 0, len(text)) == 16
    assert cut_tail(text, 0, len(text)) == 15


def test_what_is_no_tail_is_kept() -> None:
    for text in ("A, Blot. Source data are online.", "A, The source data: p53.", "Data information: all of it."):
        assert cut_tail(text, 0, len(text)) == len(text)


def test_sentences() -> None:
    text = "A. Blot of p53 (Fig. 2B), e.g. as the S.E.M. of 3. Bars, 0.5 µm.\nSecond line. B, End"
    assert [text[a:b] for a, b in sentences(text)] == [
        "A. Blot of p53 (Fig. 2B), e.g. as the S.E.M. of 3.",
        "Bars, 0.5 µm.",
        "Second line.",
        "B, End",
    ]


@given(st.text(alphabet="AaBC().,:–- \n“x1;DatainformtioSurce", max_size=80))
def test_nothing_fails_and_sentences_are_ordered(text: str) -> None:
    leading_label(text)
    assert 0 <= cut_tail(text, 0, len(text)) <= len(text)
    found = sentences(text)
    assert "".join("".join(text[a:b].split()) for a, b in found) == "".join(text.split())
    assert found == sorted(found)
