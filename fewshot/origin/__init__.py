"""What a reader of data reads from: a file, packed by gzip or not, standard input, a folder, a name of its own.

    origin = Origin("legends.jsonl.gz")
    for line in origin.lines(): …          unpacked, decoded, each line within a bound
    origin.head().record                   what it begins with, to recognise its format by
    origin.say("text is the column caption")

>>> Origin("runs/legends.tsv.gz").label, Origin("-").label
('legends.tsv', 'stdin')
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fewshot.errors import DataError
from fewshot.files import MOST_BYTES, Refuse, decoded, most_bytes
from fewshot.origin.head import HEAD_BYTES, Head
from fewshot.origin.opening import STDIN, is_read_once, opened

LARGEST = 1 << 30
"""Bytes, 1 GiB, of a file that is read as a whole (a JSON array, XML, a spreadsheet); files of lines have no bound."""
PACKED = ".gz"


@dataclass(frozen=True)
class Origin(os.PathLike[str]):
    """A source as a reader is given it. `name`: as the user gives it; `said`: what readers have said so far; `refused`:
    is told of each record that cannot be used, and the next one is read (`refuse`)."""

    name: str
    said: list[str] = field(default_factory=list, compare=False)
    refused: Refuse | None = field(default=None, compare=False)

    def __fspath__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        """The file or folder."""
        return Path(self.name)

    @property
    def label(self) -> str:
        """The name of the file, which ids begin with: the same for a packed file and the file in it."""
        return label(self.name)

    @property
    def is_read_once(self) -> bool:
        """Whether what is read of it is gone: standard input, a pipe."""
        return is_read_once(self.name)

    def lines(self) -> Generator[str]:
        """The lines of a UTF-8 text with their ends; a byte order mark is dropped. The file is open until the last one
        is read or the generator is closed.

        Raises:
            DataError: a line that is not UTF-8 or too long; a broken gzip file.
            OSError: it cannot be read.
        """
        return _lines(self.name, self.refuse)

    def content(self) -> bytes:
        """All bytes, unpacked.

        Raises:
            DataError: more than `LARGEST` (or FEWSHOT_MOST_BYTES); a broken gzip file.
            OSError: it cannot be read.
        """
        most = most_bytes(LARGEST)
        with opened(self.name) as file:
            found = file.read(most + 1)
        if len(found) > most:
            raise DataError(f"more than {most:,} bytes", path=self.name, hint=f"{MOST_BYTES}=N allows more")
        return found

    def text(self, *, exact: bool = False) -> str:
        """All of a UTF-8 text, without a byte order mark. `exact`: with it, where offsets beside the text count it.

        Raises:
            DataError: it is not UTF-8; as `content`.
        """
        content = self.content()
        try:
            return content.decode("utf-8" if exact else "utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise DataError(
                f"not UTF-8 (byte 0x{content[error.start]:02x})",
                path=self.name,
                line=line,
                hint="save the file as UTF-8",
            ) from None

    def head(self) -> Head:
        """The first bytes, unpacked.

        Raises:
            DataError: a broken gzip file.
            OSError: it cannot be read.
        """
        return self._head

    @cached_property
    def _head(self) -> Head:
        with opened(self.name, peek=HEAD_BYTES) as file:
            raw = file.read(HEAD_BYTES)
        return Head(self.label, raw, whole=len(raw) < HEAD_BYTES)

    @property
    def goes_on(self) -> bool:
        """Whether what cannot be used is noted, and the rest is read."""
        return self.refused is not None

    def refuse(self, error: DataError) -> None:
        """Says that a record cannot be used. A reader that can read on behind it does.

        Raises:
            DataError: the error, unless somebody takes note of it (`goes_on`).
        """
        if self.refused is None:
            raise error from None
        self.refused(error)

    def say(self, line: str) -> None:
        """A line for the user: what was decided that a flag could have said."""
        if line not in self.said:
            self.said.append(line)


def lines(source: str | os.PathLike[str]) -> Iterator[str]:
    """The lines of a UTF-8 text file, as `Origin.lines`; a file name will do."""
    return _lines(os.fspath(source), Origin("").refuse)


def _lines(name: str, refuse: Refuse) -> Generator[str]:
    with opened(name) as file:
        yield from decoded(file, name, refuse)


def label(source: str | os.PathLike[str]) -> str:
    """`Origin.label`; a file name will do."""
    name = os.fspath(source)
    if name == STDIN:
        return "stdin"
    name = Path(name).name
    return name[: -len(PACKED)] if name.lower().endswith(PACKED) else name
