"""What is written reaches the disk soon, beside the work: one `fsync` for many lines.

sync = Sync(fd)
sync.wanted.set()       # a line was written; `fsync` follows within `SYNC_SECONDS`
"""

from __future__ import annotations

import os
import threading

SYNC_SECONDS = 0.2
"""The longest that a written line may wait for `fsync`. It survives a crash of our process from the start; only a
crash of the machine loses the answers of the last 0.2 s. A judgement: one `fsync` per answer would leave the pace of
a run to the disk."""


class Sync:
    """Calls `fsync` in a thread of its own, once for everything written within `SYNC_SECONDS`."""

    def __init__(self, fd: int) -> None:
        self.wanted = threading.Event()
        self.error: OSError | None = None
        self._fd = fd
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cassette-fsync", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self.wanted.wait() and not self._end.wait(SYNC_SECONDS):
            self.wanted.clear()  # before the sync: a line written during it sets the flag again
            if self._end.is_set():
                # `finish` ran between the two lines above, and `clear` undid its `wanted.set()`: without this the
                # next `wait` would never end.
                return
            self._now()

    def _now(self) -> None:
        try:
            os.fsync(self._fd)
        except OSError as error:
            self.error = error

    def finish(self) -> None:
        """Ends the thread and syncs what is left. An error is in `error`."""
        self._end.set()
        self.wanted.set()
        self._thread.join()
        self._now()
