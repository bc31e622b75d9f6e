"""Where a panel can open: labels behind sentences, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.text.openings import openings


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(A) Blot. (B) Gel.", [("A", "sentence"), ("B", "sentence")]),
        ("A, Blot. B, Gel.\nC, Cells.", [("A", "sentence"), ("B", "sentence"), ("C", "sentence")]),
        ("Bar, 10 µm (B) Gel.", [("B", "word")]),
        ("Cells in (B) and panel (C).", []),
        ("E. coli was lysed. C. elegans too.", []),
        ("Data are means ± S.E.M. of 3.", []),
        ("”Images.” (D–F) Cells.", [("DEF", "sentence")]),
    ],
)
def test_where_a_panel_can_open(text: str, found: list[tuple[str, str]]) -> None:
    assert [("".join(one.label.labels), one.boundary) for one in openings(text)] == found


def test_what_follows_a_label() -> None:
    assert [one.capital for one in openings("(A) Blot. (B) denotes it. (C) 3 cells.")] == [True, False, True]


@given(st.text("AB(). ,\nc", max_size=60))
def test_openings_lie_in_the_text_in_order(text: str) -> None:
    starts = [one.label.start for one in openings(text)]
    assert starts == sorted(set(starts))
    assert all(0 <= one.label.start < one.label.end <= len(text) for one in openings(text))
