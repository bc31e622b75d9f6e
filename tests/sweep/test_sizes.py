"""Sizes of trainings: numbers and shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.errors import InputError
from fewshot.sweep.sizes import USUAL, sizes


def test_shares_are_rounded_up_and_equal_sizes_are_one() -> None:
    assert sizes(["1%", "0.5%", "100%", "60", "2.5%"], of=60) == (1, 2, 60)
    assert sizes(USUAL, of=4560) == (46, 114, 228, 456, 1140, 2280, 4560)


@pytest.mark.parametrize(
    "word",
    ["", "ten", "1/2", "-5", "0", "0%", "61", "101%", "5.5", "nan", "inf%", "1e999", "%", "1e9", "1e9999999", "٣"],
)
def test_what_is_no_size_is_one_line(word: str) -> None:
    with pytest.raises(InputError, match="--train-sizes"):
        sizes([word], of=60)


@given(st.text(max_size=30), st.integers(1, 10**6))
def test_any_word_is_a_size_or_an_error(word: str, of: int) -> None:
    try:
        found = sizes([word], of=of)
    except InputError:
        return
    assert all(1 <= size <= of for size in found)


def test_no_size_is_none() -> None:
    with pytest.raises(InputError, match="--train-sizes names none"):
        sizes([], of=60)
