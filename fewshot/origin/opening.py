"""Bytes of a file or of standard input, unpacked if gzip packed them.

A packed file may be a bomb: what comes out is bounded by what went in. Standard input can be looked at (`peek`) any
number of times and read once.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from fewshot.errors import DataError, InputError
from fewshot.files import MOST_BYTES, most_bytes

if TYPE_CHECKING:
    from typing_extensions import Buffer

STDIN = "-"
_GZIP = b"\x1f\x8b"
"""How a file that gzip wrote begins (RFC 1952)."""
_MOST_RATIO = 100
"""Unpacked to packed bytes: JSON has 10 to 40, a bomb up to 1,000."""
_SMALL = 1 << 24
"""Unpacked bytes, 16 MiB, below which the ratio does not matter."""
_HINT = "pack it again, or unpack it with gunzip"


@contextmanager
def opened(name: str, *, peek: int = 0) -> Iterator[BinaryIO]:
    """A binary file to read from. `peek`: only so many bytes will be read, and standard input keeps them.

    Raises:
        DataError: a broken or too well packed gzip file, here or while it is read.
        InputError: standard input was read before.
        OSError: it cannot be opened.
    """
    try:
        if name == STDIN:
            yield _unpacked(_stdin(peek), name)
            return
        with open(name, "rb") as file:  # noqa: PTH123  (an empty name is no folder)
            yield _unpacked(file, name)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        said = " ".join(str(error).split())[:120]
        raise DataError(f"not a sound gzip file ({said})", path=name, hint=_HINT) from None


def _unpacked(file: io.BufferedReader, name: str) -> BinaryIO:
    if not file.peek(len(_GZIP)).startswith(_GZIP):
        return file
    return cast("BinaryIO", io.BufferedReader(_Bounded(file, name)))


class _Bounded(io.RawIOBase):
    """What a gzip file holds, as long as it is not far more than the file."""

    def __init__(self, packed: io.BufferedReader, name: str) -> None:
        self._packed = _Counted(packed)
        self._file = gzip.GzipFile(fileobj=io.BufferedReader(self._packed), mode="rb")
        self._name = name
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        found = self._file.read(len(view))
        self._count += len(found)
        most = most_bytes(max(_SMALL, _MOST_RATIO * self._packed.count))
        if self._count > most:
            raise DataError(f"unpacks to more than {most:,} bytes", path=self._name, hint=f"{MOST_BYTES}=N allows more")
        view[: len(found)] = found
        return len(found)


class _Counted(io.RawIOBase):
    """Counts the bytes that are read of a file."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        found = self._file.readinto1(buffer)
        self.count += found
        return found


class _Rejoined(io.RawIOBase):
    """Bytes that were looked at, then the rest of the file."""

    def __init__(self, seen: bytes, rest: BinaryIO) -> None:
        self._seen = io.BytesIO(seen)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        found = self._seen.read(len(view)) or self._rest.read(len(view))
        view[: len(found)] = found
        return len(found)


class _Stdin:
    """Standard input of this process: its first bytes once they were looked at, and whether it was read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.seen = b""
        self.is_read = False


_current: _Stdin | None = None


def _stdin(peek: int) -> io.BufferedReader:
    global _current  # noqa: PLW0603  (a process has one standard input)
    file = sys.stdin.buffer
    if _current is None or _current.file is not file:
        _current = _Stdin(file)
    if _current.is_read:
        raise InputError("standard input (-) can be read once", hint="save it to a file and name that")
    if peek:
        _current.seen += file.read(max(0, peek - len(_current.seen)))
        return io.BufferedReader(_Rejoined(_current.seen, io.BytesIO()))
    _current.is_read = True
    return io.BufferedReader(_Rejoined(_current.seen, file))
