"""An append-only file of JSON lines that begin with their key; only the offsets of the lines are kept in memory.

    {"part": "5d…", …}                      → parts["5d…"] = 0
    {"key": "3f…", "id": "fig-1", …}        → offsets[bytes.fromhex("3f…")] = 47

A line is written whole or not at all: with one `write`; the rest of a torn last line (a crash), which has no line end,
is cut off when the file is opened, and a partial line on a full disk is removed at once. A million lines open in 1.1 s
on an idle core (docs/benchmarks.md), because the key is read at its fixed position without parsing the line.
"""

from __future__ import annotations

import json
import os
import re
from binascii import unhexlify
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from fewshot.cassette.lock import Lock, open_own
from fewshot.cassette.syncing import Sync
from fewshot.errors import DataError, RunFolderError

PREFIX = b'{"key": "'
"""How each line of ours begins; it puts the key at a fixed position."""

PART = b'{"part": "'
"""How a line begins that holds what several requests share (`sharing`)."""

_KEY = slice(len(PREFIX), len(PREFIX) + 64)  # SHA-256 in hexadecimal digits
_KIB = 1024
_TAIL_CHUNK = 64 * _KIB
"""Bytes read at a time, backwards, to find the last line: more than most lines are long."""

_LINE_GUESS = 4 * _KIB
"""Bytes read first to get one line: a request of 2 kB and its answer. Four times as many if the line is longer."""

_SCAN_BUFFER = 1024 * _KIB
"""Bytes read at a time when the whole file is read in order."""


class Journal:
    """The file of a cassette, as bytes.

    Args:
        path: The file; created if it does not exist, unless `readonly`.
        readonly: Opens without a lock and changes nothing.
        is_same: Whether two rows with the same key hold the same answer (then both may stay).

    Attributes:
        offsets: Where the line of each key (32 bytes) begins.
        parts: Where the line of each part begins.
        torn: Bytes of a torn last line, which were cut off (ignored if `readonly`).

    Raises:
        DataError: The file does not exist (`readonly`) or is not a cassette, a whole line is damaged, or two lines
            with the same key differ.
        RunFolderError: Another process has it open for writing, it is a link, or it cannot be written.
    """

    def __init__(self, path: Path, *, readonly: bool, is_same: Callable[[Any, Any], bool]) -> None:
        self.path = path
        self.offsets: dict[bytes, int] = {}
        self.parts: dict[str, int] = {}
        self.torn = 0
        self._lock = None if readonly else Lock(path)
        self._fd = -1
        self._sync: Sync | None = None
        try:
            self._fd = self._open(readonly)
            start, last = self._last_line()
            self._scan(start + len(last), is_same)
            self._repair(start, last)
        except BaseException:
            self.close()
            raise

    def _open(self, readonly: bool) -> int:
        try:
            if readonly:  # a link may stay a link: git-annex and DVC keep large files elsewhere
                return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            return open_own(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        except FileNotFoundError:
            raise DataError("no such file", path=self.path) from None
        except OSError as error:
            verb = "read" if readonly else "write"
            raise RunFolderError(f"cannot {verb} {self.path}: {error.strerror}") from None

    def _last_line(self) -> tuple[int, bytes]:
        """The last line and its offset; an empty one, at the end of the whole lines, if it is torn (`torn` says so).

        Only a line without its end can be torn, since a line is written from its beginning: one with an end that is
        damaged is an error, like every other line.
        """
        start = size = os.fstat(self._fd).st_size
        tail = b""
        # Read backwards until a line break other than the last byte: what follows it is the last line.
        while start and b"\n" not in tail[:-1]:
            start = max(0, start - _TAIL_CHUNK)
            tail = os.pread(self._fd, size - start, start)
        last = tail[tail[:-1].rfind(b"\n") + 1 :]
        offset = size - len(last)
        if not last.strip() or _parse(last) is not None:
            return offset, last
        if last.endswith(b"\n"):
            self._fail_damaged(offset)
        if not offset and not _may_begin_a_cassette(last):
            raise DataError("is not a file of recorded answers", path=self.path, hint="choose another --out")
        self.torn = len(last)
        return offset, b""

    def _repair(self, start: int, last: bytes) -> None:
        """Cuts a torn last line off, if we may write, and ends one that only lacks its line break: the next line would
        be joined to it. Called after `_scan`, which refuses what is not a cassette: nothing else is ever cut."""
        if not self._lock:
            return
        if self.torn:
            os.ftruncate(self._fd, start)
        elif last.strip() and not last.endswith(b"\n"):
            self._write(b"\n")

    def _scan(self, size: int, is_same: Callable[[Any, Any], bool]) -> None:
        """Fills `offsets` from the first `size` bytes."""
        offsets, offset = self.offsets, 0
        with open(self._fd, "rb", buffering=_SCAN_BUFFER, closefd=False) as file:
            file.seek(0)
            while offset < size and (line := file.readline()):  # `size`: without the torn rest, also if readonly
                key = _key_at_start(line)
                if key is None and line.strip():
                    key = self._parsed_key(line, offset)
                if key is not None:
                    first = offsets.setdefault(key, offset)
                    if first != offset:
                        self._check_same(first, offset, is_same)
                offset += len(line)

    def _parsed_key(self, line: bytes, offset: int) -> bytes | None:
        """Returns the key of a line that another program wrote (other spacing, another order of keys); of a part, whose
        place it notes, `None`."""
        row = _parse(line)
        if row is None:
            self._fail_damaged(offset)
        if isinstance(row.get("part"), str) and "key" not in row:
            self.parts.setdefault(row["part"], offset)
            return None
        key = row.get("key")
        if not isinstance(key, str) or not re.fullmatch("[0-9a-f]{64}", key):
            self.fail(offset, "key must be 64 hexadecimal digits")
        return bytes.fromhex(key)

    def _check_same(self, first: int, second: int, is_same: Callable[[Any, Any], bool]) -> None:
        if self.raw(first) != self.raw(second) and not is_same(self.row(first), self.row(second)):
            self.fail(
                second,
                f"the same key as line {self.line_number(first)}, with another answer",
                hint="delete one of the two",
            )

    def raw(self, offset: int) -> bytes:
        """Returns the line that begins at `offset`, without its line break."""
        length = _LINE_GUESS
        while True:
            data = os.pread(self._fd, length, offset)
            end = data.find(b"\n")
            if end >= 0 or len(data) < length:
                return data[:end] if end >= 0 else data
            length *= 4

    def row(self, offset: int) -> dict[str, Any]:
        """Returns the line that begins at `offset`, parsed.

        Raises:
            DataError: It is not a JSON object.
        """
        row = _parse(self.raw(offset))
        if row is None:
            self._fail_damaged(offset)
        return row

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yields `(offset, row)` for every key, in the order of the file."""
        for offset in self.offsets.values():
            yield offset, self.row(offset)

    def append(self, key: bytes, line: bytes, parts: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """Writes one line (given without its line break), and before it the parts that it refers to, by name, if they
        are not there yet: all or nothing. On return the kernel has it: our own crash cannot lose it.

        Raises:
            RunFolderError: It cannot be written; the file is unchanged.
        """
        if not self._lock:
            raise RunFolderError(f"{self.path} is open for reading only")
        if self._sync is None:  # with the first line: a replay needs no thread
            self._sync = Sync(self._fd)
        elif self._sync.error:  # the disk refused earlier lines, which the kernel had accepted
            raise RunFolderError(f"cannot write {self.path}: {self._sync.error.strerror}")
        fresh = {name: text for name, text in parts.items() if name not in self.parts}
        before = b"".join(text + b"\n" for text in fresh.values())
        offset = self._write(before + line + b"\n")
        for name, text in fresh.items():
            self.parts[name] = offset
            offset += len(text) + 1
        self.offsets.setdefault(key, offset)
        self._sync.wanted.set()

    def _write(self, data: bytes) -> int:
        """Writes `data` at the end of the file, whole or not at all; returns its offset."""
        offset = os.fstat(self._fd).st_size  # where O_APPEND will write; the lock keeps other writers out
        rest = data
        try:
            while rest:  # once, unless the disk is full: then the second `write` says why
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._fd, offset)
            raise RunFolderError(
                f"cannot write {self.path}: {error.strerror}",
                hint="everything up to here is recorded; the same command continues",
            ) from None
        return offset

    def line_number(self, offset: int) -> int:
        """Returns the number, from 1, of the line that begins at `offset`."""
        number, position = 1, 0
        while position < offset:
            data = os.pread(self._fd, min(_SCAN_BUFFER, offset - position), position)
            if not data:
                break
            number += data.count(b"\n")
            position += len(data)
        return number

    def fail(self, offset: int, message: str, *, hint: str | None = None) -> NoReturn:
        """Raises a `DataError` about the line that begins at `offset`."""
        raise DataError(message, path=self.path, line=self.line_number(offset), hint=hint)

    def _fail_damaged(self, offset: int) -> NoReturn:
        self.fail(offset, "this line is not a JSON object", hint="restore the line, or delete it to ask again")

    def close(self) -> None:
        """Syncs and closes the file and releases the lock. May be called twice."""
        if self._fd >= 0:
            if self._sync is not None:
                self._sync.finish()
            os.close(self._fd)
            self._fd = -1
        if self._lock:
            self._lock.release()
            self._lock = None


def _key_at_start(line: bytes) -> bytes | None:
    """Returns the key of a line that we wrote, without parsing it; `None` if another program may have written it."""
    if line.startswith(PREFIX) and line.endswith(b"}\n") and line[_KEY.stop : _KEY.stop + 1] == b'"':
        try:
            return unhexlify(line[_KEY])
        except ValueError:
            return None
    return None


def _may_begin_a_cassette(line: bytes) -> bool:
    """Whether a line without an end may be the beginning of a line of ours. NUL bytes: a file system that lost power
    may leave the room of a line without its content."""
    begin = line[: len(PREFIX)]
    return PREFIX.startswith(begin) or PART.startswith(line[: len(PART)]) or not line.strip(b"\0")


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
