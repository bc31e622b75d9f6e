"""Where examples come from and go to: one file a format, named as `--from` and `--to` name it.

A reader names file, line and id of what it cannot read, raises `DataError`, and drops nothing in silence.
Which format a source has is seen from its name:

>>> guess("demo"), guess("hub:EMBO/SourceData:NER"), guess("legends.jsonl")
('jsonl', 'hub', 'jsonl')
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Protocol, cast

from fewshot import discovery
from fewshot.errors import DataError, InputError
from fewshot.files import CORPUS, canonical, whole
from fewshot.files import lines as lines  # what a reader of lines needs, at hand beside `Reader`
from fewshot.records import Example
from fewshot.schema import example_to_json

DEMO = CORPUS / "demo.jsonl"
DEMO_CAPTION = "synthetic: shows the mechanics, is no evidence"


class Reader(Protocol):
    """What a file in this package provides under the name `READER`, if it can be read from."""

    @property
    def suffixes(self) -> frozenset[str]:
        """Endings of the file names it reads, with the dot; the source's format is guessed by them."""
        ...

    def read(self, source: str, task: str | None) -> list[Example]:
        """All examples of a source, in its order. `task`: what they are read for (None: everything)."""
        ...


class Writer(Protocol):
    """What a file in this package provides under the name `WRITER`, if it can be written to."""

    @property
    def tasks(self) -> frozenset[str]:
        """The tasks whose labels it can hold, those of one in a file; empty: it holds all that is known."""
        ...

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes the examples, returns how many. `task`: which labels, where the format holds one sort."""
        ...


def names() -> tuple[str, ...]:
    """The data formats of this package, by name."""
    return discovery.names(__name__)


def reader(name: str) -> Reader:
    """The reader of that format (`InputError` where there is none)."""
    return cast("Reader", _half(name, "READER", "read from"))


def writer(name: str) -> Writer:
    """The writer of that format (`InputError` where there is none)."""
    return cast("Writer", _half(name, "WRITER", "written to"))


def guess(source: str) -> str:
    """The format of a source: by its prefix (`hub:`), its ending, or by what lies in the folder.

    Raises:
        InputError: no reader knows the ending.
    """
    if source == "demo":
        return "jsonl"
    if source.startswith("hub:"):
        return "hub"
    path = Path(source)
    endings = {path.suffix.lower()}
    if path.is_dir():
        endings = {file.suffix.lower() for file in islice(path.rglob("*.*"), 1000)}
    for name in names():
        # A format's endings stand in its own file, so that adding a format is adding one file. These
        # imports are cheap: what is heavy is imported by the reader when it reads.
        if endings & getattr(discovery.load(__name__, name, "READER"), "suffixes", frozenset()):
            return name
    ending = path.suffix or "(none)"
    what = "no ending in this folder is" if path.is_dir() else f"the ending {ending} is not"
    raise InputError(
        f"{source}: {what} one that a reader knows",
        hint=f"fewshot convert IN OUT.jsonl --from {{{','.join(names())}}} reads it as what you say it is",
    )


def read(source: str, task: str | None = None, *, format: str | None = None) -> list[Example]:
    """All examples of a source (`demo`, a path, `hub:REPO:CONFIG`), in its order.

    `task`: what they are read for, where a source holds several sorts of record; None: everything.
    `format`: the reader to take, where the name of the source does not tell.

    Raises:
        InputError: no such source, no reader for it.
        DataError: something in it cannot be read; no examples; an id twice; only some records have a split.
    """
    name = format or guess(source)
    chosen = reader(name)
    path = str(DEMO) if source == "demo" else source
    if name != "hub" and not Path(path).exists():
        raise InputError(f"{path}: no such file or folder")
    try:
        examples = chosen.read(path, task)
    except IsADirectoryError:
        raise InputError(f"{source or '.'} is a folder, and {name} is read from one file") from None
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be read ({error.strerror or error})") from error
    if not examples:
        raise DataError("holds no examples", path=path)
    _check_ids(examples, path)
    _check_splits(examples, path)
    return examples


def write(examples: Iterable[Example], path: Path, format: str, task: str | None = None) -> int:
    """Writes a file in that format and returns the number of examples. It appears whole or not at all; what is not a
    plain file (a link, a pipe, /dev/stdout) is written as it is.

    Raises:
        InputError: no such writer; the file cannot be written.
        DataError: the format cannot carry an example.
    """
    chosen = writer(format)
    try:
        with whole(path) as part:
            return chosen.write(examples, part, task)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
    except UnicodeEncodeError as error:
        raise DataError(
            f"{format} cannot carry half a surrogate pair (\\u{ord(error.object[error.start]):x})"
        ) from error


def digest(examples: Iterable[Example]) -> str:
    """SHA-256 (hex) of what the examples say, a line of canonical JSON (`files.canonical`) each: the same records, the
    same digest, whatever the file format.

    >>> digest([Example("a", "a", "(A) Blot.")])[:12]
    '16a2902839ef'
    """
    every = sha256()
    for example in examples:
        every.update(canonical(example_to_json(example)) + b"\n")
    return every.hexdigest()


def _half(name: str, attribute: str, verb: str) -> object:
    try:
        return discovery.load(__name__, name, attribute)
    except AttributeError:
        able = [n for n in names() if _provides(n, attribute)]
        raise InputError(f"{name} cannot be {verb}", hint=f"use {', '.join(able)}") from None


def _provides(name: str, attribute: str) -> bool:
    try:
        return discovery.load(__name__, name, attribute) is not None
    except AttributeError:
        return False


def _check_ids(examples: Sequence[Example], path: str) -> None:
    """A last look for every reader; those that know the lines have named them already."""
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise DataError("duplicate id", path=path, id=example.id)
        seen.add(example.id)


def _check_splits(examples: Sequence[Example], path: str) -> None:
    """No split at all is fine (all test, or all pool); a mixture hides a mistake."""
    without = [example for example in examples if example.split is None]
    if without and len(without) < len(examples):
        raise DataError(
            f"{len(without)} of {len(examples)} records have no split, the others have one",
            path=path,
            id=without[0].id,
            hint="give every record a split, or none",
        )
