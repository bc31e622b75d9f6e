"""Gold letters that are not printed in their segment: neither right nor wrong, whether they are predicted or not."""

from __future__ import annotations

import pytest

from fewshot.metrics import panels
from fewshot.records import PANEL, Example, Span

TEXT = "(A) Blot of p53. Quantified beside it. (D) Mice."
FIGURE = Example("f", "f", TEXT)
GOLD = [Span(0, 38, PANEL, labels=("A", "B")), Span(39, 48, PANEL, labels=("D",))]  # B is on the image alone


def scored(first: tuple[str, ...], last: tuple[str, ...] = ("D",)) -> dict[str, float]:
    predicted = [Span(0, 38, PANEL, labels=first), Span(39, 48, PANEL, labels=last)]
    return panels.scores([panels.tally(FIGURE, GOLD, predicted)])


@pytest.mark.parametrize("letters", [("A",), ("A", "B"), ("a", "b")])
def test_predicted_or_not_is_all_the_same(letters: tuple[str, ...]) -> None:
    found = scored(letters)
    assert (found["labels.precision"], found["labels.recall"], found["exact.accuracy"]) == (1, 1, 1)


def test_each_letter_that_does_not_count_is_counted() -> None:
    assert scored(("A",))["labels.neutral"] == 1  # the gold's
    assert scored(("A", "B"))["labels.neutral"] == 2  # and the one that was predicted


def test_it_is_forgiven_once() -> None:
    found = scored(("A", "B"), ("D", "B"))
    assert found["labels.precision"] == pytest.approx(2 / 3)


def test_a_letter_that_is_printed_is_missed() -> None:
    assert scored(("B",))["labels.recall"] == 0.5


def test_another_letter_is_wrong() -> None:
    assert scored(("A", "C"))["labels.precision"] == pytest.approx(2 / 3)


def test_a_panel_predicted_twice_counts_once() -> None:
    twice = [*GOLD, GOLD[1]]
    found = panels.scores([panels.tally(FIGURE, GOLD, twice)])
    assert (found["labels.precision"], found["exact.accuracy"]) == (1, 1)


def test_what_is_predicted_beside_a_panel_of_unknown_letters_counts() -> None:
    """The two touch, and share no character."""
    text = "A, Blot.B, Mice."
    gold = [Span(0, 8, PANEL), Span(8, 16, PANEL, labels=("B",))]
    predicted = [Span(8, 16, PANEL, labels=("C",))]
    found = panels.scores([panels.tally(Example("f", "f", text), gold, predicted)])
    assert (found["labels.precision"], found["labels.recall"]) == (0, 0)
    assert panels.tally(Example("f", "f", text), gold, predicted)["labels"] == (0, 1, 1)
