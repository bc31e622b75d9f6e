"""One writer per file: a second process is refused, with the pid of the first.

    lock = Lock(Path("runs/x/responses.jsonl"))         # runs/x/responses.jsonl.lock holds our pid until
    lock.release()

The kernel holds the lock (`flock`) and drops it when the process dies, however it dies: a stale lock is impossible.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path

from fewshot.errors import RunFolderError


class Lock:
    """A lock that is held from its creation until `release`.

    Raises:
        RunFolderError: Another process (or this one, a second time) holds it, the folder cannot be written, or the file
            of the lock is a link: a folder from someone else must not have us write into other files.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".lock")
        self._fd = self._take()
        os.ftruncate(self._fd, 0)
        os.write(self._fd, f"{os.getpid()}\n".encode())

    def _take(self) -> int:
        while True:
            try:
                fd = open_own(self.path, os.O_RDWR | os.O_CREAT)
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

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Releases the lock. Removes the file first, while it is still locked: afterwards it may be another's."""
        with suppress(OSError):
            self.path.unlink()
        os.close(self._fd)


def open_own(path: Path, flags: int) -> int:
    """Opens a file of a run folder and returns its descriptor. The folder may be someone else's: a link, or a file that
    has a second name elsewhere, is not opened.

    Raises:
        OSError: It cannot be opened, is a link, or is not a plain file.
    """
    try:
        # O_NONBLOCK: a named pipe would make `open` wait for its other end.
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):  # EMLINK: FreeBSD
            raise OSError(error.errno, "it is a link, which is not followed", str(path)) from None
        raise
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(fd)
        reason = "it has a second name (a hard link)" if stat.S_ISREG(status.st_mode) else "it is not a plain file"
        raise OSError(errno.EINVAL, reason, str(path))
    return fd
