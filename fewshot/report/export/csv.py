"""CSV: a row a span, for spreadsheets.

A cell that a spreadsheet would run as a formula (it begins with `=`, `+`, `-` or `@`) gets an apostrophe in front: the
words come from others. JSONL and Parquet hold the words as they are.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from fewshot import files
from fewshot.errors import RunFolderError
from fewshot.report.inspection import Inspection
from fewshot.report.spans_table import COLUMNS, rows

SUFFIX = ".csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(inspection: Inspection, path: Path) -> int:
    """Writes the spans of a run; returns the number of rows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in rows(inspection):
        writer.writerow([inert(value) for value in row.to_json().values()])
        count += 1
    files.write(path, text.getvalue(), error=RunFolderError)
    return count


def inert(value: Any) -> Any:
    """Returns a cell that no spreadsheet runs.

    >>> inert("=1+1"), inert("p53"), inert(-1), inert(None)
    ("'=1+1", 'p53', -1, '')
    """
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if value is None else value
