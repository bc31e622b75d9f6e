"""A folder that appears whole or not at all, as files do (`fewshot.files.whole`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """The folder to write into, so that it appears whole or not at all, as `whole` for a file. An empty folder that is
    there is filled.

    Raises:
        OSError: the folder holds something, or cannot be made or moved to its place.
    """
    from shutil import rmtree

    part = path.with_name(f".{os.urandom(4).hex()}.part")
    part.mkdir()
    try:
        yield part
        if path.is_dir():
            path.rmdir()
        part.replace(path)
    finally:
        rmtree(part, ignore_errors=True)
