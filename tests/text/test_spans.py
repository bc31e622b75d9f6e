"""Extents: trimmed at their edges, side by side, one after the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.text.spans import overlaps, segments, skip_space, trimmed

TEXTS = st.text(alphabet="ab \n\t\u2009\u00a0\u2028", max_size=12)


@given(TEXTS, st.integers(0, 12), st.integers(0, 12))
def test_only_white_space_goes(text: str, start: int, end: int) -> None:
    extent = trimmed(text, start, end)
    surface = text[start:end].strip()
    if extent is None:
        assert not surface
        return
    assert text[slice(*extent)] == surface
    assert start <= extent[0] < extent[1] <= end
    assert text[start : extent[0]].strip() == text[extent[1] : end].strip() == ""


@given(TEXTS, st.integers(0, 12))
def test_white_space_is_skipped_from_any_place(text: str, start: int) -> None:
    at = skip_space(text, min(start, len(text)))
    assert text[start:at].strip() == ""
    assert at == len(text) or not text[at].isspace()


def test_segments_reach_to_the_next_start_without_the_space_between() -> None:
    assert segments("A one. \nB two.\n", [0, 8]) == [(0, 6), (8, 14)]
    assert segments("  A one.", [0]) == [(2, 8)]
    assert segments("A   ", [0, 2]) == [(0, 1), None]
    assert segments("A", []) == []


@pytest.mark.parametrize(
    ("extent", "shared"),
    [((0, 2), False), ((0, 3), True), ((3, 4), True), ((0, 9), True), ((4, 5), True), ((5, 6), False), ((2, 2), False)],
)
def test_extents_that_touch_do_not_overlap(extent: tuple[int, int], shared: bool) -> None:
    assert overlaps(*extent, [(10, 12), (2, 5)]) == shared


def test_nothing_overlaps_nothing() -> None:
    assert not overlaps(0, 9, [])
