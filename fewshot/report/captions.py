"""The sentences around a table: what is the same for all systems, what signs and columns mean, and by which method."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fewshot.scoring import differences, intervals

if TYPE_CHECKING:
    from fewshot.report.comparison import Comparison

IN_CELLS = ("no hit", "no error")
"""Reasons for a missing interval that are short enough for a cell."""

MEANINGS = {
    "usd_1k": "$/1k: dollars for 1,000 legends",
    "usd_hit": "$/hit: dollars for one true positive",
    "seconds": "s: median seconds for a legend",
    "seconds_p95": "s p95: their 95th percentile",
    "tokens_in": "tok in: tokens sent for a legend",
    "tokens_out": "tok out: tokens received",
    "training": "training: time of the whole training",
    "break_even": "pays from: legends from which on the fine-tuned system is cheaper than the best prompted one",
    "p": "p: adjusted by Holm",
    "swap_p": "swap p: of the exchange of whole articles (≥: the least that it can be on these)",
    "detectable": "detectable: the difference that is detected four times in five",
}
"""What columns mean, by key."""


def above(comparison: Comparison, same: Iterable[tuple[str, str]]) -> list[str]:
    """Returns what a reader must know first: the data, and what is the same for all systems."""
    found = [*comparison.captions, size(comparison)]
    shared = [f"{name} {value}" for name, value in same if name != "n"]
    if shared:
        found.append(f"all systems: {', '.join(shared)}")
    return found


def size(comparison: Comparison) -> str:
    """Returns how much was scored: `20 legends of 6 articles`."""
    articles = f" of {_counted(comparison.articles, 'article')}" if comparison.grouped else ""
    return f"{_counted(comparison.rows[0].n, 'legend')}{articles}"


def below(comparison: Comparison) -> list[str]:
    """Returns what signs mean, prices, and the methods."""
    return [*_marks(comparison), *prices(comparison), *_missing(comparison), *methods(comparison)]


def prices(comparison: Comparison) -> list[str]:
    """Returns where the dollars are from."""
    found = []
    if comparison.gpu_hour_usd is not None:
        found.append(f"What no API priced is priced by its seconds, at ${comparison.gpu_hour_usd:g} an hour.")
    known = dict.fromkeys(run.recorded.usage.price for row in comparison.systems for run in row.runs)
    return [*found, *(f"API: {price}." for price in known if price)]


def of_delta(comparison: Comparison) -> str:
    """Returns what the differences are from."""
    return f"Δ: difference in {comparison.headline} from {comparison.baseline}"


def methods(comparison: Comparison) -> list[str]:
    """Returns by which methods intervals and tests are made, and what they assume."""
    found = [intervals.METHOD]
    if comparison.differences():
        found.append(differences.METHOD)
    assumed = intervals.assumption(grouped=comparison.grouped)
    if assumed is not None:
        found.append(assumed)
    if any(row.seeds > 1 for row in comparison.systems):
        found.append("±: standard deviation over seeds, beside the interval over articles.")
    return found


def _marks(comparison: Comparison) -> list[str]:
    if len(comparison.systems) < 2:
        return []
    tied = any(len(comparison.tied(name)) > 1 for name in comparison.task.headline)
    return ["* best; ≈ not told apart from the best." if tied else "* best."]


def _missing(comparison: Comparison) -> list[str]:
    """Why there are no intervals, where no cell says it."""
    reasons: dict[str, None] = {}
    for row in comparison.rows:
        for name in comparison.task.headline:
            found = row.estimate(name)
            why = found.interval.why if found else None
            if why and why not in IN_CELLS:
                reasons[why] = None
    return [f"No interval: {'; '.join(reasons)}."] if reasons else []


def _counted(n: int, what: str) -> str:
    """A number and its noun.

    >>> _counted(1, "legend"), _counted(3, "article")
    ('1 legend', '3 articles')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"
