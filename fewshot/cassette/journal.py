"""An append-only file of JSON lines, each of which begins with its key; only where each begins is in memory.

    {"key": "3f…", "id": "fig-1", …}        → offsets[bytes.fromhex("3f…")] = 0

A line is there whole or not at all: it is written with one `write`, what a crash leaves of a last one is cut
away, and what a full disk leaves is taken back. A million lines are opened in a second or two: the key is
read at its place, without parsing the line.
"""

from __future__ import annotations

import json
import os
import re
import threading
from binascii import unhexlify
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from fewshot.cassette.lock import Lock
from fewshot.errors import DataError, RunFolderError

PREFIX = b'{"key": "'
_KEY = slice(len(PREFIX), len(PREFIX) + 64)
_CHUNK = 1 << 16
SYNC_SECONDS = 0.2


class Journal:
    """The file of a cassette, as bytes. `offsets`: where the line of each key (32 bytes) begins.

    Raises:
        DataError: not there (read-only), or a line that is broken and not the last.
        RunFolderError: another process writes it, or it cannot be written.
    """

    def __init__(self, path: Path, *, readonly: bool, same: Callable[[Any, Any], bool]) -> None:
        self.path = path
        self.offsets: dict[bytes, int] = {}
        self._lock = None if readonly else Lock(path)
        self._fd = -1
        self._sync: _Sync | None = None
        try:
            self._fd = self._open(readonly)
            self._scan(self._repaired(), same)
        except BaseException:
            self.close()
            raise

    def _open(self, readonly: bool) -> int:
        try:
            return os.open(self.path, os.O_RDONLY if readonly else os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        except FileNotFoundError:
            raise DataError("there is no such file", path=self.path) from None
        except OSError as error:
            verb = "read" if readonly else "write"
            raise RunFolderError(f"cannot {verb} {self.path}: {error.strerror}") from None

    def _repaired(self) -> int:
        """How many bytes are whole lines. A torn last line is cut away where we may write."""
        size = os.fstat(self._fd).st_size
        if not size:  # a device has no size either, and may be read for ever
            return 0
        start, tail = size, b""
        while start and b"\n" not in tail[:-1]:
            start = max(0, start - _CHUNK)
            tail = os.pread(self._fd, size - start, start)
        last = tail[tail[:-1].rfind(b"\n") + 1 :]
        if not last.strip():
            return size
        if _loaded(last) is None:
            size -= len(last)
            if self._lock:
                os.ftruncate(self._fd, size)
        elif not last.endswith(b"\n") and self._lock:
            self._write(b"\n")
            size += 1
        return size

    def _scan(self, size: int, same: Callable[[Any, Any], bool]) -> None:
        offsets, offset = self.offsets, 0
        with open(self._fd, "rb", buffering=1 << 20, closefd=False) as file:
            file.seek(0)
            while offset < size and (line := file.readline()):
                name = _name(line)
                if name is None and line.strip():
                    name = self._slow_name(line, offset)
                if name is not None:
                    first = offsets.setdefault(name, offset)
                    if first != offset:
                        self._check_same(first, offset, same)
                offset += len(line)

    def _slow_name(self, line: bytes, offset: int) -> bytes:
        """The key of a line that somebody else's program wrote."""
        row = _loaded(line)
        if row is None:
            self.fail(offset, "this line is broken", hint="restore it, or delete it: it is asked for again")
        key = row.get("key")
        if not isinstance(key, str) or not re.fullmatch("[0-9a-f]{64}", key):
            self.fail(offset, "key must be 64 hexadecimal digits")
        return bytes.fromhex(key)

    def _check_same(self, first: int, second: int, same: Callable[[Any, Any], bool]) -> None:
        if self.raw(first) != self.raw(second) and not same(self.row(first), self.row(second)):
            self.fail(
                second,
                f"the same key as line {self.line_number(first)}, with another answer",
                hint="delete one of the two",
            )

    def raw(self, offset: int) -> bytes:
        """The line that begins at `offset`, without its end."""
        length = 4096
        while True:
            data = os.pread(self._fd, length, offset)
            end = data.find(b"\n")
            if end >= 0 or len(data) < length:
                return data[:end] if end >= 0 else data
            length *= 4

    def row(self, offset: int) -> dict[str, Any]:
        """The line that begins at `offset`, parsed.

        Raises:
            DataError: it is no JSON object.
        """
        row = _loaded(self.raw(offset))
        if row is None:
            self.fail(offset, "this line is broken", hint="restore it, or delete it: it is asked for again")
        return row

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """`(offset, row)` of every key, in the order of the file."""
        for offset in self.offsets.values():
            yield offset, self.row(offset)

    def append(self, name: bytes, line: bytes) -> None:
        """Writes one line (without its end) under a key. When this returns the line is the kernel's.

        Raises:
            RunFolderError: it could not be written; the file is as it was.
        """
        if not self._lock:
            raise RunFolderError(f"{self.path} is open for reading only")
        if self._sync is None:
            self._sync = _Sync(self._fd)
        elif self._sync.error:
            raise RunFolderError(f"cannot write {self.path}: {self._sync.error.strerror}")
        offset = self._write(line + b"\n")
        self.offsets.setdefault(name, offset)
        self._sync.wanted.set()

    def _write(self, data: bytes) -> int:
        offset = os.fstat(self._fd).st_size
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
        """The line, from 1, that begins at `offset`."""
        count, at = 1, 0
        while at < offset:
            data = os.pread(self._fd, min(1 << 20, offset - at), at)
            if not data:
                break
            count += data.count(b"\n")
            at += len(data)
        return count

    def fail(self, offset: int, message: str, *, hint: str | None = None) -> NoReturn:
        """Raises the `DataError` of the line that begins at `offset`."""
        raise DataError(message, path=self.path, line=self.line_number(offset), hint=hint)

    def close(self) -> None:
        """Everything on the disk, the file closed, the lock released. Twice is once."""
        if self._fd >= 0:
            if self._sync is not None:
                self._sync.finish()
            os.close(self._fd)
            self._fd = -1
        if self._lock:
            self._lock.release()
            self._lock = None


class _Sync:
    """`fsync` in a thread of its own, for all that was written within `SYNC_SECONDS`."""

    def __init__(self, fd: int) -> None:
        self.wanted = threading.Event()
        self.error: OSError | None = None
        self._fd = fd
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cassette-fsync", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self.wanted.wait() and not self._end.wait(SYNC_SECONDS):
            self.wanted.clear()
            if self._end.is_set():  # `finish` came between the two lines above, and what it set is cleared
                return
            self._now()

    def _now(self) -> None:
        try:
            os.fsync(self._fd)
        except OSError as error:
            self.error = error

    def finish(self) -> None:
        self._end.set()
        self.wanted.set()
        self._thread.join()
        self._now()


def _name(line: bytes) -> bytes | None:
    """The key of a line of ours, without parsing it; `None` where it may be another's."""
    if line.startswith(PREFIX) and line.endswith(b"}\n") and line[_KEY.stop : _KEY.stop + 1] == b'"':
        try:
            return unhexlify(line[_KEY])
        except ValueError:
            return None
    return None


def _loaded(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
