"""How a long job is shown on stderr: a line a minute for people, or for programs, never more.

fewshot: 120,000 of 1,000,000 · 1,840/s · 12 rejected · 7:58 left
{"time": "…", "event": "progress", "records": 120000, "rejected": 12, "rate": 1840.2, "usd": 0.0, "left": 478.1, …}
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from fewshot.cli import _output, _terminal
from fewshot.cli._log import LOG
from fewshot.errors import InputError

if TYPE_CHECKING:
    from fewshot.annotate import Pace

EVERY = 60.0
"""Seconds between two lines, as the rules of clusters' logs have it: a job of a day leaves 1,440 of them."""
_VERBOSE = 2.0
_LIVE = 0.5  # seconds between two states of the line of a terminal


@contextmanager
def shown(every: float | None) -> Iterator[Callable[[Pace], None]]:
    """A listener that shows how far a job is. `every`: seconds between two lines; `None`: a minute, `-v`: 2 s. A
    terminal has one line, that changes.

    Raises:
        InputError: `every` is not a time.
    """
    if every is not None and not 0 < every < float("inf"):
        raise InputError(f"--log-every must be more than 0, not {every}")
    if LOG.quiet:
        yield lambda _: None
        return
    if LOG.json or every is not None or not sys.stderr.isatty():
        yield _Lines(every or (_VERBOSE if LOG.verbose else EVERY))
        return
    console = _terminal.console(stderr=True)
    with console.status("reading") as status:
        last = 0.0

        def show(pace: Pace) -> None:
            nonlocal last
            if monotonic() - last >= _LIVE:
                last = monotonic()
                status.update(line(pace))

        yield show


class _Lines:
    def __init__(self, every: float) -> None:
        self._every, self._last = every, monotonic()

    def __call__(self, pace: Pace) -> None:
        if monotonic() - self._last < self._every:
            return
        self._last = monotonic()
        if LOG.json:
            _terminal.event("progress", **pace.to_json())
        else:
            _output.notice([line(pace)])


def line(pace: Pace) -> str:
    """A line for people."""
    counts = pace.counts
    of = "" if pace.total is None else f" of about {pace.total:,}"
    pieces = [f"{counts.records + pace.asked:,}{of}"]
    pieces += [f"{pace.rate:,.0f}/s" if pace.rate >= 10 else f"{pace.rate:,.2f}/s"] if pace.rate else []
    pieces += [f"{counts.rejected:,} rejected"] if counts.rejected else []
    if counts.tokens:
        pieces.append("cost unknown" if counts.usd is None else f"${counts.usd:,.4f}")
    pieces += [f"{_output.clock(pace.left)} left"] if pace.left is not None else []
    return " · ".join(pieces)
