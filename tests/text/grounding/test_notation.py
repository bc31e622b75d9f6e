"""Naming a span by its surface and number, and reading such names again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.records import Span
from fewshot.text import grounding

TEXT = "p53 binds p53-AS; ‘IFN–γ’ in  HeLa\u2009cells (50 µM)."
odd = st.text(st.sampled_from("aab;#\\\n\r1 é\u0301🧬µ"), min_size=1, max_size=8)


def test_occurrences_count_from_1_and_overlap() -> None:
    assert [grounding.occurrence("aaa", Span(at, at + 2, "X")) for at in (0, 1)] == [1, 2]


def test_occurrences_that_cut_no_word_are_counted_first() -> None:
    text = "PERK in the ER, ERK and ER"
    assert grounding.occurrences(text, "ER") == [12, 24, 1, 16]
    assert [grounding.name(text, Span(at, at + 2, "X")) for at in (12, 24, 1)] == ["ER", "ER#2", "ER#3"]


def test_a_deletion_is_no_part_of_the_gene_s_name() -> None:
    assert grounding.occurrences("ATG5Δ and ATG5 and ATG5L", "ATG5") == [0, 10, 19]


def test_the_first_occurrence_has_a_number_only_if_it_must() -> None:
    assert grounding.name(TEXT, Span(0, 3, "X")) == "p53"
    assert grounding.name(TEXT, Span(0, 3, "X"), numbered=True) == "p53#1"
    assert grounding.listing(TEXT, [Span(0, 3, "X"), Span(10, 13, "X")]) == "p53; p53#2"


@given(odd, odd, st.data())
def test_any_span_is_named_and_found_again(left: str, right: str, data: st.DataObject) -> None:
    text = left + right + left
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    surface = text[start:end]
    if surface != surface.strip():
        return
    ((written, number),) = grounding.split(grounding.name(text, Span(start, end, "X"), numbered=True))
    assert written == surface
    (grounded,) = grounding.ground(text, [grounding.Name(written, number)])
    assert grounded.place is not None
    assert (grounded.place.start, grounded.place.end, grounded.place.match) == (start, end, "exact")


@given(st.lists(odd.filter(lambda s: s == s.strip()), min_size=1, max_size=4, unique=True))
def test_a_listing_gives_its_surfaces_back(surfaces: list[str]) -> None:
    pairs = grounding.split("; ".join(map(grounding.escape, surfaces)))
    assert pairs == [(surface, None) for surface in surfaces]


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("p53; MDM2;; ;p53#2 ;", [("p53", None), ("MDM2", None), ("p53", 2)]),
        (r"a\;b; c\#2; d\\#3", [("a;b", None), ("c#2", None), ("d\\", 3)]),
        ("p53#0; p53#999999999999", [("p53", 0), ("p53", None)]),
        ("TNF-&alpha;; IFN-&#947; R&D; x", [("TNF-&alpha;", None), ("IFN-&#947; R&D", None), ("x", None)]),
        ("\\", [("\\", None)]),
        ("", []),
    ],
)
def test_what_a_model_may_write(line: str, pairs: list[tuple[str, int | None]]) -> None:
    assert grounding.split(line) == pairs


@given(st.text(max_size=40), st.text(max_size=20))
def test_nothing_that_is_written_fails(line: str, text: str) -> None:
    names = [grounding.Name(surface, number) for surface, number in grounding.split(line)]
    for one in grounding.ground(text, names):
        assert one.place is None or 0 <= one.place.start < one.place.end <= len(text)


@pytest.mark.parametrize("written", ["p53 #2", "p53\t#2", "p53  #2 ", r"\n p53#2", r"p53\n#2"])
def test_no_name_has_white_space_at_its_edges(written: str) -> None:
    assert grounding.split(written) == [("p53", 2)]
