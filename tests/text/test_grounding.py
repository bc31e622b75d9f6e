"""Naming a span by its surface, and finding it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.records import Span
from fewshot.text import grounding

TEXT = "p53 binds p53-AS; ‘IFN–γ’ in  HeLa\u2009cells (50 µM)."
odd = st.text(st.sampled_from("aab;#\\\n\r1 é\u0301🧬µ"), min_size=1, max_size=8)


def locate(text: str, surface: str, number: int | None = None) -> tuple[int, int] | None:
    """Where one name stands."""
    place = grounding.ground(text, [grounding.Name(surface.strip(), number)])[0].place
    return None if place is None else (place.start, place.end)


def test_occurrences_count_from_1_and_overlap() -> None:
    assert [grounding.occurrence("aaa", Span(at, at + 2, "X")) for at in (0, 1)] == [1, 2]
    assert [locate("aaa", "aa", n) for n in (1, 2, 3)] == [(0, 2), (1, 3), (1, 3)]


def test_the_first_occurrence_has_no_number() -> None:
    assert grounding.name(TEXT, Span(0, 3, "X")) == "p53"
    assert grounding.name(TEXT, Span(10, 13, "X")) == "p53#2"


@given(odd, odd, st.data())
def test_any_span_is_named_and_found_again(left: str, right: str, data: st.DataObject) -> None:
    text = left + right + left
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    surface = text[start:end]
    if surface != surface.strip():
        return
    ((said, number),) = grounding.split(grounding.name(text, Span(start, end, "X")))
    assert said == surface
    assert locate(text, said, number) == (start, end)


@given(st.lists(odd.filter(lambda s: s == s.strip()), min_size=1, max_size=4, unique=True))
def test_a_listing_gives_its_surfaces_back(surfaces: list[str]) -> None:
    assert grounding.split("; ".join(map(grounding.escape, surfaces))) == [(surface, None) for surface in surfaces]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("'IFN-γ'", "‘IFN–γ’"), ("ifn-γ", "IFN–γ"), ("HeLa cells", "HeLa\u2009cells"),
        ("HELA CELLS", "HeLa\u2009cells"), ("50 μM", "50 µM"), ("50µM", "50 µM"), ("inHeLa", "in  HeLa"),
        (" p53 ", "p53"),
    ],
)  # fmt: skip
def test_quotes_dashes_case_and_spaces_make_no_difference(said: str, found: str) -> None:
    place = locate(TEXT, said)
    assert place is not None
    assert TEXT[place[0] : place[1]] == found


def test_an_exact_surface_wins_over_one_that_is_nearly_it() -> None:
    assert locate("P53 and p53", "p53") == (8, 11)


@pytest.mark.parametrize("said", ["MDM2", "", "  ", "p53 binds nothing"])
def test_what_does_not_stand_in_the_text(said: str) -> None:
    assert locate(TEXT, said) is None


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("p53; MDM2;; ;p53#2 ;", [("p53", None), ("MDM2", None), ("p53", 2)]),
        (r"a\;b; c\#2; d\\#3", [("a;b", None), ("c#2", None), ("d\\", 3)]),
        ("p53#0; p53#999999999999", [("p53", 0), ("p53", None)]),
        ("\\", [("\\", None)]),
        ("", []),
    ],
)
def test_what_a_model_may_write(line: str, pairs: list[tuple[str, int]]) -> None:
    assert grounding.split(line) == pairs


@given(st.text(max_size=40), st.text(max_size=20))
def test_nothing_that_is_written_fails(line: str, text: str) -> None:
    for surface, number in grounding.split(line):
        place = locate(text, surface, number)
        assert place is None or 0 <= place[0] < place[1] <= len(text)
