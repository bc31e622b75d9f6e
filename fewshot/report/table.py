"""A table before anything is drawn: columns with cells as text, and the sentences that belong to it.

Names of systems, labels and captions come from files of others. Each format (`markdown`, `latex`, the terminal) makes
text of them where it draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is read. `mark`: a sign behind it, for which every cell of the column keeps room."""

    text: str
    bold: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column.

    Attributes:
        text: What stands above it.
        rank: The lower, the longer it stays on a narrow terminal; 0: always, or the table becomes blocks.
        needs: The heading without which it says nothing.
        note: What it means, where the heading does not say it.
    """

    text: str
    rank: int = 0
    needs: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, rows of cells, and what is said above and below.

    Attributes:
        title: What is compared, in a few words.
        headings: One a column; the first is the system.
        rows: One a system.
        caption: What a reader needs before the numbers.
        notes: Sentences below: signs, methods, prices, what is missing and why.
    """

    title: str
    headings: Sequence[Heading]
    rows: Sequence[Sequence[Cell]]
    caption: Sequence[str] = ()
    notes: Sequence[str] = ()

    def column(self, number: int) -> list[Cell]:
        """Returns the cells of a column."""
        return [row[number] for row in self.rows]

    def legend(self, shown: Sequence[Heading]) -> str:
        """Returns what the shown columns mean, and the notes."""
        meant = "; ".join(heading.note for heading in shown if heading.note)
        return " ".join([*([f"{meant}."] if meant else []), *self.notes])
