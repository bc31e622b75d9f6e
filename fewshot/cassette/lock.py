"""One writer for a file: the second process is refused with the first one's pid.

    with Lock(Path("runs/x/responses.jsonl")): ...      # runs/x/responses.jsonl.lock holds our pid meanwhile

The kernel holds the lock (`flock`), so that of a process that died, however it died, blocks nobody.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from fewshot.errors import RunFolderError


class Lock:
    """Held from the moment it is made until `release`.

    Raises:
        RunFolderError: another process (or this one, twice) holds it; the folder cannot be written.
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
                    hint="wait for it, or stop it: nothing that it has recorded is lost",
                ) from None
            if self._is_current(fd):
                return fd
            os.close(fd)  # the one who held it removed the file between our open and our lock

    def _is_current(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), self.path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Lets the next one in. The file goes while it is still ours, so that nobody else's is removed."""
        with suppress(OSError):
            self.path.unlink()
        os.close(self._fd)
