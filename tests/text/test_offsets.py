"""Offsets in other units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.errors import DataError, Where
from fewshot.text.offsets import Ruler, Unit, check, explained, fitting

TEXT = "IL‑1β 😀 and p53."


def encoded(text: str, unit: Unit) -> int:
    if unit == "utf16":
        return len(text.encode("utf-16-le")) // 2
    return len(text.encode()) if unit == "bytes" else len(text)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.data(), st.sampled_from(["utf16", "bytes", "characters"]))
def test_what_an_encoder_counts_is_counted_back(text: str, draw: st.DataObject, unit: Unit) -> None:
    start = draw.draw(st.integers(0, len(text)))
    end = draw.draw(st.integers(start, len(text)))
    ruler = Ruler(text, unit)
    assert ruler.length == encoded(text, unit)
    assert ruler.extent(encoded(text[:start], unit), encoded(text[:end], unit)) == (start, end)
    assert ruler.extent(0, ruler.length + 1) is None


@pytest.mark.parametrize(("start", "end", "unit"), [(12, 15, "characters"), (13, 16, "utf16"), (18, 21, "bytes"),
                                                     (12, 14, "inclusive")])  # fmt: skip
def test_the_unit_is_recognised_by_the_text(start: int, end: int, unit: Unit) -> None:
    assert explained(TEXT, start, end, "p53") == unit
    if unit != "characters":
        with pytest.raises(DataError, match=rf"a\.json:3: entity: {start}–{end} is .* --offsets {unit} reads them so"):
            check(
                TEXT,
                Ruler(TEXT, "characters").extent(start, end),
                "p53",
                "entity",
                Where("a.json", 3),
                said=(start, end),
            )


def test_inside_a_character() -> None:
    assert Ruler(TEXT, "bytes").extent(3, 4) is None
    assert Ruler("😀", "utf16").extent(1, 2) is None


def test_white_space_of_another_kind_is_the_same() -> None:
    check("breast\ncancer", (0, 13), "breast cancer", "entity", Where())


def test_what_no_unit_explains() -> None:
    with pytest.raises(DataError, match="0–2 is 'IL' and its text says 'p21'; correct the offsets"):
        check(TEXT, (0, 2), "p21", "entity", Where())
    assert fitting("😀", 0, 2) == "utf16"
    assert fitting("p53", 0, 9) is None
