"""JSONL: a line a span, every column of it."""

from __future__ import annotations

from pathlib import Path

from fewshot import files
from fewshot.errors import RunFolderError
from fewshot.report.inspection import Inspection
from fewshot.report.spans_table import rows

SUFFIX = ".jsonl"


def write(inspection: Inspection, path: Path) -> int:
    """Writes the spans of a run; returns the number of rows."""
    found = [row.to_json() for row in rows(inspection)]
    files.write(path, files.json_lines(found), error=RunFolderError)
    return len(found)
