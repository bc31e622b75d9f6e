"""Starts, cut spans, letters and whole legends: each definition has a test that another one would fail."""

from __future__ import annotations

from fewshot.metrics import panels
from fewshot.records import PANEL, Example, Span

TEXT = "(A) Blot. (B) Same, as in C. Source data: see online."
A, B = Span(0, 9, PANEL, labels=("A",)), Span(10, 28, PANEL, labels=("B",))
FIGURE = Example("f", "f", TEXT)


def scored(gold: list[Span], predicted: list[Span], example: Example = FIGURE) -> dict[str, float]:
    return panels.scores([panels.tally(example, gold, predicted)])


def test_another_end_is_a_start_and_no_span() -> None:
    found = scored([A], [Span(0, 8, PANEL, labels=("A",))])
    assert (found["starts.f1"], found["spans.f1"], found["exact.accuracy"]) == (1, 0, 0)


def test_the_opening_bracket_belongs_to_the_start() -> None:
    assert scored([A], [Span(1, 9, PANEL, labels=("A",))])["starts.f1"] == 0


def test_tails_are_cut_on_both_sides() -> None:
    long = Span(10, len(TEXT), PANEL, labels=("B",))
    assert scored([A, B], [A, long])["exact.accuracy"] == scored([A, long], [A, B])["exact.accuracy"] == 1


def test_letters_are_a_multiset_whatever_the_case() -> None:
    lower = Span(0, 9, PANEL, labels=("a",))
    assert scored([A], [lower])["labels.f1"] == 1
    assert scored([A, B], [lower, Span(10, 28, PANEL, labels=("A",))])["labels.precision"] == 0.5


def test_inline_letters_are_neutral_and_counted() -> None:
    said = Span(10, 28, PANEL, labels=("B", "C"))
    assert scored([B], [said])["labels.precision"] == 0.5
    found = scored([B], [said], Example("f", "f", TEXT, inline_labels=("C",)))
    assert (found["labels.precision"], found["labels.neutral"], found["exact.accuracy"]) == (1, 1, 1)


def test_gold_letters_that_are_not_printed_are_neutral() -> None:
    found = scored([Span(0, 9, PANEL, labels=("A", "Z"))], [A])
    assert (found["labels.recall"], found["labels.neutral"]) == (1, 1)


def test_a_panel_with_unknown_letters_is_left_out_with_what_matches_it() -> None:
    found = scored([Span(0, 9, PANEL), B], [A, B])
    assert (found["labels.precision"], found["labels.recall"], found["labels.f1"]) == (1, 1, 1)


def test_empty_for_empty_is_exact_and_zero_elsewhere() -> None:
    found = scored([], [])
    assert found.pop("exact.accuracy") == 1
    assert set(found.values()) == {0.0}
