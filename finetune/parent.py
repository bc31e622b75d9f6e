"""A training that another process began ends with it, however that one ends.

    FEWSHOT_PARENT=4711 python -m finetune …     ends within a second after process 4711 is gone

`fewshot sweep` sets the variable. A process that is killed cannot stop its children; they become those of another one,
which is what is looked for (`getppid`).
"""

from __future__ import annotations

import os
import signal
from threading import Thread
from time import sleep

VARIABLE = "FEWSHOT_PARENT"
_EVERY = 0.5  # seconds


def watch() -> None:
    """Begins to watch, if a parent is named."""
    named = os.environ.pop(VARIABLE, "")  # not for the processes that this one starts
    if named.isascii() and named.isdigit():
        Thread(target=_watch, args=(int(named),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        sleep(_EVERY)
    os.kill(os.getpid(), signal.SIGKILL)  # as it would have been, had the signal reached the group
