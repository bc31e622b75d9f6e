"""Asks backends: replay first, then a few requests at a time, each answer on disk before it counts.

    with Cassette.open(Path("runs/x/responses.jsonl")) as cassette:
        outcome = ask(requests, backend, cassette, pace=Pace(concurrency=8))
    outcome.answers[key(requests[0])].text

Concurrency, pacing and retries are here alone, the same for every backend. Nothing is printed: a listener is
told of the `Progress`.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from fewshot.backends import PromptedBackend
from fewshot.cassette import Cassette
from fewshot.engine.asking import Outcome, Session
from fewshot.engine.budget import Budget
from fewshot.engine.local import predict
from fewshot.engine.prices import Price
from fewshot.engine.progress import Progress
from fewshot.engine.retries import Pace
from fewshot.records import Request

__all__ = ["Budget", "Outcome", "Pace", "Progress", "aask", "ask", "predict"]


def ask(
    requests: Iterable[Request],
    backend: PromptedBackend | None,
    cassette: Cassette,
    *,
    reuse: Cassette | None = None,
    pace: Pace | None = None,
    budget: Budget | None = None,
    price: Price | None = None,
    strict: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Every request answered: from the cassette, from `reuse` (its line is copied), or by the backend, which is
    closed afterwards. `strict`, or no backend: from recordings only. `budget`: what may be spent now, `price` what
    tokens cost; where it ends the outcome is `stopped`.

    Works inside a running event loop (a notebook) too. A request that occurs twice is asked once.

    Raises:
        ReplayError: `strict`, and one is not recorded; names the nearest recording and what differs.
        DataError: a recording that is broken or was changed.
        RunFolderError: the cassette cannot be written; what is recorded is whole.
        KeyboardInterrupt: Ctrl-C, after what was in flight is recorded (at once, the second time).
    """

    async def session() -> Outcome:
        try:
            return await aask(
                requests,
                backend,
                cassette,
                reuse=reuse,
                pace=pace,
                budget=budget,
                price=price,
                strict=strict,
                progress=progress,
            )
        finally:
            if backend is not None:
                await backend.close()

    if _in_a_loop():
        with ThreadPoolExecutor(1) as thread:
            outcome = thread.submit(asyncio.run, session()).result()
    else:
        outcome = asyncio.run(session())
    if outcome.interrupted:
        raise KeyboardInterrupt
    return outcome


async def aask(
    requests: Iterable[Request],
    backend: PromptedBackend | None,
    cassette: Cassette,
    *,
    reuse: Cassette | None = None,
    pace: Pace | None = None,
    budget: Budget | None = None,
    price: Price | None = None,
    strict: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """`ask` in an event loop: leaves the backend open, and says `interrupted` instead of raising.

    Raises:
        ReplayError, DataError, RunFolderError: as `ask`.
    """
    session = Session(
        backend,
        cassette,
        reuse=reuse,
        pace=pace or Pace(),
        budget=budget,
        price=price,
        strict=strict,
        progress=progress,
    )
    with _on_interrupt(session.interrupt):
        return await session.run(requests)


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def _on_interrupt(heard: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C goes to `heard` meanwhile; only the main thread can have it so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT)
    try:
        loop.add_signal_handler(signal.SIGINT, heard)
    except (NotImplementedError, RuntimeError):
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
