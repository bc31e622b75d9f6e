"""Numbers as tables show them.

>>> score(0.8623), score(1.0), interval(0.8123, 0.9), difference(-0.0213), dollars(0.00042), seconds(0.00031)
('.862', '1.000', '[.81, .90]', '−.021', '0.00042', '0.00031')
"""

from __future__ import annotations

UNKNOWN = "–"
_NARROW = 0.02  # an interval narrower than this needs a third digit to have two different ends


def score(value: float | None, digits: int = 3) -> str:
    """A score between 0 and 1, without the leading 0."""
    return UNKNOWN if value is None else f"{value:.{digits}f}".removeprefix("0")


def interval(low: float, high: float) -> str:
    """An interval of scores."""
    digits = 2 if high - low >= _NARROW else 3
    return f"[{score(low, digits)}, {score(high, digits)}]"


def difference(value: float | None, digits: int = 3) -> str:
    """A difference of scores, with its sign."""
    if value is None:
        return UNKNOWN
    shown = score(abs(value), digits)
    return shown if float(shown) == 0 else f"{'+' if value > 0 else '−'}{shown}"


def span_of_difference(low: float, high: float) -> str:
    """The interval of a difference.

    >>> span_of_difference(-0.1, 0.032)
    '[−.10, +.03]'
    """
    digits = 2 if high - low >= _NARROW else 3
    return f"[{difference(low, digits)}, {difference(high, digits)}]"


def probability(value: float | None) -> str:
    """A p value.

    >>> probability(0.00002), probability(0.0312), probability(1.0)
    ('<.001', '.031', '1')
    """
    if value is None:
        return UNKNOWN
    return "<.001" if value < 0.001 else "1" if value > 0.9995 else score(value)


def dollars(value: float | None) -> str:
    """An amount of dollars: cents, or two digits of what is less; never 0 for what is not.

    >>> dollars(12.345), dollars(0.5), dollars(0.0000023), dollars(0), dollars(None)
    ('12.35', '0.50', '2.3e-06', '0', '–')
    """
    if value is None:
        return UNKNOWN
    if value == 0:
        return "0"
    return f"{value:,.2f}" if value >= 0.1 else f"{value:.2g}"


def seconds(value: float | None) -> str:
    """A duration in seconds, two digits."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def duration(value: float | None) -> str:
    """A long duration.

    >>> duration(38.4), duration(95), duration(7260)
    ('38 s', '1 min 35 s', '2 h 1 min')
    """
    if value is None:
        return UNKNOWN
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    shown = [f"{n} {unit}" for n, unit in parts if n][:2]
    return " ".join(shown) or "0 s"


def count(value: float | None) -> str:
    """A count, or the mean of counts.

    >>> count(12345.0), count(12.5), count(None)
    ('12,345', '12.5', '–')
    """
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if float(value).is_integer() or value >= 100 else f"{value:,.1f}"
