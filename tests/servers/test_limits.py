"""What rate-limit headers say."""

from __future__ import annotations

import pytest

from fewshot.records import Allowance
from fewshot.servers.limits import rate_limits, seconds


def test_openai_headers() -> None:
    said = rate_limits(
        {
            "x-ratelimit-limit-requests": "500",
            "x-ratelimit-limit-tokens": "30000",
            "x-ratelimit-remaining-requests": "499",
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-requests": "120ms",
            "x-ratelimit-reset-tokens": "1m0.5s",
        }
    )
    assert said is not None
    assert said.requests == Allowance(500, 499, 0.12)
    assert said.tokens == Allowance(30000, 0, 60.5)
    assert said.wait == 60.5, "of the one of which nothing is left"


@pytest.mark.parametrize("left", ["many", "", "-1", "nan", "inf"])
def test_what_is_no_number_says_nothing(left: str) -> None:
    said = rate_limits({"x-ratelimit-remaining-requests": left})
    assert said is not None
    assert said.requests == Allowance()
    assert said.wait is None


def test_no_headers() -> None:
    assert rate_limits({"Content-Type": "application/json"}) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1d2h3m4s5ms", 93784.005), ("250us", 0.00025), ("0s", 0.0), ("7", 7.0), (" 2.5 ", 2.5),
        ("2026-11-25T00:00:00Z", None), ("1790000000", None), ("-3", None), ("s", None), (None, None), ("9e9", None),
        ("100h", None),
    ],
)  # fmt: skip
def test_durations(text: str | None, value: float | None) -> None:
    assert seconds(text) == (value if value is None or value <= 86400 else None)
