"""HTML: every legend with its spans drawn in the text, on one page that needs no network.

For tables, filters and several systems see `fewshot open`.
"""

from __future__ import annotations

from pathlib import Path

from fewshot import files
from fewshot.errors import RunFolderError
from fewshot.report import html
from fewshot.report.inspection import Inspection

SUFFIX = ".html"
ROWS = False  # a legend each, not a span


def write(inspection: Inspection, path: Path) -> int:
    """Writes the legends of a run; returns their number."""
    text = html.rendered(
        "legends.html",
        model=inspection.run.model,
        task=inspection.run.task.name,
        legends=[html.legend(inspection, id_) for id_ in inspection.examples],
        scored=inspection.scored,
    )
    files.write(path, text, error=RunFolderError)
    return len(inspection.examples)
