"""Standard output while a vocabulary is loaded: what is not Python prints past our own output.

with nothing_printed:
    AutoTokenizer.from_pretrained(folder)
"""

from __future__ import annotations

import os
import sys
from threading import Lock

_STDOUT = 1  # the file descriptor


class _Silence:
    """Keeps what is not Python from printing. tokenizers names the unknown options of a folder's tokens on standard
    output: past the one place for output, amid `--json`, and whatever escape sequences they hold. Standard output is
    the process's: of several threads the first redirects it, and the last one puts it back."""

    def __init__(self) -> None:
        self._lock, self._depth, self._kept = Lock(), 0, -1

    def __enter__(self) -> None:
        with self._lock:
            self._depth += 1
            if self._depth > 1:
                return
            if sys.stdout is not None:
                sys.stdout.flush()
            try:
                self._kept = os.dup(_STDOUT)
            except OSError:  # closed: nothing is printed anyway
                self._kept = -1
                return
            with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  (a device)
                os.dup2(nowhere.fileno(), _STDOUT)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0 and self._kept >= 0:
                os.dup2(self._kept, _STDOUT)
                os.close(self._kept)


nothing_printed = _Silence()
