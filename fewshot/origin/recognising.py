"""Which reader a source is for: by what it begins with, else by the ending of its name.

Readers are asked one by one (`Reader.recognises`). The one that is sure wins; if several are, or none, the first whose
ending the name bears and that did not refuse.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from fewshot.errors import DataError
from fewshot.origin import Origin, label, places
from fewshot.origin.head import Head
from fewshot.origin.opening import is_read_once
from fewshot.origin.protocol import Reader

Readers = Mapping[str, Reader]
"""Readers by name, in the order in which they are asked."""


def guessed(source: str, readers: Readers) -> str | None:
    """The reader for a path; `None`: none knows it.

    Raises:
        OSError, ValueError: it may not be looked at, and its name tells nothing.
    """
    try:
        if Path(source).is_dir() or places.is_glob(source):
            return _of_folder(source, readers)
        if is_read_once(source) or Path(source).is_file():
            return recognised(Origin(source).head(), readers)
    except (OSError, ValueError):  # the ending may do: a file to be written is looked at by its writer
        found = _by_ending(Head(label(source), b""), readers)
        if found is None:
            raise
        return found
    return _by_ending(Head(label(source), b""), readers)


def recognised(head: Head, readers: Readers) -> str | None:
    """The reader for a file that begins so; `None`: none knows it."""
    said = {name: one.recognises(head) for name, one in readers.items()}
    sure = [name for name, answer in said.items() if answer]
    if len(sure) == 1:
        return sure[0]
    maybe = sure or [name for name, answer in said.items() if answer is None]
    return _by_ending(head, readers, maybe) or (sure[0] if sure else None)


def _by_ending(head: Head, readers: Readers, among: Collection[str] | None = None) -> str | None:
    """The first reader that knows the ending. What comes from standard input ends as files of its kind do."""
    suffix = head.suffix or (head.usual_suffix if head.raw else "")
    fitting = (name for name, one in readers.items() if suffix in one.suffixes and (among is None or name in among))
    return next(fitting, None)


def _head(path: Path) -> Head:
    """What a file begins with; of one that is broken the name alone: whoever reads it says so."""
    try:
        return Origin(str(path)).head()
    except DataError:
        return Head(label(path), b"")


def _of_folder(source: str, readers: Readers) -> str | None:
    """A reader of folders that recognises a file of it; else the one for most of what lies there, in bytes, where the
    content of a file says more than its ending."""
    paths = places.first_files(source)
    heads = [_head(path) for path in paths]
    for name, one in readers.items():
        if one.reads_folders and any(one.recognises(head) for head in heads):
            return name
    sizes: dict[str, tuple[bool, int]] = {}
    for path, head in zip(paths, heads, strict=True):
        found = recognised(head, readers)
        if found is not None:
            sure, size = sizes.get(found, (False, 0))
            sizes[found] = sure or bool(readers[found].recognises(head)), size + path.stat().st_size
    return max(sizes, key=lambda name: sizes[name], default=None)
