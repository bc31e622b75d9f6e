"""Asks backends: replays what is recorded, sends the rest a few at a time, records each answer before using it.

    with Cassette.open(Path("runs/x/responses.jsonl")) as cassette:
        outcome = ask(Job(requests, backend, cassette, pace=Pace(concurrency=8)))
    outcome.answers[key(requests[0])].text

Concurrency, pacing and retries live here only and are the same for every backend. The engine prints nothing: it
calls `Job.listen` with a `Progress`.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from fewshot.engine.budget import Budget
from fewshot.engine.job import Job
from fewshot.engine.local import predict
from fewshot.engine.progress import Progress
from fewshot.engine.retries import Pace
from fewshot.engine.session import Outcome, Session

__all__ = ["Budget", "Job", "Outcome", "Pace", "Progress", "aask", "ask", "predict"]


def ask(job: Job) -> Outcome:
    """Answers every request of a job: from its cassette, from `job.reuse`, or by the backend, which is then closed.

    Also works inside a running event loop (a notebook): the job then runs in a thread of its own. If the budget ends
    or the server refuses for good, the outcome says why in `stopped`.

    Raises:
        ReplayError: A request must be replayed and is not recorded; names the nearest recording and what differs.
        DataError: A recording is damaged or was changed.
        RunFolderError: The cassette cannot be written; what is recorded is whole.
        KeyboardInterrupt: Ctrl-C, once the requests in flight are recorded (at once, the second time).
    """

    async def run() -> Outcome:
        try:
            return await aask(job)
        finally:
            # Closed in the loop that opened its connections: another loop cannot close them.
            if job.backend is not None:
                await job.backend.close()

    if _in_a_loop():  # `asyncio.run` refuses to run inside another loop, such as that of a notebook
        with ThreadPoolExecutor(1) as thread:
            outcome = thread.submit(asyncio.run, run()).result()
    else:
        outcome = asyncio.run(run())
    if outcome.interrupted:
        raise KeyboardInterrupt
    return outcome


async def aask(job: Job) -> Outcome:
    """`ask` inside an event loop: leaves the backend open, and sets `interrupted` instead of raising.

    Raises:
        ReplayError, DataError, RunFolderError: As `ask`.
    """
    session = Session(job)
    with _on_interrupt(session.interrupt):
        return await session.run()


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def _on_interrupt(handler: Callable[[], None]) -> Iterator[None]:
    """Calls `handler` on Ctrl-C for as long as the block runs; does nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():  # Python delivers signals to the main thread only
        yield
        return
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT)
    try:
        loop.add_signal_handler(signal.SIGINT, handler)
    except (NotImplementedError, RuntimeError):  # Windows, and loops without signal support: Ctrl-C raises as usual
        yield
        return
    try:
        yield
    finally:
        # `remove_signal_handler` installs Python's default, not the handler that was there before.
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
