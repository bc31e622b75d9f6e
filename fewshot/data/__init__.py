"""Where examples come from and go to: one file a format, named as `--from` and `--to` name it.

A reader names file, line and id of what it cannot read, raises `DataError`, and drops nothing in silence.
Which format a source has is seen from its content, else from its name:

>>> guess("demo"), guess("hub:EMBO/SourceData:NER"), guess("legends.jsonl")
('jsonl', 'hub', 'jsonl')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import cast

from fewshot import discovery, tasks
from fewshot.errors import DataError, InputError
from fewshot.files import CORPUS, Refuse, canonical, whole
from fewshot.origin import Origin as Origin
from fewshot.origin import label as label
from fewshot.origin import lines as lines  # what a reader needs, at hand beside `Reader`
from fewshot.origin import places, reading, recognising
from fewshot.origin.head import Head as Head
from fewshot.origin.options import Option, check_options, declared, with_options
from fewshot.origin.protocol import Reader as Reader
from fewshot.origin.protocol import Writer as Writer
from fewshot.origin.writing import whole_folder
from fewshot.records import Example, Kind, Span
from fewshot.schema import example_to_json

DEMO = CORPUS / "demo.jsonl"
DEMO_CAPTION = "synthetic: shows the mechanics, is no evidence"
FORMAT = "from"
"""Among the options of reading: the reader to take."""


def names() -> tuple[str, ...]:
    """The data formats by name: our own, then those of plugins."""
    return discovery.names(__name__)


def reader(name: str) -> Reader:
    """The reader of that format (`InputError` where there is none)."""
    return cast("Reader", _half(name, "READER", "read from"))


def writer(name: str) -> Writer:
    """The writer of that format (`InputError` where there is none)."""
    return cast("Writer", _half(name, "WRITER", "written to"))


def options() -> dict[str, Option]:
    """The options of all readers by name: flags of every command that reads data."""
    found: dict[str, Option] = {}
    for _, one in _readers():
        for option in declared(one):
            found.setdefault(option.name, option)
    return found


def rows(source: str, options: Mapping[str, str]) -> Iterator[tuple[int, object]] | None:
    """The records of a file as JSON with their lines, unchecked (`Reader.rows`); `None`: its format has none such."""
    values = dict(options)
    name = values.pop(FORMAT, None) or guess(source)
    if not Path(source).is_file():
        return None
    return with_options(reader(name), values).rows(Origin(source))


def options_for(source: str, values: Mapping[str, str]) -> dict[str, str]:
    """Those of some options that fit a source beside the one that they were given for."""
    if not values or source == "demo":
        return {}
    try:
        known = {option.name for option in declared(reader(guess(source)))}
    except InputError:
        return dict(values)
    return {name: value for name, value in values.items() if name in known}


def guess(source: str) -> str:
    """The format of a source: by its prefix (`hub:`), by what it begins with, by its ending, or by what lies in the
    folder.

    Raises:
        InputError: no reader knows it, or the path may not be looked at.
    """
    if source == "demo":
        return guess(DEMO.name)
    for name, one in _readers():
        if one.prefix and source.startswith(one.prefix):
            return name
    try:
        found = recognising.guessed(source, dict(_readers()))
    except (OSError, ValueError) as error:
        raise _unreadable(error, source) from None
    if found is not None:
        return found
    ending = Path(label(source)).suffix or "(none)"
    is_folder = Path(source).is_dir() or places.is_glob(source)
    what = "nothing in this folder is" if is_folder else f"the ending {ending} is not"
    raise InputError(
        f"{source}: {what} one that a reader knows",
        hint=f"--from {{{','.join(readable())}}} reads it as what you say it is",
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


def read(
    source: str,
    task: str | None = None,
    *,
    format: str | None = None,
    options: Mapping[str, str] | None = None,
    said: list[str] | None = None,
) -> list[Example]:
    """All examples of a source, as `stream`.

    Raises:
        InputError, DataError: as `stream`.
    """
    return list(stream(source, task, format=format, options=options, said=said))


def stream(
    source: str,
    task: str | None = None,
    *,
    format: str | None = None,
    options: Mapping[str, str] | None = None,
    said: list[str] | None = None,
    refused: Refuse | None = None,
) -> Iterator[Example]:
    """The examples of a source, in its order, one at a time where its format can: `demo`, a path (packed by gzip or
    not), a folder, a pattern, `-` for standard input, `hub:REPO:CONFIG`.

    Args:
        source: Where they are.
        task: What they are read for, where a source holds several sorts of record; None: everything.
        format: The reader to take, where neither content nor name tell.
        options: Options of the reader by name (`options`), and `from`, which `format` stands before.
        said: Gets lines on what the reader decided; complete once everything is read.
        refused: Gets each record that cannot be used, as an error, before the next one is yielded; without it the first
            one is raised. Formats whose records do not stand on lines of their own raise it all the same.

    Raises:
        InputError: no such source, no reader for it; an option that no reader has.
        DataError: something in it cannot be read; no examples; an id twice; only some records have a split.
    """
    values = dict(options or {})
    named = values.pop(FORMAT, None)
    path = str(DEMO) if source == "demo" else source
    origin = Origin(path, [] if said is None else said, refused)
    try:
        name = format or named or guess(source)
        chosen = reader(name)
        if not chosen.prefix and not places.exists(path):
            raise InputError(f"{path}: no such file or folder")
        check_options(name, values, source, dict(_readers()))
        chosen = with_options(chosen, values)
        several = not chosen.prefix and (places.is_glob(path) or (Path(path).is_dir() and not chosen.reads_folders))
        everything = format or named
        examples: Iterable[Example]
        if several:
            examples = reading.of_files(chosen, origin, task, lambda file: bool(everything) or _is_for(file, name))
        else:
            examples = chosen.read(origin, task)
        yield from reading.checked(examples, origin, by_id=several or not chosen.numbers_ids)
    except IsADirectoryError:
        raise InputError(f"{source or '.'} is a folder, and {name} is read from one file") from None
    except OSError as error:
        raise _unreadable(error, path) from error


def _is_for(file: Path, name: str) -> bool:
    """Whether a file is one that this reader would be taken for."""
    return recognising.recognised(Origin(str(file)).head(), dict(_readers())) == name


def write(examples: Iterable[Example], path: Path, format: str, task: str | None = None) -> int:
    """Writes a file (or folder) in that format and returns the number of examples. It appears whole or not at all;
    what is not a plain file (a link, a pipe, /dev/stdout) is written as it is.

    Raises:
        InputError: no such writer; the file cannot be written.
        DataError: the format cannot carry an example.
    """
    chosen = writer(format).for_ending(path.suffix.lower())
    try:
        with (whole_folder if chosen.writes_folder else whole)(path) as part:
            return chosen.write(examples, part, task)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
    except UnicodeEncodeError as error:
        raise DataError(
            f"{format} cannot carry half a surrogate pair (\\u{ord(error.object[error.start]):x})"
        ) from error


def writer_for(path: Path) -> str:
    """The format that is written to a file with that ending.

    Raises:
        InputError: none is.
    """
    suffix = path.suffix.lower()
    for name in writable():
        known = writer(name).suffixes or getattr(discovery.optional(__name__, name, "READER"), "suffixes", frozenset())
        if suffix in known:
            return name
    for name, one in _readers():
        if suffix in one.suffixes:
            writer(name)  # raises: it is only read
    reason = f"no format ends in {path.suffix}" if path.suffix else "no ending"
    raise InputError(f"{path}: {reason}", hint="name a format with --to F")


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


def spans_to_write(writer: Writer, example: Example, task: str | None) -> tuple[Span, ...] | None:
    """The entities of an example, or what it has for a task that the writer can hold; `None`: it is not labelled."""
    asked = asked_of(writer, task)
    gold = example.entities if asked is None else asked.gold(example)
    return None if gold is None else tasks.spans_of(gold)


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
