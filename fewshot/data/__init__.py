"""Where examples come from and go to: one file a format, named as `--from` and `--to` name it.

A reader names file, line and id of what it cannot read, raises `DataError`, and drops nothing in silence.
Which format a source has is seen from its name:

>>> guess("demo"), guess("hub:EMBO/SourceData:NER"), guess("legends.jsonl")
('jsonl', 'hub', 'jsonl')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Protocol, cast

from fewshot import discovery, tasks
from fewshot.errors import DataError, InputError
from fewshot.files import CORPUS, canonical, whole
from fewshot.files import lines as lines  # what a reader of lines needs, at hand beside `Reader`
from fewshot.records import Example, Kind
from fewshot.schema import example_to_json

DEMO = CORPUS / "demo.jsonl"
_LOOKED_AT = 1000
"""Files of a folder whose endings are looked at: enough to see what it holds, at once even on a slow disk."""
DEMO_CAPTION = "synthetic: shows the mechanics, is no evidence"


class Reader(Protocol):
    """What a file in this package provides under the name `READER`, if it can be read from. One that inherits from this
    class says what is left open here (`...`), and what of the rest is not so for it."""

    @property
    def suffixes(self) -> frozenset[str]:
        """Endings of the file names it reads, with the dot; the source's format is guessed by them."""
        return frozenset()

    @property
    def prefix(self) -> str:
        """What the name of a source that is not a path begins with, up to a colon (`hub:`); "": sources are paths."""
        return ""

    @property
    def configs(self) -> Mapping[Kind, str]:
        """What comes behind `PREFIX:OWNER/NAME` for a kind of value, where the study's command lines name a data set
        and a task only; empty: they do not mean this reader."""
        return {}

    def read(self, source: str, task: str | None) -> list[Example]:
        """All examples of a source, in its order. `task`: what they are read for (None: everything)."""
        ...

    def rows(self, source: str) -> Iterator[tuple[int, object]] | None:
        """The records as JSON (`fewshot.schema`) with their lines, unchecked, for an audit of what `read` refuses;
        `None`: the format cannot hold broken records."""
        return None


class Writer(Protocol):
    """What a file in this package provides under the name `WRITER`, if it can be written to; as `Reader`."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of value that it can hold, one of them in a file; empty: it holds all that is known."""
        return frozenset()

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes the examples, returns how many. `task`: which labels, where the format holds one sort."""
        ...


def names() -> tuple[str, ...]:
    """The data formats by name: our own, then those of plugins."""
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
        InputError: no reader knows the ending, or the path may not be looked at.
    """
    if source == "demo":
        return guess(DEMO.name)
    path = Path(source)
    endings, is_folder, fault = {path.suffix.lower()}, False, None
    try:
        is_folder = path.is_dir()
        if is_folder:
            endings = {file.suffix.lower() for file in islice(path.rglob("*.*"), _LOOKED_AT)}
    except (OSError, ValueError) as error:  # the ending may do: a file to be written is looked at by its writer
        fault = _unreadable(error, source)
    for name, reader in _readers():
        if (reader.prefix and source.startswith(reader.prefix)) or endings & reader.suffixes:
            return name
    if fault is not None:
        raise fault
    ending = path.suffix or "(none)"
    what = "no ending in this folder is" if is_folder else f"the ending {ending} is not"
    raise InputError(
        f"{source}: {what} one that a reader knows",
        hint=f"fewshot convert IN OUT.jsonl --from {{{','.join(readable())}}} reads it as what you say it is",
    )


def _unreadable(error: OSError | ValueError, path: str) -> InputError:
    """A path that may not be looked at, that is too long, or that no path can be (a NUL)."""
    name = getattr(error, "filename", None) or path
    return InputError(f"{name}: cannot be read ({getattr(error, 'strerror', None) or error})")


def is_path(source: str) -> bool:
    """Whether a source lies on this machine: not where a reader knows the beginning of its name.

    >>> is_path("legends.jsonl"), is_path("hub:EMBO/SourceData:NER")
    (True, False)
    """
    # A name without a colon is not worth looking at every plugin.
    return ":" not in source or not any(r.prefix and source.startswith(r.prefix) for _, r in _readers())


def with_config(source: str, kind: Kind) -> str | None:
    """The source that `OWNER/NAME` means on a command line of the study, which names data set and task; `None`: nothing
    is known for this kind of value.

    >>> with_config("EMBO/SourceData", "panels")
    'hub:EMBO/SourceData:PANELIZATION'
    """
    found = ((reader.prefix, reader.configs.get(kind)) for _, reader in _readers())
    return next((f"{prefix}{source}:{config}" for prefix, config in found if config), None)


def _readers() -> Iterator[tuple[str, Reader]]:
    """All readers, our own first. A format's endings stand in its own file, so that adding a format is adding one file.
    These imports are cheap: what is heavy is imported by the reader when it reads."""
    for name in discovery.usable(__name__):
        found = discovery.optional(__name__, name, "READER")
        if found is not None:
            yield name, cast("Reader", found)


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
    try:
        if not chosen.prefix and not Path(path).exists():
            raise InputError(f"{path}: no such file or folder")
        examples = chosen.read(path, task)
    except IsADirectoryError:
        raise InputError(f"{source or '.'} is a folder, and {name} is read from one file") from None
    except OSError as error:
        raise _unreadable(error, path) from error
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


def asked_of(writer: Writer, task: str | None) -> tasks.Task | None:
    """The task whose labels a writer writes; `None`: no task is named, or one that the writer cannot hold."""
    found = None if task is None else tasks.get(task)
    return found if found is not None and found.kind in writer.kinds else None


def readable() -> tuple[str, ...]:
    """The names of the data formats that can be read from."""
    return tuple(name for name, _ in _readers())


def writable() -> tuple[str, ...]:
    """The names of the data formats that can be written to."""
    return tuple(name for name in discovery.usable(__name__) if discovery.optional(__name__, name, "WRITER"))


def _half(name: str, attribute: str, verb: str) -> object:
    found = discovery.optional(__name__, name, attribute)
    if found is None:
        able = [n for n in discovery.usable(__name__) if discovery.optional(__name__, n, attribute)]
        raise InputError(f"{name} cannot be {verb}", hint=f"use {', '.join(able)}")
    return found


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
