"""Rows of cells as text: CSV in its variants, XLSX, Parquet, read and written.

>>> delimiter_of("id;Legend, long"), cells('a;"b;c"', ";")
(';', ['a', 'b;c'])
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from fewshot.errors import DataError, InputError, MissingExtraError
from fewshot.files import LONGEST_LINE, MOST_BYTES, most_bytes
from fewshot.origin import LARGEST, Origin
from fewshot.origin.columns import text_among, usual_among
from fewshot.text.visible import one_line, shortened

if TYPE_CHECKING:
    import _csv

LIBRARIES: Mapping[str, tuple[str, str]] = {".xlsx": ("openpyxl", "xlsx"), ".parquet": ("pyarrow", "parquet")}
"""What reads and writes files with these endings, and the extra that brings it."""
_DELIMITERS = (",", "\t", ";")
_MOST_RATIO = 100
"""Unpacked to packed bytes, as for gzip."""
_SMALL = 1 << 24
_PARQUET = b"PAR1"
_LONGEST_CELL = 32_767
"""Characters of a cell of XLSX (ECMA-376; Excel's own limit)."""


class Row(NamedTuple):
    """The cells of a row, and the line (of a spreadsheet: the row) on which it begins."""

    line: int
    cells: Sequence[str]


def rows(origin: Origin, sheet: str | None = None) -> Iterator[Row]:
    """All rows that are not blank, the header first.

    Raises:
        DataError: it cannot be read.
        InputError: no such sheet.
        MissingExtraError: what reads it is not installed.
    """
    raw = origin.head().raw
    if raw.startswith(b"PK\x03\x04"):
        found = _of_xlsx(origin, sheet)
    elif raw.startswith(_PARQUET):
        found = _of_parquet(origin)
    elif sheet is not None:
        raise InputError(f"{origin.name} has no sheets: it is CSV", hint="leave out --sheet")
    else:
        found = _of_csv(origin)
    return (row for row in found if any(cell.strip() for cell in row.cells))


def delimiter_of(line: str) -> str:
    """What parts the columns of a header: what gives the most columns with usual names, and one of texts."""

    def quality(delimiter: str) -> tuple[int, bool, int]:
        names = cells(line, delimiter)
        return usual_among(names), text_among(names) is not None and len(names) > 1, len(names)

    return max(_DELIMITERS, key=quality)


def cells(line: str, delimiter: str) -> list[str]:
    """The cells of one line; all of it where its quotes are not closed."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def separated(lines: Iterable[str], delimiter: str = ",") -> _csv.Reader:
    """A strict reader of CSV whose cells may be as long as a line may be."""
    csv.field_size_limit(min(most_bytes(LONGEST_LINE), 2**31 - 1))  # of the whole process, 131,072 when it starts
    return csv.reader(lines, delimiter=delimiter, strict=True)


def write(path: Path, suffix: str, names: Sequence[str], table: Iterable[Sequence[str | None]]) -> None:
    """Writes a header and rows as CSV, TSV, XLSX or Parquet.

    Raises:
        DataError: a text that a cell cannot hold.
        MissingExtraError: what writes it is not installed.
    """
    if suffix == ".xlsx":
        _write_xlsx(path, names, table)
    elif suffix == ".parquet":
        with path.open("wb") as file:
            write_parquet(file, names, table)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if suffix == ".tsv" else ",")  # RFC 4180: lines end in CRLF
            writer.writerow(names)
            writer.writerows(table)


def _of_csv(origin: Origin) -> Iterator[Row]:
    first = origin.head().lines[:1]
    # Closed here: the traceback of an error holds the frame below, and with it lines that nobody reads to their end.
    with closing(origin.lines()) as lines:
        yield from _parsed(separated(lines, delimiter_of(first[0] if first else "")), origin)


def _parsed(reader: _csv.Reader, origin: Origin) -> Iterator[Row]:
    started = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            hint = "quote cells that hold a quote or a line break, and double quotes in them"
            bad = DataError(f"not CSV: {error}", path=origin, line=reader.line_num, hint=hint)
        else:
            yield Row(started, row)
            started = reader.line_num + 1
            continue
        origin.refuse(bad)
        started = reader.line_num + 1


def _of_xlsx(origin: Origin, sheet: str | None) -> Iterator[Row]:
    openpyxl = _library(".xlsx")
    content = origin.content()
    _check_zip(content, origin)
    with _sound(origin, "XLSX"):
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        names = book.sheetnames
    if sheet is not None and sheet not in names:
        raise InputError(f"{origin.name} has no sheet {sheet!r} (it has {shortened(one_line(', '.join(names)), 200)})")
    chosen = book[sheet or names[0]]
    if len(names) > 1 and sheet is None:
        origin.say(f"{origin.name}: the sheet {names[0]} of {len(names)} is read (--sheet NAME reads another)")
    with _sound(origin, "XLSX"):
        chosen.reset_dimensions()
        for number, row in enumerate(chosen.iter_rows(values_only=True), 1):
            if any(cell is not None for cell in row):
                yield Row(number, [_as_text(cell) for cell in row])


def _of_parquet(origin: Origin) -> Iterator[Row]:
    pyarrow = _library(".parquet")
    # Group of rows by group of rows: memory grows with the largest of them, not with the file.
    with _seekable(origin) as content, _sound(origin, "Parquet"):
        size = content.seek(0, io.SEEK_END)
        content.seek(0)
        file = pyarrow.parquet.ParquetFile(content)
        most = most_bytes(max(_SMALL, _MOST_RATIO * size))
        groups = [file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)]
        if file.metadata.num_rows > most or sum(groups) > most or max(groups, default=0) > most_bytes(LARGEST):
            raise DataError("would unpack to too many bytes", path=origin, hint=f"{MOST_BYTES}=N allows more")
        names = file.schema_arrow.names
        yield Row(1, names)
        number = 1
        for batch in file.iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                number += 1
                yield Row(number, [_as_text(row[name]) for name in names])


def _seekable(origin: Origin) -> BinaryIO:
    """A file that can be read anywhere: itself, or all its bytes where it is packed once more or can be read once."""
    if not origin.is_read_once:
        file = origin.path.open("rb")
        if file.read(len(_PARQUET)) == _PARQUET:
            return file
        file.close()
    return io.BytesIO(origin.content())


def _as_text(cell: object) -> str:
    """A cell as it would stand in CSV: whole numbers without a point, dates as ISO 8601.

    >>> _as_text(12.0), _as_text(None), _as_text(datetime(2026, 11, 26)), _as_text(0.5)
    ('12', '', '2026-11-26', '0.5')
    """
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second):
        cell = cell.date()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _library(suffix: str) -> Any:
    """The library for an ending.

    Raises:
        MissingExtraError: it is not installed.
    """
    from importlib import import_module

    name, extra = LIBRARIES[suffix]
    try:
        if suffix == ".parquet":
            import_module("pyarrow.parquet")
        return import_module(name)
    except ImportError:
        raise MissingExtraError(f"{name}, which reads and writes {suffix},", extra=extra) from None


def _check_zip(content: bytes, origin: Origin) -> None:
    """Refuses what would unpack to far more than the file."""
    with _sound(origin, "XLSX"):
        unpacked = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(content)).infolist())
    most = most_bytes(min(LARGEST, max(_SMALL, _MOST_RATIO * len(content))))
    if unpacked > most:
        raise DataError(f"would unpack to {unpacked:,} bytes", path=origin, hint=f"{MOST_BYTES}=N allows more")


@contextmanager
def _sound(origin: Origin, what: str) -> Iterator[None]:
    """One line for whatever a library raises about a broken file."""
    try:
        yield
    except (DataError, GeneratorExit):
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:120]
        raise DataError(f"not sound {what} ({said})", path=origin, hint="save it again, or as CSV") from None


def _write_xlsx(path: Path, names: Sequence[str], table: Iterable[Sequence[str | None]]) -> None:
    openpyxl = _library(".xlsx")
    rows = list(table)
    for row in rows:  # before a book is begun: one that is given up complains when it is thrown away
        for name, cell in zip(names, row, strict=True):
            why = None if cell is None else _unwritable(openpyxl, cell)
            if why is not None:
                raise DataError(f"XLSX cannot hold this {name}: {why}", id=row[0], hint="write .csv or .jsonl")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("legends")
    sheet.append(list(names))
    for row in rows:
        sheet.append([_literal(openpyxl, sheet, cell) for cell in row])
    with path.open("wb") as file:
        book.save(file)


def _unwritable(openpyxl: Any, cell: str) -> str | None:
    """Why a cell of XLSX cannot hold a text; `None`: it can."""
    if len(cell) > _LONGEST_CELL:
        return f"it has more than {_LONGEST_CELL:,} characters"
    return "it holds a control character" if openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.search(cell) else None


def _literal(openpyxl: Any, sheet: Any, cell: str | None) -> Any:
    """A cell that is text even where it begins as a formula does."""
    if cell is None or not cell.startswith("="):
        return cell
    made = openpyxl.cell.WriteOnlyCell(sheet, value=cell)
    made.data_type = "s"
    return made


def write_parquet(file: BinaryIO, names: Sequence[str], table: Iterable[Sequence[str | None]]) -> None:
    """Writes columns of text as Parquet.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    pyarrow = _library(".parquet")
    columns: list[list[str | None]] = [[] for _ in names]
    for row in table:
        for column, cell in zip(columns, row, strict=True):
            column.append(cell)
    arrays = [pyarrow.array(column, type=pyarrow.string()) for column in columns]
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays(arrays, names=list(names)), file)
