"""Bytes of a file or of standard input, unpacked if gzip packed them.

A packed file may be a bomb: what comes out is bounded by what went in. Standard input and pipes can be looked at
(`peek`) any number of times and read once.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
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
    """A binary file to read from. `peek`: only so many bytes will be read, and what can be read once keeps them.

    Raises:
        DataError: a broken or too well packed gzip file, here or while it is read.
        InputError: it can be read once, and was.
        OSError: it cannot be opened.
    """
    try:
        if is_read_once(name):
            yield _unpacked(_once(name, peek), name)
            if not peek:
                _close(name)
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


class _Stream:
    """What can be read once: its first bytes if they were looked at, and whether it was read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.seen = b""
        self.is_read = False


_streams: dict[str, _Stream] = {}


def is_read_once(name: str) -> bool:
    """Whether this is standard input, a pipe (`<(zcat …)`) or a device: what is read of it is gone."""
    if name == STDIN:
        return True
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116  (an empty name is no folder)
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _once(name: str, peek: int) -> io.BufferedReader:
    stream = _streams.get(name)
    if stream is None or (name == STDIN and stream.file is not sys.stdin.buffer):
        stream = _Stream(sys.stdin.buffer if name == STDIN else open(name, "rb"))  # noqa: SIM115, PTH123
        _streams[name] = stream
    if stream.is_read:
        what = "standard input (-)" if name == STDIN else name
        raise InputError(f"{what} can be read once", hint="save it to a file and name that")
    if peek:
        stream.seen += stream.file.read(max(0, peek - len(stream.seen)))
        return io.BufferedReader(_Rejoined(stream.seen, io.BytesIO()))
    stream.is_read = True
    return io.BufferedReader(_Rejoined(stream.seen, stream.file))


def _close(name: str) -> None:
    """Closes what was read; standard input is not ours to close."""
    if name != STDIN:
        _streams[name].file.close()
