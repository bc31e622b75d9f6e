"""Confusion of labels: gold by row, prediction by column, darker where more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fewshot.report.page.charts import fitted

_CELL, _ROW, _TOP, _LEFT = 62.0, 26.0, 92.0, 170.0  # pixels
_NAME = 20  # characters
_DARK = 0.55  # from this share on a number is white


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell in pixels; `shade`: 0 to 1."""

    x: float
    y: float
    count: int
    shade: float
    right: bool
    title: str

    @property
    def dark(self) -> bool:
        """Whether its number must be light."""
        return self.shade > _DARK


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix in pixels."""

    title: str
    rows: Sequence[tuple[float, str]]
    columns: Sequence[tuple[float, str]]
    cells: Sequence[Cell]
    width: float
    height: float
    left: float = _LEFT
    top: float = _TOP
    cell: float = _CELL
    row: float = _ROW

    @classmethod
    def of(cls, rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]], *, title: str) -> Matrix:
        """Places counts; each row is shaded by its own largest count, since labels are not equally frequent."""
        cells = []
        for at, (gold, line) in enumerate(zip(rows, counts, strict=True)):
            most = max(line) or 1
            for to, (predicted, count) in enumerate(zip(columns, line, strict=True)):
                name = f"{gold} → {predicted}: {count:,}"
                cells.append(Cell(_LEFT + _CELL * to, _TOP + _ROW * at, count, count / most, gold == predicted, name))
        return cls(
            title,
            [(_TOP + _ROW * (at + 0.5), fitted(name, _NAME)) for at, name in enumerate(rows)],
            [(_LEFT + _CELL * (to + 0.5), fitted(name, _NAME)) for to, name in enumerate(columns)],
            cells,
            _LEFT + _CELL * len(columns) + 60,
            _TOP + _ROW * len(rows) + 10,
        )
