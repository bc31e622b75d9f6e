"""A row of the table in detail: all scores, those of single labels with their intervals, the articles behind them."""

from __future__ import annotations

from fewshot.report import numbers
from fewshot.report.page.document import Cell, Column, Row, Table
from fewshot.report.rows import Row as Result

_PARTS = ("precision", "recall", "f1")


def scores_in_detail(row: Result) -> Table:
    """Returns precision, recall and F1 of everything that the task scores, labels included; F1 with its interval."""
    scores = row.results[0].scores
    names = dict.fromkeys(name.rpartition(".")[0] for name in scores if name.endswith(".f1"))
    others = [name for name in scores if not name.endswith((*_PARTS, ".support"))]
    supported = any(f"{name}.support" in scores for name in names)
    columns = [Column("score", number=False), *map(Column, ("precision", "recall", "F1", "95% interval"))]
    if supported:
        columns.append(Column("gold"))
    rows = [Row("", _cells(row, name, supported=supported)) for name in names]
    for name in others:
        value, interval = _estimate(row, name)
        cells = [Cell(name, name), Cell("", None), Cell("", None), value, interval]
        rows.append(Row("", [*cells, Cell("", None)] if supported else cells))
    return Table(columns, rows)


def _cells(row: Result, name: str, *, supported: bool) -> list[Cell]:
    values = [row.score(f"{name}.{part}") for part in _PARTS[:2]]
    cells = [Cell(name, name), *(Cell(numbers.score(value), value) for value in values), *_estimate(row, f"{name}.f1")]
    if supported:
        support = row.score(f"{name}.support")
        cells.append(Cell("" if support is None else numbers.count(support), support))
    return cells


def _estimate(row: Result, name: str) -> tuple[Cell, Cell]:
    """A score and its interval; counts have none."""
    found = row.estimate(name)
    if found is None:
        return Cell(numbers.UNKNOWN), Cell("")
    low, high = found.interval.low, found.interval.high
    if low is None or high is None:
        value = numbers.count(found.mean) if name.endswith(".neutral") else numbers.score(found.mean)
        return Cell(value, found.mean), Cell(found.interval.why or "", None)
    return Cell(numbers.score(found.mean), found.mean), Cell(numbers.interval(low, high), low)
