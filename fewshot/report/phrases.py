"""Phrases that verdicts are made of: the best system of a kind, a score, a difference, what could be detected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fewshot.report import numbers
from fewshot.report.cost import BreakEven
from fewshot.report.rows import Row, best_of
from fewshot.scoring.differences import Difference

if TYPE_CHECKING:
    from fewshot.report.comparison import Comparison

UNCOUNTED = "the price of its labels not counted"
"""What a break-even leaves out."""


def best_of_kind(comparison: Comparison, kind: str) -> Row | None:
    """Returns the system of a kind with the highest headline score; `None` if there is none."""
    return best_of([row for row in comparison.systems if row.kind == kind], comparison.headline)


def tuned_against(comparison: Comparison, prompted: Row, local: Row) -> Difference | None:
    """Returns the best fine-tuned model against the best prompted one, adjusted for the choice of both."""
    sides = {kind: [row.label for row in comparison.systems if row.kind == kind] for kind in ("prompted", "local")}
    return comparison.between(sides["prompted"], sides["local"], (prompted.label, local.label))


def tuned_break_even(comparison: Comparison) -> BreakEven:
    """Returns from how many legends on the best fine-tuned model is cheaper than the best prompted one."""
    local = best_of_kind(comparison, "local")
    return None if local is None else comparison.break_even(local)


def detectable(*comparisons: Comparison) -> str:
    """Returns how large a difference from the baseline must be on so many articles; of several tasks the range."""
    found = [
        one.minimum_detectable
        for comparison in comparisons
        for one in comparison.differences().values()
        if one.minimum_detectable is not None
    ]
    if not found:
        return ""
    size = _range(numbers.score(min(found), 2), numbers.score(max(found), 2))
    if len(comparisons) == 1:
        return f"; to be detected four times in five, a difference from {comparisons[0].baseline} must be {size}"
    counts = [comparison.articles for comparison in comparisons]
    articles = _range(str(min(counts)), str(max(counts)))
    return f"; on {articles} articles a difference must be {size} to be detected four times in five"


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def value(comparison: Comparison, row: Row) -> str:
    """Returns a headline score with its interval."""
    found = row.estimate(comparison.headline)
    if found is None:
        return numbers.UNKNOWN
    low, high = found.interval.low, found.interval.high
    return numbers.score(found.mean) + ("" if low is None or high is None else f" {numbers.interval(low, high)}")


def difference(one: Difference) -> str:
    """Returns a difference with its interval and its adjusted p."""
    span = "" if one.low is None or one.high is None else f" {numbers.span_of_difference(one.low, one.high)}"
    return f"{numbers.difference(one.delta)}{span} (p {numbers.probability(one.adjusted)})"


def listed(parts: Sequence[str]) -> str:
    """Returns several things as they stand in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
