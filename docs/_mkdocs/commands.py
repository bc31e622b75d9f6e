"""Writes the help of every command into the page that holds the line `<!-- commands -->`, when the site is built.

The page cannot fall behind the code: there is no second copy. mkdocs calls `on_page_markdown` (`hooks:` in mkdocs.yml).
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fewshot.discovery import own_names

PLACE = "<!-- commands -->"
_COLUMNS = "96"  # what a page of the site shows without a scroll bar


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Returns the text of a page, with the help of each command in the place that is kept for it."""
    return markdown.replace(PLACE, commands()) if PLACE in markdown else markdown


def commands() -> str:
    """Returns a section for each command: its name, and what `fewshot NAME --help` prints."""
    names = own_names("fewshot.cli")
    with ThreadPoolExecutor(max_workers=2) as pool:
        helps = pool.map(_help, names)
    return "\n".join(f"## {name}\n\n```text\n{text}\n```\n" for name, text in zip(names, helps, strict=True))


def _help(name: str) -> str:
    command = [sys.executable, "-m", "fewshot", name, "--help"]
    environment = {**os.environ, "COLUMNS": _COLUMNS}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.rstrip()
