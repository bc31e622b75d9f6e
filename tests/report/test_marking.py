"""Marks over a text: whatever they are, the pieces are the text, and every mark opens and closes once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fewshot.records import Span
from fewshot.report.marking import Mark, marks_of_spans, pieces


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.booleans()), max_size=8))
def test_pieces_are_the_text_and_marks_open_and_close_once(text: str, drawn: list[tuple[int, int, bool]]) -> None:
    marks = [
        Mark(start, end, "G", "missed", gold=gold, predicted=not gold)
        for start, end, gold in drawn
        if start < end <= len(text)
    ]
    cut = pieces(text, marks)
    assert "".join(piece.text for piece in cut) == text
    assert sum(len(piece.opens) for piece in cut) == len(marks)
    assert sum(len(piece.closes) for piece in cut) == len(marks)
    at = 0
    for piece in cut:
        over = {mark for mark in marks if mark.start <= at and at + len(piece.text) <= mark.end}
        assert set(piece.marks) == over
        at += len(piece.text)


def test_marks_of_what_is_not_labelled() -> None:
    (mark,) = marks_of_spans([Span(0, 3, "GENEPROD")], "p53 binds")
    assert (mark.name, mark.state, mark.gold, mark.predicted) == ("GENEPROD", "predicted", False, True)
