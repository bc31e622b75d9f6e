"""The verdict over several tasks, as the demo prints it.

Fine-tune for panelization (+.609 [+.33, +.89] (p .011)); for causal few-shot prompting and fine-tuning cannot be …
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fewshot.report import numbers
from fewshot.report.phrases import (
    UNCOUNTED,
    best_of_kind,
    detectable,
    difference,
    listed,
    tuned_against,
    tuned_break_even,
)
from fewshot.report.verdict import Verdict

if TYPE_CHECKING:
    from fewshot.report.comparison import Comparison


def over(comparisons: Sequence[Comparison]) -> Verdict:
    """Returns the verdict over several tasks: a sentence that decides, one on what can be told apart, one on costs."""
    scored = [comparison for comparison in comparisons if comparison.best() is not None]
    sentences = [_choices(scored), _apart(scored), _prices(scored)]
    first = next((command for comparison in scored if (command := comparison.verdict.command)), None)
    return Verdict(tuple(filter(None, sentences)), first)


def _choices(comparisons: Sequence[Comparison]) -> str:
    tuned: list[str] = []
    few: list[str] = []
    open_: list[str] = []
    for comparison in comparisons:
        prompted, local = best_of_kind(comparison, "prompted"), best_of_kind(comparison, "local")
        if prompted is None or local is None:
            continue
        one = tuned_against(comparison, prompted, local)
        if one is None or not one.detected:
            open_.append(comparison.task.name)
        else:
            (tuned if one.delta > 0 else few).append(f"{comparison.task.name} ({difference(one)})")
    parts = [
        f"fine-tune for {listed(tuned)}" if tuned else "",
        f"few-shot prompting does better for {listed(few)}" if few else "",
        f"for {listed(open_)} few-shot prompting and fine-tuning cannot be told apart" if open_ else "",
    ]
    text = "; ".join(filter(None, parts))
    if text:
        return f"{text[0].upper()}{text[1:]}."
    return "No task has both a prompted and a fine-tuned model: which of the two is better is not known."


def _apart(comparisons: Sequence[Comparison]) -> str:
    best: dict[str, list[str]] = {}
    ties = []
    for comparison in comparisons:
        row = comparison.best()
        if row is not None:
            best.setdefault(row.label, []).append(comparison.task.name)
            others = [label for label in comparison.tied() if label != row.label]
            ties += [f"{listed(others)} for {comparison.task.name}"] if others else []
    parts = [f"{label} for {listed(tasks)}" for label, tasks in best.items()]
    tied = f", not told apart from {', nor from '.join(ties)}" if ties else ""
    return f"Best is {listed(parts)}{tied}{detectable(*comparisons)}." if parts else ""


def _prices(comparisons: Sequence[Comparison]) -> str:
    parts = []
    for comparison in comparisons:
        rows = [row for kind in ("prompted", "local") if (row := best_of_kind(comparison, kind)) is not None]
        known = [row for row in rows if row.cost.usd is not None]
        if known:
            each = listed([f"${numbers.dollars(row.cost.usd_per_thousand)} with {row.label}" for row in known])
            parts.append(f"{each} for {comparison.task.name}{_pays_briefly(comparison)}")
    pays = any(isinstance(tuned_break_even(comparison), int) for comparison in comparisons)
    return (
        f"1,000 legends cost {'; '.join(parts)}{f', {UNCOUNTED}' * pays}."
        if parts
        else "What the models cost is not known."
    )


def _pays_briefly(comparison: Comparison) -> str:
    found = tuned_break_even(comparison)
    if found is None:
        return ""
    return " (never cheaper fine-tuned)" if found == "never" else f" (training pays from {found:,} legends on)"
