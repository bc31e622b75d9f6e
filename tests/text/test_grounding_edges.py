"""Surfaces at their edges: which occurrence, which number, which characters."""

from __future__ import annotations

import pytest

from fewshot.records import Span
from fewshot.text import grounding


def locate(text: str, surface: str, number: int | None = None) -> tuple[int, int] | None:
    """Where one name stands."""
    place = grounding.ground(text, [grounding.Name(surface.strip(), number)])[0].place
    return None if place is None else (place.start, place.end)


@pytest.mark.parametrize(
    ("text", "surface", "number", "place"),
    [
        ("ab ab ab", "ab", 1, (0, 2)), ("ab ab ab", "ab", 2, (3, 5)), ("ab ab ab", "ab", 3, (6, 8)),
        ("ab ab ab", "ab", 4, (6, 8)), ("AB AB AB", "ab", 2, (3, 5)), ("AB AB AB", "ab", 9, (6, 8)),
        ("a", "a", 1, (0, 1)), ("x a", "a", 1, (2, 3)), ("A–B", "a-b", 1, (0, 3)), ("x ﬁx y", "fix", 1, (2, 4)),
        ("a b", "ab", 1, None), ("ab", "abc", 1, None), ("ab", "", 1, None),
    ],
)  # fmt: skip
def test_a_surface_is_found(text: str, surface: str, number: int, place: tuple[int, int] | None) -> None:
    assert locate(text, surface, number) == place


@pytest.mark.parametrize(("start", "number"), [(0, 1), (4, 2), (8, 3)])
def test_a_name_says_which_of_several(start: int, number: int) -> None:
    span = Span(start, start + 3, "G")
    assert grounding.occurrence("p53 p53 p53", span) == number
    assert grounding.name("p53 p53 p53", span) == ("p53" if number == 1 else f"p53#{number}")
    assert grounding.listing("p53 p53 p53", [span, span]).split("; ") == [grounding.name("p53 p53 p53", span)] * 2


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("p53#12345678", [("p53", 12345678)]), ("p53#123456789", [("p53", None)]), ("p53 #2", [("p53 ", 2)]),
        ("p53#2 ", [("p53", 2)]), ("p53#", [("p53#", None)]), (r"a\nb; c\rd", [("a\nb", None), ("c\rd", None)]),
        (r"a\;b#3", [("a;b", 3)]), ("p#x#2", [("p#x", 2)]),
    ],
)  # fmt: skip
def test_what_a_listing_names(line: str, pairs: list[tuple[str, int]]) -> None:
    assert [(surface.strip(), number) for surface, number in grounding.split(line)] == [
        (surface.strip(), number) for surface, number in pairs
    ]


@pytest.mark.parametrize(
    ("surface", "written"),
    [("a;b", r"a\;b"), ("a#b", r"a\#b"), ("a\\b", r"a\\b"), ("a\nb", r"a\nb"), ("a\rb", r"a\rb"), ("a,b", "a,b")],
)
def test_a_surface_is_escaped(surface: str, written: str) -> None:
    assert grounding.escape(surface) == written
    assert grounding.split(written) == [(surface, None)]
