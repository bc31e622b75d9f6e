"""The grammar of legends at its edges: what is just still a label, a range, a tail, a sentence, and what is not."""

from __future__ import annotations

import pytest

from fewshot.text.legend import cut_tail, is_printed, leading_label, leading_letters, sentences, tail_start


@pytest.mark.parametrize(
    ("segment", "letters"),
    [
        ("A, Blot.", "A"), ("A,Blot.", ""),  # a comma is a label's where a space follows
        ("A.Blot", "A"), ("A.5 mg", ""), ("A:5", ""), ("A: 5", "A"),
        ("(A–B) x", "AB"), ("(A–A) x", ""), ("(B–A) x", ""), ("(A–Z) x", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("(A–c) x", ""), ("(a–C) x", ""), ("(a–c) x", "abc"), ("(A, C–E) x", "ACDE"), ("(A–C, E) x", "ABCE"),
        ("(A, A) x", "A"), ("(A and B and D) x", "ABD"), ("(A/B) x", "AB"), ("(A & C) x", "AC"),
        ("( A ) x", "A"), ("[A] x", "A"), ("(A. x", ""), ("(a x", ""),
        ("B western", ""), ("B Western", "B"), ("b Western", ""), ("B 12 cells", "B"), ("B “Blot”", "B"),
        ("A Blot", "A"), ("A blot", ""), ("A GFP blot", "A"), ("A I", ""), ("A–C blot", ""),
    ],
)  # fmt: skip
def test_leading_labels(segment: str, letters: str) -> None:
    assert "".join(leading_letters(segment)) == letters


@pytest.mark.parametrize(
    ("segment", "label", "letters"),
    [("(A') x", "(A')", ("A'",)), ("(A1, B) x", "(A1, B)", ("A1", "B")), ("(Ai–iii) x", None, ()),
     ("A12) x", "A12)", ("A12",)), ("(Aii) x", "(Aii)", ("Aii",)), ("Aiv. x", "Aiv.", ("Aiv",))],
)  # fmt: skip
def test_letters_with_a_number_or_a_prime(segment: str, label: str | None, letters: tuple[str, ...]) -> None:
    found = leading_label(segment)
    if label is None:
        assert found is None or found.labels != letters
        return
    assert found is not None
    assert (segment[found.start : found.end], found.labels) == (label, letters)


@pytest.mark.parametrize(
    ("text", "style", "printed"),
    [("  (A) x", "in", "(A)"), ("(A x", "open", "(A"), ("A) x", "out", "A)"), ("A. x", "dot", "A."),
     ("A, x", "dot", "A,"), ("B Xx", "bare", "B"), ("(A–C). x", "in", "(A–C).")],
)  # fmt: skip
def test_how_a_label_is_written_and_where_it_stands(text: str, style: str, printed: str) -> None:
    label = leading_label(text)
    assert label is not None
    assert (label.style, text[label.start : label.end]) == (style, printed)


@pytest.mark.parametrize(
    ("label", "segment", "printed"),
    [
        ("A", "x (A) y", True), ("A", "x [A] y", True), ("A", "x (A, B) y", True), ("B", "x (A, B) y", True),
        ("A", "x A) y", True), ("A", "x A. y", True), ("A", "x A, y", True), ("A", "x A: y", True),
        ("A", "xA. y", False),
        ("A", "x A.y", False), ("A", "x A", False), ("A", "x A.", True), ("A", "(A", False), ("A", "A y", False),
        ("A", "A Yx", True), ("B", "(A–C) y", True), ("D", "(A–C) y", False), ("A1", "x (A1) y", True),
        ("A", "x (A1) y", False), ("C", "A–C, y", True), ("C", "x–C, y", True), ("a", "x (A) y", True),
        (".", "x (A) y", False),
    ],
)  # fmt: skip
def test_printed_letters(label: str, segment: str, printed: bool) -> None:
    assert is_printed(label, segment) is printed


@pytest.mark.parametrize(
    ("text", "start", "end", "cut"),
    [
        ("A. Blot. Source data: x", 0, 23, 8), ("A. Blot.  \n Source data: x", 0, 26, 8),
        ("A. Blot. Source data", 0, 20, 20), ("A. Blot and Source data: x", 0, 26, 26),
        ("A. Blot.Source data: x", 0, 22, 8), ("A. Blot\nSource data, x", 0, 22, 7),
        ("A. Blot. Abbreviation: x", 0, 24, 8), ("A. Blot. Abbreviations x", 0, 24, 24),
        ("Source data: x", 0, 14, 14), ("xx. Source data: x", 4, 18, 18), ("A. Blot.   ", 0, 11, 8),
        ("(A) Blot) Data information: x", 0, 29, 9), ("A. Blot. Source data: x", 0, 12, 12),
    ],
)  # fmt: skip
def test_ends_before_a_tail(text: str, start: int, end: int, cut: int) -> None:
    assert cut_tail(text, start, end) == cut


def test_where_a_tail_starts() -> None:
    text = "x. A, Blot. Source data: y"
    assert tail_start(text, 3, len(text)) == 12
    assert tail_start(text, 12, len(text)) == 12
    assert tail_start(text, 3, 14) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two.", ["One.", "Two."]), ("One? Two! Three", ["One?", "Two!", "Three"]),
        ("See Fig. 2. Next.", ["See Fig. 2.", "Next."]), ("Of approx. 3 mm. Next.", ["Of approx. 3 mm.", "Next."]),
        ("Smith et al. did. So.", ["Smith et al. did.", "So."]), ("At 0.5 µM. So.", ["At 0.5 µM.", "So."]),
        ("(One.) Two.", ["(One.)", "Two."]), ("“One.” Two.", ["“One.”", "Two."]), ("One\n\nTwo", ["One", "Two"]),
        ("  One.  ", ["One."]), ("\n\n", []), ("Fig.\nTwo", ["Fig.", "Two"]), ("One.Two", ["One.Two"]),
        ("By J. R. Smith. So.", ["By J. R. Smith.", "So."]), ("As S.E.M. is. So.", ["As S.E.M. is.", "So."]),
        ("Done by config. So", ["Done by config.", "So"]),
    ],
)  # fmt: skip
def test_sentences(text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == parts
