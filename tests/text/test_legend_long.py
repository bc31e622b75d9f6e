"""Legends of 100 kB of one sign or construct are read in time that grows with their length alone."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from fewshot.text import legend

LENGTH = 100_000
MOST_SECONDS = 2.0
CONSTRUCTS = ["\n", " \n", " ", "!", "?.", ")", "-", "A, ", "C. ", "(D) ", "E and ", "F–", "Data information ", "i.e. ",
              "Source \n", "abbreviation", "Q/", "(G "]  # fmt: skip


@pytest.mark.parametrize("edges", ["{}", "{}z", "z{}", "Data{}", "A{}"])
@pytest.mark.parametrize(
    "reads",
    [
        legend.leading_label,
        legend.sentences,
        lambda text: legend.tail_start(text, 0, len(text)),
        lambda text: legend.cut_tail(text, 0, len(text)),
        lambda text: legend.is_printed("A", text),
    ],
)
def test_time_is_linear(reads: Callable[[str], object], edges: str) -> None:
    for sign in CONSTRUCTS:
        text = edges.format(sign * (LENGTH // len(sign)))
        start = time.process_time()
        reads(text)
        assert time.process_time() - start < MOST_SECONDS, repr(sign)


def test_a_tail_is_found_behind_whatever_ends_a_sentence() -> None:
    for before in ("", " ", "Blot. ", "Blot)\u2009", "n = 3\n", "n = 3 \n ", 'said "so" '):
        text = f"{before}Source  data: x"
        assert legend.tail_start(text, 0, len(text)) == len(before), repr(before)
    for before in ("see the ", "and,\t"):
        assert legend.tail_start(f"{before}Source data: x", 0, 99) is None


def test_the_first_of_several_tails() -> None:
    text = "(A) As in Source data, here. Abbreviations: n, number. Data information: x"
    assert legend.tail_start(text, 0, len(text)) == text.index("Abbreviations")
