"""The page: finished runs as one HTML file for a person who would rather look than read.

    write(document([compare(["runs/rules", "runs/gpt3"])]), Path("report.html"))

A `document` says what stands on the page, as plain records (`contents` makes it of comparisons); `rendering` makes HTML
of it. One file, opened from a disk without a network: docs/report.md says what it shows and what it may do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fewshot import files
from fewshot.errors import RunFolderError

if TYPE_CHECKING:
    from fewshot.report.page.document import Document

NAME = "report.html"


def write(document: Document, path: Path) -> None:
    """Writes a page.

    Raises:
        RunFolderError: the file cannot be written, or it is a link (a folder from someone else must not have us write
            into other files).
    """
    from fewshot.report.page import rendering  # here: jinja2

    if path.name == NAME and path.is_symlink():
        raise RunFolderError(f"cannot write {path}: it is a link, which is not followed", hint="choose another --out")
    files.write(path, rendering.html(document), error=RunFolderError)
