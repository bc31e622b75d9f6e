"""The rate limits that a server states in its headers. They pace a run and are not recorded.

    x-ratelimit-limit-requests: 500 · x-ratelimit-remaining-requests: 499 · x-ratelimit-reset-requests: 120ms

>>> rate_limits({"x-ratelimit-remaining-tokens": "29000", "x-ratelimit-reset-tokens": "1m2.5s"}).tokens
Allowance(most=None, left=29000.0, reset=62.5)
>>> rate_limits({"content-type": "application/json"}) is None
True
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fewshot.records import Allowance, Limits

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|d|h|m|s)")
_LONGEST = _UNITS["d"]
"""No limit resets later than this: a larger number is a date (seconds since 1970), not a duration."""


def rate_limits(headers: Mapping[str, str]) -> Limits | None:
    """Returns what the `x-ratelimit-*` headers state, or `None` if there are none.

    `headers`: with names in lower case, or a mapping that ignores case.
    """
    requests, tokens = _allowance(headers, "requests"), _allowance(headers, "tokens")
    return None if requests is None and tokens is None else Limits(requests or Allowance(), tokens or Allowance())


def _allowance(headers: Mapping[str, str], what: str) -> Allowance | None:
    left = headers.get(f"x-ratelimit-remaining-{what}")
    if left is None:
        return None
    most = headers.get(f"x-ratelimit-limit-{what}")
    return Allowance(_number(most), _number(left), seconds(headers.get(f"x-ratelimit-reset-{what}")))


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < float("inf") else None


def seconds(text: str | None) -> float | None:
    """Returns a duration, as servers write it, in seconds; `None` for anything else.

    >>> seconds("6m0s"), seconds("20ms"), seconds("1.5"), seconds("soon"), seconds("1790000000")
    (360.0, 0.02, 1.5, None, None)
    """
    text = (text or "").strip()
    if _PART.sub("", text):
        value = _number(text)
    else:
        value = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)) if text else None
    return value if value is not None and value <= _LONGEST else None
