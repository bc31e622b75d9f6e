"""A function that is computed beside the program, by a process that takes only what the others leave.

    doubtful = Aside(lambda: slow(examples))
    doubtful.begin()            # forks: the process has everything that is in memory
    ask()
    doubtful.result()           # mostly there by now
    doubtful.end()

It pays for what takes tenths of a second and returns little. Only Linux forks safely, and one core has nothing to
spare: elsewhere, without `begin`, and if the process is killed, `result` computes the function itself.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")

_NICEST = 19


class Aside(Generic[T]):
    """A function without arguments, computed aside once it is begun."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._process: BaseProcess | None = None
        self._receiver: Connection | None = None
        self._found: list[T] = []

    def begin(self) -> None:
        """Starts the process. For programs whose other threads, if any, hold no lock that the function needs."""
        if self._process is not None or sys.platform != "linux" or (os.cpu_count() or 1) == 1:
            return
        from multiprocessing import get_context

        context = get_context("fork")
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_compute, args=(self._function, sender), daemon=True)
        self._process.start()
        sender.close()

    def result(self) -> T:
        """What the function returns; waits for it. Raises what it raises."""
        if self._receiver is None:
            return self._function()
        if not self._found:
            try:
                self._found.append(self._receiver.recv())
            except EOFError:  # it was killed, or has raised: here it raises again
                self._found.append(self._function())
        return self._found[0]

    def end(self) -> None:
        """Ends the process, if it still runs, and forgets what it found."""
        if self._process is not None and self._receiver is not None:
            self._process.kill()
            self._process.join()
            self._receiver.close()
            self._process = self._receiver = None
            self._found.clear()


def _compute(function: Callable[[], object], sender: Connection) -> None:
    """Runs in the process: sends what the function returns, or closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the program's, which then ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _let_go(sender.fileno())
    os.nice(_NICEST)
    gc.disable()  # it would touch, and so copy, every page of memory
    try:
        sender.send(function())
    except Exception:
        os._exit(1)  # without a traceback


def _let_go(kept: int) -> None:
    """Closes what was open, but for one descriptor: a program that is killed would go on holding its locks and its
    output through this process."""
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
