"""A function that is computed beside the program, by a process of its own.

    doubtful = Aside(lambda: slow(examples))
    doubtful.begin()            # forks: the process has everything that is in memory
    ask()
    doubtful.result()           # mostly there by now
    doubtful.end()

It pays for what takes tenths of a second and returns little. Only Linux forks safely, and one core has nothing to
spare: elsewhere, without `begin`, and if the process fails or is late, `result` computes the function itself.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from fewshot.interrupts import held

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")

_PATIENCE = 10.0
"""Seconds that `result` waits for the process: on a machine that is busy it may get little of a core."""


class Aside(Generic[T]):
    """A function without arguments, computed aside once it is begun. `niceness`: how much of a core its process leaves
    to others (19: all they want)."""

    def __init__(self, function: Callable[[], T], *, niceness: int = 0) -> None:
        self._function, self._niceness = function, niceness
        self._process: BaseProcess | None = None
        self._receiver: Connection | None = None
        self._found: list[T] = []

    def begin(self) -> None:
        """Starts the process. For programs whose other threads, if any, hold no lock that the function needs."""
        if self._process is not None or not can_fork():
            return
        from multiprocessing import get_context

        context = get_context("fork")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_compute, args=(self._function, sender, self._niceness), daemon=True)
        with held():  # the process inherits the handlers, which must not raise there
            try:
                process.start()
            except (OSError, AssertionError):  # no process is left, or a worker of multiprocessing may have none
                receiver.close()
                return
            finally:
                sender.close()
            self._process, self._receiver = process, receiver

    def result(self) -> T:
        """What the function returns; waits for it. Raises what it raises."""
        if not self._found and self._receiver is not None:
            try:
                if self._receiver.poll(_PATIENCE):
                    self._found.append(self._receiver.recv())
            except (EOFError, OSError):  # it was killed, or has raised: below it raises again
                pass
            if not self._found:
                self.end()
        return self._found[0] if self._found else self._function()

    def end(self) -> None:
        """Ends the process, if it still runs, and forgets what it found."""
        process, receiver = self._process, self._receiver
        self._process = self._receiver = None
        self._found.clear()
        if process is not None and receiver is not None:
            process.kill()
            process.join()
            receiver.close()


def can_fork() -> bool:
    """Whether a process beside this one is safe, and has a core of its own."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def _compute(function: Callable[[], object], sender: Connection, niceness: int) -> None:
    """Runs in the process: sends what the function returns, or closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the program's, which then ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _let_go(sender.fileno())
    os.nice(niceness)
    gc.disable()  # it would touch, and so copy, every page of memory
    try:
        sender.send(function())
    except Exception:
        os._exit(1)  # without a traceback


def _let_go(kept: int) -> None:
    """Closes what was open, but for one descriptor: a program that is killed would go on holding its locks and its
    output through this process."""
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number > 2 and number != kept:
            with suppress(OSError):  # that of the listing is closed already
                os.close(number)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
