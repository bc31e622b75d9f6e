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
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from fewshot.engine.budget import Budget
from fewshot.engine.job import Batching, Job
from fewshot.engine.local import predict
from fewshot.engine.outcome import Outcome
from fewshot.engine.progress import Progress
from fewshot.engine.retries import Pace
from fewshot.engine.session import Session
from fewshot.errors import Terminated
from fewshot.interrupts import handed, held

if TYPE_CHECKING:
    from fewshot.engine.batch.session import BatchSession

__all__ = ["Batching", "Budget", "Job", "Outcome", "Pace", "Progress", "aask", "ask", "predict"]


def ask(job: Job) -> Outcome:
    """Answers every request of a job: from its cassette, from `job.reuse`, or by the backend, which is then closed.

    Also works inside a running event loop (a notebook): the job then runs in a thread of its own. If the budget ends
    or the server refuses for good, the outcome says why in `stopped`.

    Raises:
        ReplayError: A request must be replayed and is not recorded; names the nearest recording and what differs.
        DataError: A recording is damaged or was changed.
        RunFolderError: The cassette cannot be written; what is recorded is whole.
        KeyboardInterrupt: Ctrl-C, once the requests in flight are recorded (at once, the second time); `Terminated`
            after SIGTERM.
    """

    session = _session(job)

    async def run(waiting: list[signal.Signals]) -> tuple[Outcome, list[signal.Signals]]:
        with handed(session, waiting) as received:
            try:
                return await session.run(), received
            finally:
                # Closed in the loop that opened its connections: another loop cannot close them.
                await session.close()

    if _in_a_loop():  # `asyncio.run` refuses to run inside another loop, such as that of a notebook
        with ThreadPoolExecutor(1) as thread:
            outcome, received = thread.submit(lambda: asyncio.run(run([]))).result()
    else:
        with held() as waiting:
            outcome, received = asyncio.run(run(waiting))
            if received:
                waiting.clear()  # whatever came while the loop closed: the session was told, and says how it ends
    if received:
        raise (KeyboardInterrupt if signal.SIGINT in received else Terminated)(session.parting)
    return outcome


async def aask(job: Job) -> Outcome:
    """`ask` inside an event loop: leaves the backend open, and sets `interrupted` instead of raising.

    Raises:
        ReplayError, DataError, RunFolderError: As `ask`.
    """
    session = _session(job)
    with handed(session, []):
        return await session.run()


def _session(job: Job) -> Session | BatchSession:
    if job.batches is None or job.sender is None:
        return Session(job)
    from fewshot.engine.batch.session import BatchSession

    return BatchSession(job, job.batches)


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
