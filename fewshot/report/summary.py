"""Several tasks in one table, printed as each of them is done: widths are fixed, since the last rows come last.

    system                                        score     $/1k        s trained
    panelization: starts.f1 · 20 legends of 6 articles
    all-empty                             .000 (no hit)        –        –       –
    SmolLM2-135M-Instruct (0 shots)     .290 [.11, .58]     0.75       23       –

It fits 80 columns; a name or a number that is longer than its column moves what follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fewshot.report import captions, columns, numbers
from fewshot.report.layout import Line, Piece
from fewshot.report.rows import Row
from fewshot.text.visible import one_line

if TYPE_CHECKING:
    from fewshot.report.comparison import Comparison

_WIDTHS = (31, -20, -9, -9, -8)
"""Columns of system, score, dollars, seconds, training; negative: to the right."""


def head() -> list[Line]:
    """Returns the heads of the columns."""
    return [
        _line(["system", "score ", "$/1k", "s", "trained"]),
        (Piece("─" * sum(map(abs, _WIDTHS))),),
    ]


def group(comparison: Comparison) -> list[Line]:
    """Returns the rows of one task, under a line that names it."""
    what = f"{comparison.task.name}: {comparison.headline}"
    size = captions.size(comparison)
    return [(Piece(what, bold=True), Piece(f" · {size}")), *(_system(comparison, row) for row in comparison.rows)]


def _system(comparison: Comparison, row: Row) -> Line:
    cell = columns.score_cell(comparison, comparison.headline, row)
    cost = row.cost
    cells = [
        one_line(row.label),
        cell.text + (cell.mark or " "),
        numbers.dollars(cost.usd_per_thousand),
        numbers.seconds(cost.p50),
        numbers.UNKNOWN if cost.training_seconds is None else f"{numbers.count(round(cost.training_seconds))} s",
    ]
    return _line(cells, bold=1 if cell.bold else None)


def _line(cells: Sequence[str], *, bold: int | None = None) -> Line:
    pieces = []
    for number, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True)):
        padded = cell.ljust(width) if width > 0 else cell.rjust(-width)
        pieces.append(Piece(padded if number + 1 < len(cells) else padded.rstrip(), bold=number == bold))
    return tuple(pieces)


def legend(comparisons: Sequence[Comparison]) -> str:
    """Returns what signs and columns mean, and the methods."""
    if not comparisons:
        return ""
    first = comparisons[0]
    said: dict[str, list[str]] = {}
    for comparison in comparisons:
        for caption in comparison.captions:
            said.setdefault(caption, []).append(comparison.task.name)
    parts = [
        *(
            caption if len(tasks) == len(comparisons) else f"{caption}: {', '.join(tasks)}"
            for caption, tasks in said.items()
        ),
        f"{columns.BEST} best; {columns.TIED} not told apart from the best.",
        f"{captions.MEANINGS['usd_1k']}; {captions.MEANINGS['seconds']}; trained: seconds of the training.",
        *captions.prices(first),
        *captions.methods(first),
    ]
    return " ".join(part if part.endswith(".") else f"{part[0].upper()}{part[1:]}." for part in parts)
