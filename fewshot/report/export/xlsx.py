"""XLSX: two sheets, the spans and the legends, each with a filter. Needs openpyxl.

Every text is written as text: a name that begins with `=` is no formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fewshot.errors import InputError, MissingExtraError
from fewshot.files import whole
from fewshot.report.inspection import Inspection
from fewshot.report.spans_table import COLUMNS, rows

SUFFIX = ".xlsx"
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot hold."""

_LONGEST = 32_767  # characters of a cell: the limit of the format


def write(inspection: Inspection, path: Path) -> int:
    """Writes the spans and the legends of a run; returns the number of spans."""
    if find_spec("openpyxl") is None:
        raise MissingExtraError("openpyxl, which XLSX needs,", extra="xlsx")
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    count = _sheet(book, "spans", COLUMNS, (list(row.to_json().values()) for row in rows(inspection)))
    _sheet(book, "legends", ("id", "group", "faults", "problems", "text"), _legends(inspection))
    try:
        with whole(path) as part, part.open("wb") as file:
            book.save(file)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None
    return count


def _legends(inspection: Inspection) -> Iterable[list[Any]]:
    for id_, example in inspection.examples.items():
        answered, prediction = inspection.answered(id_), inspection.predictions.get(id_)
        faults = None if answered is None else sum(fault.scored for fault in answered.faults)
        problems = "" if prediction is None else ", ".join(prediction.problems)
        yield [id_, example.group, faults, problems, example.text]


def _sheet(book: Any, title: str, columns: Sequence[str], found: Iterable[list[Any]]) -> int:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append(list(columns))
    count = 0
    for values in found:
        sheet.append([_cell(sheet, value) for value in values])
        count += 1
    sheet.auto_filter.ref = f"A1:{chr(ord('A') + len(columns) - 1)}{count + 1}"
    return count


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=_UNWRITABLE.sub("\ufffd", value)[:_LONGEST])
    cell.data_type = "s"  # else a text that begins with "=" becomes a formula
    return cell
