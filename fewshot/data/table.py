"""Tables: CSV, TSV, semicolons, XLSX (`fewshot[xlsx]`), Parquet (`fewshot[parquet]`): a legend a row, under a header.

    DOI,Figure,Legend
    10.1000/x,1,(A) Western blot of p53.

The columns are found by their names (text, caption, legend; doi, pmid, article; figure, id; split) or named by flags.
Ids that repeat are joined with the article, and numbered where that is not enough; rows without one are numbered. Where
columns are named `entities`, `panels` and `hypothesis` they hold JSON as our records do, which is how gold is written.
All other columns are kept. CSV is RFC 4180; what parts its columns is seen from the header.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from fewshot.data import Head, Origin, Reader, Writer
from fewshot.errors import DataError, InputError, Where
from fewshot.origin import sheets
from fewshot.origin.columns import Asked, Columns, text_among
from fewshot.origin.ids import Ids
from fewshot.origin.options import option
from fewshot.origin.sheets import Row
from fewshot.records import Example
from fewshot.schema import example_from_json, example_to_json
from fewshot.text.visible import shortened

GOLD = ("panels", "inline_labels", "entities", "hypothesis")
_SUFFIXES = frozenset({".csv", ".tsv", *sheets.LIBRARIES})
_QUOTED = 80


@dataclass(frozen=True)
class TableReader(Reader):
    """A legend a row."""

    text_column: str | None = option("NAME", "the column (or key) of the texts [by its name]")
    id_column: str | None = option("NAME", "the column of the ids [by its name; else lines are numbered]")
    group_column: str | None = option("NAME", "the column of the articles [by its name: doi, pmid, article …]")
    split_column: str | None = option("NAME", "the column of the splits [by its name]")
    sheet: str | None = option("NAME", "of a spreadsheet [the first]")

    suffixes = _SUFFIXES

    def recognises(self, head: Head) -> bool | None:
        """By the columns of its header; spreadsheets by their first bytes and ending."""
        if head.suffix in sheets.LIBRARIES:
            return True
        if not head.lines or head.record is not None or head.root:
            return None
        delimiter = sheets.delimiter_of(head.lines[0])
        header = sheets.cells(head.lines[0], delimiter)
        if head.suffix in self.suffixes:
            return True if text_among(header) is not None else None
        columns = len(header) > 1 and text_among(header, exact=True) is not None
        return True if columns and (delimiter == "\t" or not head.suffix) else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every row that has a text.

        Raises:
            DataError: no column looks like text; a row has more cells than the header; a cell of gold is not JSON.
            InputError: a column that is named is not there.
            MissingExtraError: what reads spreadsheets is not installed.
        """
        rows = sheets.rows(source, self.sheet)
        head = next(rows, None)
        if head is None:
            return
        header = _header(head, source)
        asked = Asked(self.text_column, self.id_column, self.group_column, self.split_column)
        try:
            columns = Columns.of(header, asked)
        except InputError as error:
            raise DataError(error.message, path=source, line=head.line, hint=error.hint) from None
        if not columns.are_ours:
            source.say(f"{source.name}: {columns.in_words()}")
        records = _records(rows, header, columns, source)
        joins = False
        if columns.id and columns.group:
            if source.is_read_once:
                records = iter(kept := list(records))
                joins = _repeat(kept, columns.id)
            else:
                twice = replace(source, refused=lambda _: None) if source.goes_on else source  # it is told once
                again = _records(islice(sheets.rows(twice, self.sheet), 1, None), header, columns, twice)
                joins = _repeat(again, columns.id)
        if joins:
            source.say(f"{source.name}: ids repeat and are joined with {columns.group}")
        yield from _examples(records, source, columns, joins=joins)


@dataclass(frozen=True)
class TableWriter(Writer):
    """Writes id, group, split, text, and gold as JSON: CSV, or what the ending says."""

    suffix: str = ".csv"
    suffixes = _SUFFIXES

    def for_ending(self, suffix: str) -> TableWriter:
        """The writer of CSV, TSV, XLSX or Parquet."""
        return replace(self, suffix=suffix) if suffix in self.suffixes else self

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Every example with all that is known of it, for any `task`.

        Raises:
            DataError: a text that a cell cannot hold.
            MissingExtraError: what writes spreadsheets is not installed.
        """
        rows = [example_to_json(example) for example in examples]
        names = ["id", "group", *(("split",) if any("split" in row for row in rows) else ()), "text"]
        names += [name for name in GOLD if any(name in row for row in rows)]
        table = ([_cell(row.get(name)) for name in names] for row in rows)
        sheets.write(path, self.suffix, names, table)
        return len(rows)


READER = TableReader()
WRITER = TableWriter()


@dataclass(frozen=True, slots=True)
class _Record:
    """A row under the names of its columns."""

    line: int
    cells: Mapping[str, str]


def _header(row: Row, origin: Origin) -> list[str]:
    """The names of the columns; a column without a name gets its number."""
    names = [name.strip() or f"column {number}" for number, name in enumerate(row.cells, 1)]
    twice = next((name for name in names if names.count(name) > 1), None) if len(names) < 1000 else None
    if twice is not None:
        raise DataError(f"two columns are named {shortened(twice, _QUOTED)!r}", path=origin, line=row.line)
    return names


def _records(rows: Iterator[Row], header: Sequence[str], columns: Columns, origin: Origin) -> Iterator[_Record]:
    """Every row that has a text, under the names of the columns."""
    without = first = 0
    for row in rows:
        if len(row.cells) > len(header) and any(cell.strip() for cell in row.cells[len(header) :]):
            said = f"{len(row.cells)} cells where the header has {len(header)}"
            origin.refuse(DataError(said, path=origin, line=row.line, hint="quote cells that hold a delimiter"))
            continue
        cells = dict(zip(header, row.cells, strict=False))
        if cells.get(columns.text, "").strip():
            yield _Record(row.line, cells)
        elif any(cell.strip() for cell in row.cells):
            if origin.goes_on:
                origin.refuse(DataError("a row without a text", path=origin, line=row.line))
            without, first = without + 1, first or row.line
    if without and not origin.goes_on:
        rows_are = "1 row without a text is" if without == 1 else f"{without} rows without a text are"
        origin.say(f"{origin.name}: {rows_are} left out, the first is line {first}")


def _repeat(records: Iterable[_Record], name: str) -> bool:
    """Whether an id occurs twice."""
    seen = Ids()
    return any(seen.first(record.cells.get(name, "").strip(), 1) is not None for record in records)


def _examples(records: Iterator[_Record], origin: Origin, columns: Columns, *, joins: bool) -> Iterator[Example]:
    """The records as examples, each with an id of its own."""
    seen, counts = Ids(), dict[str, int]()
    for record in records:
        id_ = record.cells.get(columns.id or "", "").strip()
        group = record.cells.get(columns.group or "", "").strip()
        if joins and id_ and group:
            id_ = f"{group}/{id_}"
        id_ = id_ or f"{origin.label}:{record.line}"
        if seen.first(id_, record.line) is not None:
            counts[id_] = counts.get(id_, 1) + 1
            id_ = f"{id_}#{counts[id_]}"
        try:
            example = _example(record, columns, id_, origin)
        except DataError as error:
            origin.refuse(error)
            continue
        yield example
    if counts:
        origin.say(f"{origin.name}: {len(counts)} ids occur more than once and were numbered (#2, …)")


def _example(record: _Record, columns: Columns, id_: str, origin: Origin) -> Example:
    where = Where(origin, record.line, id_)
    named = {"id": columns.id, "group": columns.group, "text": columns.text, "split": columns.split}
    row: dict[str, Any] = {"id": id_, "text": record.cells[columns.text]}
    for key in ("group", "split"):
        cell = record.cells.get(named[key] or "", "").strip()
        if cell:
            row[key] = cell
    for name, cell in record.cells.items():
        if name in GOLD:
            row |= {name: _gold(cell, name, where)} if cell.strip() else {}
        elif name not in named.values() and name not in row and cell:
            row[name] = cell
    return example_from_json(row, where)


def _gold(cell: str, name: str, where: Where) -> object:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        where.fail(f"the cell under {name} is not JSON: {shortened(cell, _QUOTED)!r}", hint="rename the column")


def _cell(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
