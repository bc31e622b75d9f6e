"""One writer per file: a second process is refused, with the pid of the first.

    lock = Lock(Path("runs/x/responses.jsonl"))         # runs/x/responses.jsonl.lock holds our pid until
    lock.release()

The kernel holds the lock (`flock`) and drops it when the process dies, however it dies: a stale lock is impossible.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from fewshot.errors import RunFolderError


class Lock:
    """A lock that is held from its creation until `release`.

    Raises:
        RunFolderError: Another process (or this one, a second time) holds it, or the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".lock")
        self._fd = self._take()
        os.ftruncate(self._fd, 0)
        os.write(self._fd, f"{os.getpid()}\n".encode())

    def _take(self) -> int:
        while True:
            try:
                fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError as error:
                raise RunFolderError(f"cannot write {self.path}: {error.strerror}") from None
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = os.pread(fd, 20, 0).decode("ascii", "replace").strip()
                os.close(fd)
                raise RunFolderError(
                    f"{self.path.parent} is in use by process {pid or 'unknown'}",
                    hint="wait for it, or stop it: what it has recorded is kept",
                ) from None
            if self._is_current(fd):
                return fd
            os.close(fd)  # its holder removed the file between our `open` and our `flock`: we locked a dead file

    def _is_current(self, fd: int) -> bool:
        """Returns whether the locked file is still the one at `path`."""
        try:
            return os.path.samestat(os.fstat(fd), self.path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Releases the lock. Removes the file first, while it is still locked: afterwards it may be another's."""
        with suppress(OSError):
            self.path.unlink()
        os.close(self._fd)
