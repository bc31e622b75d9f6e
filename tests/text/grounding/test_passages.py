"""Segments of a legend: copied with slips, cut short, named by their first words."""

from __future__ import annotations

from collections import Counter

import pytest

from fewshot.records import PANEL, Member, ProblemKind
from fewshot.text.grounding import Passage, Source, panels, starts

FIRST = "(A) Immunoblot of LC3 in HeLa cells that were starved for 2 h, with TNF-&alpha;."
SECOND = "(B) Quantification of the bands in (A); bars, mean of four experiments."
TEXT = f"{FIRST} {SECOND}"
A, B = (0, len(FIRST)), (len(FIRST) + 1, len(TEXT))


def read(*passages: str) -> tuple[list[tuple[int, int]], dict[ProblemKind, int]]:
    problems: Counter[ProblemKind] = Counter()
    spans, unplaced = panels(TEXT, [Passage(text) for text in passages], problems)
    assert sum(problems.values()) == len(unplaced)
    return [(span.start, span.end) for span in spans], dict(problems)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FIRST, SECOND),
        (FIRST.replace("&alpha;", "α"), SECOND),
        (FIRST.replace("&alpha;", "alpha").replace("Immunoblot", "Imunoblot"), SECOND),  # a letter less
        (FIRST, SECOND.replace("four", "4")),
        (FIRST.replace(" in HeLa cells", ""), SECOND.upper()),  # some words less
        (FIRST[:40] + "...", SECOND[:30] + "…"),  # cut short
        (FIRST.replace(" ", "\n"), SECOND.replace(" ", "\u00a0")),
    ],
)
def test_a_slip_loses_no_panel(first: str, second: str) -> None:
    assert read(first, second) == ([A, B], {})


def test_what_is_not_of_the_legend_is_counted() -> None:
    problems: Counter[ProblemKind] = Counter()
    spans, unplaced = panels(TEXT, [Passage(FIRST, ("A",)), Passage("Soup and bread for everyone.")], problems)
    assert [(span.start, span.end, span.labels, span.match) for span in spans] == [(*A, ("A",), "exact")]
    assert unplaced == (Member(PANEL, "Soup and bread for everyone."),)
    assert problems == {"not_in_text": 1}


def test_the_same_passage_twice_is_a_duplicate() -> None:
    assert read(FIRST, FIRST) == ([A], {"duplicate": 1})


@pytest.mark.parametrize(
    "head",
    [
        "(B) Quantification of the", "(B) Quantificaton of the bands in (A)", "(B) Quantification of the blots",
        SECOND.lower(),
    ],
)  # fmt: skip
def test_a_segment_begins_where_its_first_words_stand(head: str) -> None:
    (one,) = starts(Source(TEXT), [Passage(head)])
    assert one.place is not None
    assert one.place.start == B[0]
