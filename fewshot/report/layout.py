"""A table at the width of a terminal: all columns that fit, the most telling ones first; else one block a system.

    system                 shots  starts.f1            Δ                     p
    SmolLM2-135M-Instruct      3  .071 [.02, .20]     −.924 [−.97, −.82]  <.001

The name of a system is never cut. What is left out is named below the table.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from fewshot.report.table import Cell, Table
from fewshot.text.visible import one_line

LEAST = 60
"""Columns of the narrowest terminal that tables are made for."""

WIDE = 400
"""Columns where nothing says how many there are: a table that is piped into a file or a pager is not folded."""

_GAP = 2  # spaces between columns
_LONGEST_NOTE = 120  # columns: longer lines of prose are hard to read, however wide the terminal is


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a line."""

    text: str
    bold: bool = False


Line: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Laid:
    """A table as lines: title, caption and grid; and the fine print, which may stand further below."""

    lines: list[Line]
    legend: list[Line]


def laid(table: Table, width: int = WIDE) -> Laid:
    """Returns a table as lines of at most `width` columns; only a name or a value that is longer alone is wider."""
    table = _visible(table)
    shown = _fitting(table, max(width, LEAST))
    above = [(Piece(table.title, bold=True),), *prose(" · ".join(table.caption), width), ()]
    if shown is None:
        return Laid(above + _blocks(table), prose(table.legend(table.headings), width))
    left = [heading.text for number, heading in enumerate(table.headings) if number not in shown]
    legend = table.legend([table.headings[number] for number in shown])
    if left:
        legend += f" Left out at {width} columns: {', '.join(left)}."
    return Laid(above + _grid(table, shown), prose(legend, width))


def prose(text: str, width: int) -> list[Line]:
    """Returns a text in lines of at most `width` columns, and no more than can be read."""
    wrapped = textwrap.wrap(
        one_line(text.strip()), min(width, _LONGEST_NOTE), break_long_words=False, break_on_hyphens=False
    )
    return [(Piece(line),) for line in wrapped]


def _visible(table: Table) -> Table:
    """The table with control characters shown: what others wrote is measured as it will be seen."""
    return Table(
        title=one_line(table.title),
        headings=[
            replace(h, text=one_line(h.text), needs=h.needs and one_line(h.needs), note=h.note and one_line(h.note))
            for h in table.headings
        ],
        rows=[[replace(cell, text=one_line(cell.text)) for cell in row] for row in table.rows],
        caption=[one_line(part) for part in table.caption],
        notes=[one_line(part) for part in table.notes],
    )


def _fitting(table: Table, width: int) -> list[int] | None:
    """The numbers of the columns that fit, in order; `None` if not even those of rank 0 do."""
    widths = [_width(table, number) for number in range(len(table.headings))]
    chosen: list[int] = []
    for number in sorted(range(len(table.headings)), key=lambda number: table.headings[number].rank):
        heading = table.headings[number]
        needed = heading.needs is None or heading.needs in {table.headings[other].text for other in chosen}
        total = sum(widths[other] for other in chosen) + widths[number] + _GAP * len(chosen)
        if needed and total <= width:
            chosen.append(number)
        elif heading.rank == 0:
            return None
    return sorted(chosen)


def _width(table: Table, number: int) -> int:
    cells = table.column(number)
    return max(_wide(line) for line in (*_head(table, number), *(_text(cell, cells) for cell in cells)))


def _grid(table: Table, shown: Sequence[int]) -> list[Line]:
    """The table itself: heads, a rule, rows; the first column to the left, the others to the right."""
    heads = [_head(table, number) for number in shown]
    widths = [_width(table, number) for number in shown]
    found: list[Line] = []
    deep = max(map(len, heads))
    for level in range(deep):
        found.append(_row([Cell(([""] * (deep - len(head)) + head)[level]) for head in heads], widths))
    found.append((Piece("─" * (sum(widths) + _GAP * (len(widths) - 1))),))
    columns = [table.column(number) for number in shown]
    for cells in zip(*columns, strict=True):
        texts = [Cell(_text(cell, column), cell.bold) for cell, column in zip(cells, columns, strict=True)]
        found.append(_row(texts, widths))
    return found


def _row(cells: Sequence[Cell], widths: Sequence[int]) -> Line:
    pieces: list[Piece] = []
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        room = " " * (width - _wide(cell.text))
        gap = " " * _GAP if number else ""
        text = Piece(cell.text, cell.bold)
        pieces += [Piece(gap + room), text] if number else [text, Piece(room)]
    while pieces and not pieces[-1].text.strip():
        pieces.pop()
    return (*pieces[:-1], replace(pieces[-1], text=pieces[-1].text.rstrip())) if pieces else ()


def _head(table: Table, number: int) -> list[str]:
    """The lines of a heading: a long name of a score is broken behind its full stops, to the width of the cells."""
    cells = table.column(number)
    room = max((_wide(_text(cell, cells)) for cell in cells), default=0)
    found = [""]
    for part in table.headings[number].text.replace(".", ".\0").split("\0"):
        if found[-1] and _wide(found[-1] + part) > room:
            found.append(part)
        else:
            found[-1] += part
    return found


def _text(cell: Cell, column: Sequence[Cell]) -> str:
    """A cell with its mark; in a column with marks every cell keeps room for one, so that the numbers stay in line."""
    room = max((len(other.mark) for other in column), default=0)
    return cell.text + cell.mark.ljust(room)


def _blocks(table: Table) -> list[Line]:
    """One block a system, for what no table can hold at this width."""
    heads = [heading.text for heading in table.headings[1:]]
    room = max(map(_wide, heads), default=0)
    found: list[Line] = []
    for row in table.rows:
        found.append((Piece(row[0].text, bold=True),))
        for head, cell in zip(heads, row[1:], strict=True):
            found.append((Piece(f"  {head}{' ' * (room - _wide(head))}  "), Piece(cell.text + cell.mark, cell.bold)))
        found.append(())
    return found[:-1]


def _wide(text: str) -> int:
    """The columns that a text takes: letters of East Asian scripts take two, accents none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
