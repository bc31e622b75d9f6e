"""A comparison as one JSON document, unrounded: `fewshot compare --json`.

{"task": "ner", "n": 60, "articles": 20, "baseline": "gpt-6", "systems": [{"system": "rules-2", "scores": {…}}]}
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fewshot.report import captions
from fewshot.report.rows import Row
from fewshot.scoring.articles import by_article, by_label

if TYPE_CHECKING:
    from fewshot.report.comparison import Comparison


def of(comparison: Comparison) -> dict[str, Any]:
    """Returns scores, intervals, differences, costs, scores by label and by article, verdict and methods."""
    return {
        "task": comparison.task.name,
        "n": comparison.rows[0].n,
        "articles": comparison.articles,
        "grouped": comparison.grouped,
        "captions": list(comparison.captions),
        "headline": list(comparison.task.headline),
        "baseline": comparison.baseline,
        "gpu_hour_usd": comparison.gpu_hour_usd,
        "seed": comparison.seed,
        "tied_with_best": {name: list(comparison.tied(name)) for name in comparison.task.headline},
        "systems": [_system(comparison, row) for row in comparison.rows],
        "differences": {name: _differences(comparison, name) for name in comparison.task.headline},
        "verdict": {"sentences": list(comparison.verdict.sentences), "command": comparison.verdict.command},
        "methods": captions.methods(comparison),
        "signatures": dict(comparison.signatures),
    }


def _differences(comparison: Comparison, score: str) -> dict[str, Any]:
    return {label: asdict(difference) for label, difference in comparison.differences(score).items()}


def _system(comparison: Comparison, row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {
        "system": row.label,
        "name": row.name,
        "kind": row.kind,
        "runs": [str(run.folder.path) for run in row.runs],
        "signatures": [run.signature.id for run in row.runs],
        "settings": dict(row.settings),
        "n": row.n,
        "seeds": row.seeds,
        "malformed": row.malformed,
        "failed": row.failed,
        "problems": dict(sorted(row.problems.items())),
        "scores": {name: _estimate(row, name) for name in row.results[0].scores},
        "cost": asdict(row.cost)
        | {
            "usd_per_thousand": row.cost.usd_per_thousand,
            "usd_per_hit": row.cost.usd_per_hit,
            "break_even": comparison.break_even(row),
        },
    }
    if row.counts:
        found["by_label"] = [[asdict(one) for one in by_label(counts)] for counts in row.counts]
        found["by_article"] = {
            name: [asdict(by_article(counts, name)) for counts in row.counts]
            for name in comparison.task.headline
            if name in row.counts[0].formulas
        }
    return found


def _estimate(row: Row, name: str) -> dict[str, Any] | None:
    found = row.estimate(name)
    if found is None:
        return None
    low, high, why = found.interval.low, found.interval.high, found.interval.why
    return {"score": found.mean, "sd": found.deviation, "low": low, "high": high, "why": why}
