"""What is annotated: the records of all sources one at a time, what cannot be used among them, cut into partitions.

    legends.jsonl ─┐                    ┌─ Example
    articles/ ─────┴─► data.stream ─────┤              ──► Partition 0, 1, 2, … of N entries each
                                        └─ Reject

A partition is the unit of everything else: it is answered, written, skipped and counted whole. It is made of entries,
good and bad ones, so that its borders depend on the input alone. Ids are remembered by digest (`origin.ids`, at most 24
bytes each); nothing else is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from fewshot import data
from fewshot.data import label
from fewshot.errors import DataError, InputError
from fewshot.origin import places, reading
from fewshot.origin.ids import Ids
from fewshot.origin.opening import is_read_once, opened
from fewshot.records import Example

LONGEST = 100_000
"""Characters of a text; a longer one is no legend (the longest real ones have 10,000), and would take minutes."""
_LINES = frozenset({".jsonl", ".ndjson", ".csv", ".tsv", ".txt"})
"""Endings of files in which a record is a line, as a rule: they can be counted without being read."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot be annotated: why, and where it is. `id`: `None` if it has none that can be read."""

    reason: str
    file: str | None = None
    line: int | None = None
    id: str | None = None

    def to_json(self) -> dict[str, object]:
        """A line of `rejects.jsonl`."""
        return {"reason": self.reason, "file": self.file, "line": self.line, "id": self.id}


Entry: TypeAlias = Example | Reject


@dataclass(frozen=True)
class Partition:
    """Some entries of the input, in its order. `number`: from 0."""

    number: int
    entries: tuple[Entry, ...]

    @property
    def examples(self) -> list[Example]:
        """The records that can be annotated."""
        return [entry for entry in self.entries if isinstance(entry, Example)]

    @cached_property
    def digest(self) -> str:
        """What the entries say, as 16 hexadecimal digits: a job that goes on skips only what is still the same."""
        found = blake2b(digest_size=8)
        for entry in self.entries:
            said = (entry.id, entry.group, entry.text) if isinstance(entry, Example) else (entry.id or "", entry.reason)
            found.update("\0".join(said).encode("utf-8", "surrogatepass") + b"\n")
        return found.hexdigest()


def entries(
    sources: Sequence[str], task: str, options: Mapping[str, str], *, said: list[str], longest: int = LONGEST
) -> Iterator[Entry]:
    """Every record of every source, in order, one at a time.

    Args:
        sources: What `--data` names.
        task: What they are read for.
        options: Options of their readers.
        said: Gets lines on what the readers decided.
        longest: Characters that a text may have.

    Raises:
        InputError: a source that no reader knows.
    """
    seen = Ids() if len(sources) > 1 else None
    number = 0
    for source in sources:
        for entry in _of_source(source, sources, task, options, said):
            number += 1
            if isinstance(entry, Example):
                if seen is not None and seen.first(entry.id, number) is not None:
                    yield Reject("duplicate id (of another source)", source, None, entry.id)
                    continue
                if len(entry.text) > longest:
                    reason = f"a text of {len(entry.text):,} characters (--longest {longest} allows fewer)"
                    yield Reject(reason, source, None, entry.id)
                    continue
            yield entry


def _of_source(
    source: str, sources: Sequence[str], task: str, options: Mapping[str, str], said: list[str]
) -> Iterator[Entry]:
    waiting: deque[Reject] = deque()
    fitting = dict(options) if len(sources) == 1 else data.options_for(source, options) | _format_of(options)
    prefix, name = places.prefix_of(Path(source), [Path(one) for one in sources]), label(source)
    try:
        for example in data.stream(
            source, task, options=fitting, said=said, refused=lambda e: waiting.append(_reject(e, source))
        ):
            while waiting:
                yield waiting.popleft()
            yield reading.placed(example, example.split, prefix, name) if prefix else example
    except DataError as error:
        yield from waiting
        waiting.clear()
        rest = " (what follows it in the file is not read)"
        yield Reject(error.reason + rest, _name(error, source), error.line, error.id)
    yield from waiting


def _format_of(options: Mapping[str, str]) -> dict[str, str]:
    return {data.FORMAT: options[data.FORMAT]} if data.FORMAT in options else {}


def _reject(error: DataError, source: str) -> Reject:
    return Reject(error.reason, _name(error, source), error.line, error.id)


def _name(error: DataError, source: str) -> str:
    return source if error.path is None else str(error.path)


def partitions(entries: Iterable[Entry], size: int) -> Iterator[Partition]:
    """Entries in numbered pieces of `size`; the last one may be smaller.

    >>> [len(part.entries) for part in partitions([Reject("a"), Reject("b"), Reject("c")], 2)]
    [2, 1]
    """
    rest, number = iter(entries), 0
    while piece := tuple(islice(rest, size)):
        yield Partition(number, piece)
        number += 1


def check(sources: Sequence[str]) -> None:
    """Refuses sources that are not there, that cannot be read again, or that stand there twice.

    Raises:
        InputError: names the first such one.
    """
    for source in sources:
        if is_read_once(source):
            name = "standard input (-)" if source == "-" else source
            raise InputError(f"{name} can be read once, and a job that goes on reads again", hint="save it to a file")
        if data.is_path(source):
            data.guess(source)
            if source != "demo" and not places.exists(source):
                raise InputError(f"{source}: no such file or folder")
        if sources.count(source) > 1:
            raise InputError(f"{source} is named twice")


def sizes(sources: Sequence[str]) -> list[dict[str, object]]:
    """The name and the bytes of each source (of a folder or pattern: of all files in it), for the job's record."""
    return [{"name": source, "bytes": _bytes(source)} for source in sources]


def _bytes(source: str) -> int | None:
    if not data.is_path(source) or source == "demo":
        return None
    path = Path(source)
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in places.files_of(source))


def estimated(sources: Sequence[str]) -> int | None:
    """How many records the sources hold, by their lines; `None`: not known before they are read."""
    total = 0
    for source in sources:
        path = Path(source)
        if not path.is_file() or Path(label(source)).suffix.lower() not in _LINES:
            return None
        total += _lines(source) - (Path(label(source)).suffix.lower() in (".csv", ".tsv"))
    return total


def _lines(source: str) -> int:
    count, last = 0, b"\n"
    try:
        with opened(source) as file:
            while chunk := file.read(_CHUNK):
                count, last = count + chunk.count(b"\n"), chunk[-1:]
    except (OSError, DataError):  # whoever reads it says so
        return count
    return count + (last != b"\n")
