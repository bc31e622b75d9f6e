"""Ctrl-C and SIGTERM around an event loop. Their handlers raise; inside a loop that would leave coroutines half made.

    with held() as arrived:
        asyncio.run(work(arrived))          # which looks at `arrived` where it can stop

Both signals wait for the end of the block and act then. Inside the loop, `handed(session, arrived)` tells a session of
those that wait and of those that come.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

_STOPPING = (signal.SIGINT, signal.SIGTERM)


class Stoppable(Protocol):
    """What can be asked to end in order."""

    def interrupt(self) -> None:
        """Ctrl-C."""
        ...

    def terminate(self) -> None:
        """SIGTERM."""
        ...


@contextmanager
def held() -> Iterator[list[signal.Signals]]:
    """Lets Ctrl-C and SIGTERM wait for the end of the block, where they act as usual; a second one acts at once. Yields
    the list of those that wait. Does nothing outside the main thread, nor to a signal that has no handler in Python."""
    arrived: list[signal.Signals] = []
    if threading.current_thread() is not threading.main_thread():  # Python delivers signals to the main thread only
        yield arrived
        return
    usual = {number: usually for number in _STOPPING if callable(usually := signal.getsignal(number))}

    def hold(number: int, frame: FrameType | None) -> None:
        if arrived:
            usual[signal.Signals(number)](number, frame)
        arrived.append(signal.Signals(number))

    try:
        for number in usual:
            signal.signal(number, hold)
        yield arrived
    finally:
        with _blocked():
            for number, usually in usual.items():
                signal.signal(number, usually)
        if arrived:
            signal.raise_signal(arrived[0])


@contextmanager
def _blocked() -> Iterator[None]:
    """Keeps both from this thread while handlers change."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def handed(session: Stoppable, waiting: list[signal.Signals]) -> Iterator[list[signal.Signals]]:
    """Hands Ctrl-C and SIGTERM to a session for as long as the block runs, those of `waiting` first; yields the list of
    those that came. Does nothing outside the main thread. Needs a running event loop."""
    import asyncio  # here: whoever only holds signals back has no use for it

    received: list[signal.Signals] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    loop, before = asyncio.get_running_loop(), {}
    handlers = {signal.SIGINT: session.interrupt, signal.SIGTERM: session.terminate}

    def receive(number: signal.Signals, handler: Callable[[], None]) -> None:
        received.append(number)
        handler()

    try:
        for number, handler in handlers.items():
            before[number] = signal.getsignal(number)
            loop.add_signal_handler(number, receive, number, handler)
    except (NotImplementedError, RuntimeError):  # a loop without signal support: signals act as they did
        before.clear()
    while waiting:
        number = waiting.pop(0)
        receive(number, handlers[number])
    try:
        yield received
    finally:
        with _blocked():  # `remove_signal_handler` installs Python's default, not the handler that was there before
            for number, previous in before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, previous)
