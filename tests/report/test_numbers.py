"""Numbers as tables show them: three digits, no leading zero, and never 0 for what is not known or not 0."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fewshot.report import numbers


@pytest.mark.parametrize(
    ("shown", "value", "text"),
    [
        (numbers.score, 0.98765, ".988"), (numbers.score, 1.0, "1.000"), (numbers.score, 0.0, ".000"),
        (numbers.score, None, "–"), (numbers.difference, 0.0213, "+.021"), (numbers.difference, -0.0213, "−.021"),
        (numbers.difference, 0.00001, ".000"), (numbers.difference, None, "–"), (numbers.count, 60, "60"),
        (numbers.count, 12345.0, "12,345"), (numbers.count, 2.5, "2.5"), (numbers.count, None, "–"),
        (numbers.seconds, 0.00012345, "0.00012"), (numbers.seconds, 12.3, "12"), (numbers.seconds, None, "–"),
        (numbers.dollars, 0, "0"), (numbers.dollars, 0.0000001, "1e-07"), (numbers.dollars, None, "–"),
        (numbers.dollars, 1234.5, "1,234.50"), (numbers.probability, 0.0004, "<.001"), (numbers.probability, 1.0, "1"),
        (numbers.probability, None, "–"), (numbers.duration, 7200, "2 h"), (numbers.duration, 0.2, "0 s"),
        (numbers.duration, None, "–"),
    ],
)  # fmt: skip
def test_cells(shown: Callable[[float | None], str], value: float | None, text: str) -> None:
    assert shown(value) == text


def test_an_interval_that_is_narrow_has_two_different_ends() -> None:
    assert numbers.interval(0.81, 0.9) == "[.81, .90]"
    assert numbers.interval(0.9961, 0.9989) == "[.996, .999]"
    assert numbers.span_of_difference(-0.004, 0.003) == "[−.004, +.003]"
