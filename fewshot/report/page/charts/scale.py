"""From values to pixels, and where an axis has its ticks.

>>> Scale(0.0, 1.0, 100.0, 300.0)(0.25)
150.0
>>> ticks(0.0, 1.0)
[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
>>> log_ticks(3, 4560)
[10.0, 100.0, 1000.0]
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear or logarithmic scale from `low … high` to pixels; what lies outside is moved to the edge."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = log10(low), log10(high), log10(at)
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        """Returns `(pixel, text)` of the axis."""
        values = log_ticks(self.low, self.high) if self.log else ticks(self.low, self.high)
        return [(self(value), short(value)) for value in values]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Returns round values from `low` to `high`, at most about `most`."""
    if high <= low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** floor(log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
    return [round(number * step, 12) for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Returns powers of ten within `low … high`, with twos and fives between them where there are fewer than three."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    tens = [10.0**power for power in powers if low <= 10.0**power <= high * 1.0001]
    if len(tens) >= 3:
        return tens
    return [
        times * 10.0**power for power in powers for times in (1, 2, 5) if low <= times * 10.0**power <= high * 1.0001
    ]


def short(value: float) -> str:
    """Returns a number for an axis.

    >>> [short(value) for value in (0.2, 1, 2500, 1e6, 0.0005, -0.5)]
    ['0.2', '1', '2,500', '1M', '0.0005', '−0.5']
    """
    if value < 0:
        return f"−{short(-value)}"
    if value >= 1e6:
        return f"{value / 1e6:g}M"
    if value >= 1000 and float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:.10f}".rstrip("0").rstrip(".") if 0 < value < 0.001 else f"{value:g}"
