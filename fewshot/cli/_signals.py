"""Ctrl-C and SIGTERM of the command line: the first one ends the command in order, later ones do not end it in
disorder.

    install()        # SIGTERM → Terminated, which ends like Ctrl-C (exit 3); a second Ctrl-C on the way out is ignored

While requests are in flight the engine takes both signals over (`fewshot.engine`).
"""

from __future__ import annotations

import signal
from types import FrameType

from fewshot.errors import Terminated


def install() -> None:
    """Takes SIGINT and SIGTERM over, unless the parent process has decided otherwise (`nohup`, a background job)."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def ignore() -> None:
    """Ignores both from here on: the command is leaving. Ignored signals stay so until the process has ended, where
    Python puts the default back for handled ones (the exit code would be -2). Does nothing before `install`."""
    for number, handler in ((signal.SIGINT, _interrupt), (signal.SIGTERM, _terminate)):
        if signal.getsignal(number) is handler:
            signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, frame: FrameType | None) -> None:
    ignore()
    raise KeyboardInterrupt


def _terminate(number: int, frame: FrameType | None) -> None:
    ignore()
    raise Terminated
