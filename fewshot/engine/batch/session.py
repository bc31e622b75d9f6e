"""One job that goes through batches: what is not recorded is submitted, waited for and recorded.

    outcome = await BatchSession(Job(requests, backend, cassette, batches=Batching(folder))).run()

The order that keeps money safe: the file of requests and `batch.json` are on disk before anything is uploaded, and a
batch whose creation was not heard of is looked for before another is created.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Counted
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import TypeVar

from fewshot.cassette import key as key_of
from fewshot.engine.batch.desk import Desk
from fewshot.engine.batch.harvest import Harvest, harvested
from fewshot.engine.batch.state import FETCHED, REFUSED, Part, State
from fewshot.engine.batch.stock import Stock
from fewshot.engine.job import Batching, Job
from fewshot.engine.outcome import Outcome
from fewshot.engine.progress import Counter
from fewshot.engine.sender import RunEnding
from fewshot.engine.session import Session
from fewshot.errors import BackendError
from fewshot.records import Request

_T = TypeVar("_T")

_FIRST_POLL = 2.0
"""Seconds before the first look at a batch: small batches of fast servers end at once. It doubles up to
`--batch-poll`."""


class BatchSession:
    """The state of one job while it runs; serves one `run`."""

    def __init__(self, job: Job, batching: Batching) -> None:
        self._job, self._batching = job, batching
        self._requests: Sequence[Request] = [*job.requests]
        self._keys = [key_of(request) for request in self._requests]
        self._by_key = dict(zip(self._keys, self._requests, strict=True))
        self._asked = Counted(self._keys)  # how many examples ask the same question
        self._ending = asyncio.Event()
        self._online: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._learnt = False
        self._stopped: str | None = None
        self._blocked = self.interrupted = self._leaving = False
        price = None if job.price is None else job.price.batch
        self._counter = Counter(len(self._requests), job.listen, price=price)
        self._state = State.read(batching.folder)
        self._stock = Stock(self._unrecorded(), self._by_key, job)
        self._desk = Desk(batching, self._state, job, self._keep)
        self._remarks: list[str] = []

    async def run(self) -> Outcome:
        """Takes every request to its end, or stops at the first reason to."""
        for _ in range(len(self._requests) - sum(self._asked[key] for key in self._stock.pending)):
            self._counter.replayed()
        self._task = asyncio.create_task(self._work())
        await asyncio.wait([self._task])
        with suppress(Exception):  # what goes wrong in closing connections is of no consequence
            await self._desk.close()
        try:
            self._task.result()
        except (RunEnding, asyncio.CancelledError):
            pass
        except BackendError as error:
            self._stop(str(error), blocked=error.fatal)
        return await self._outcome()

    @property
    def parting(self) -> str:
        """What is said when Ctrl-C has ended the run: what goes on without us."""
        running = [part for part in self._state.open if part.batch]
        if not running:
            return ""
        what = f"batch {running[0].batch} runs" if len(running) == 1 else f"{len(running)} batches run"
        folder = self._batching.folder
        return (
            f"stopped; {what} on at the server. The same command waits for the answers;"
            f" `fewshot batch status {folder}` looks, `fewshot batch cancel {folder}` ends what runs"
        )

    def interrupt(self) -> None:
        """Handles Ctrl-C: the first one ends the waiting, a second one leaves in the middle of a transfer."""
        self.interrupted = True
        if self._online is not None:
            self._online.interrupt()
        if self._ending.is_set():
            self._leave()
        self._ending.set()

    def terminate(self) -> None:
        """Handles SIGTERM: as the first Ctrl-C, but a transfer has no longer than `Pace.grace`."""
        self.interrupted = True
        if self._online is not None:
            self._online.terminate()
        self._ending.set()
        asyncio.get_running_loop().call_later(self._job.pace.grace, self._leave)

    def _leave(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """Closes the backend. What goes wrong there is of no consequence."""
        if self._job.backend is not None:
            with suppress(Exception):
                await self._job.backend.close()

    # What happens, in order

    async def _work(self) -> None:
        await self._desk.recover()
        self._stock.away(self._desk.keys())
        poll = min(_FIRST_POLL, self._batching.poll)
        while not self._is_ending:
            if self._batching.wait:
                await self._submit()
            ended = [] if self._is_ending else await self._desk.look()
            self._show()
            for part in ended:
                await self._end(part)
            if not self._batching.wait:
                self._stop_short()
            elif not self._state.open and not self._stock.pending:
                return
            elif not ended and not self._is_ending:
                await self._pause(poll)
                poll = min(2 * poll, self._batching.poll)

    @property
    def _is_ending(self) -> bool:
        return self._stopped is not None or self._ending.is_set()

    def _stop_short(self) -> None:
        """Ends a run that does not wait; says what is missing."""
        if self._state.open:
            self._stop("answers are still to come: the batches run")
        elif self._stock.pending:
            self._stop(f"{len(self._stock.pending):,} requests are not in a batch")
        else:
            self._ending.set()

    async def _learn(self) -> bool:
        """Sends one request online: what the server refuses (a key, a model, a parameter) is known before thousands of
        requests are written. Returns whether to go on."""
        key = next(iter(self._stock.pending))
        alone = replace(self._job, requests=[self._by_key[key]], batches=None, listen=None)
        self._online = Session(alone)
        outcome = await self._online.run()
        self._online = None
        if completion := outcome.answers.get(key):
            self._counter.sent()
            self._counter.tokens(completion)
            self._answered(key)
            self._stock.paid_online(completion)
        elif outcome.failed:
            self._counter.sent()
            self._stock.fail(key, next(iter(outcome.failed.values())))
        if outcome.stopped:
            self._stop(outcome.stopped, blocked=outcome.blocked)
        return not (outcome.stopped or self._ending.is_set())

    async def _submit(self) -> None:
        """Hands in what is to be sent, as far as budget and queue allow."""
        if self._stock.pending and not self._desk.is_queueing:
            if not self._learnt and not await self._learn():
                return
            self._learnt = True
            now = self._desk.backend.terms()
            taken, reason = self._stock.take(now.room)
            for group in taken:
                self._desk.write({key: self._by_key[key] for key in group.keys}, group.terms(now))
            if reason is not None and not taken and not self._state.open:
                self._stop(reason)
                return
        await self._desk.submit()

    async def _end(self, part: Part) -> None:
        """Records the answers of a part that has ended."""
        if part.status == "failed":
            self._stock.back(self._desk.keys_of(part))
            self._desk.close_part(part, REFUSED)
            self._stop(f"batch {part.batch} was refused: {self._desk.reasons.get(part.name) or 'no reason given'}",
                       blocked=True)  # fmt: skip
            return
        paths = await self._desk.download(part)
        known = dict.fromkeys(self._desk.keys_of(part))
        found = harvested(paths, {key: self._by_key[key] for key in known if key in self._by_key}, self._desk.backend,
                          part, self._job.cassette, self._stock.earlier)  # fmt: skip
        self._take(found)
        self._remarks += found.remarks(part, gone=self._desk.gone.get(part.name, 0))
        self._stock.back([key for key in known if key in self._by_key and key not in found.ended])
        self._desk.close_part(part, FETCHED)
        if part.status == "cancelled":
            self._stop(f"batch {part.batch} was cancelled")
        elif found.fatal is not None:
            self._stop(str(found.fatal), blocked=True)

    def _take(self, found: Harvest) -> None:
        for key, completion in found.answered.items():
            self._counter.sent()
            self._counter.tokens(completion)
            self._stock.settle(key, completion)
            self._answered(key)
        for key, reason in found.failed.items():
            self._counter.sent()
            self._stock.fail(key, reason)
        self._stock.earlier.update(found.earlier)
        self._stock.roomless.update(found.roomless)

    def _answered(self, key: str) -> None:
        self._stock.answered(key)
        for _ in range(self._asked[key]):
            self._counter.answered()

    # The rest

    async def _keep(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Returns what a call to the server returns; tries again for as long as `Pace.patience` says.

        Raises:
            BackendError: The last one.
            RunEnding: The run ends.
        """
        start, wait, pace = monotonic(), self._job.pace.base, self._job.pace
        while True:
            try:
                return await call()
            except BackendError as error:
                if error.retryable:
                    self._counter.retried(error)
                pause = max(wait, error.retry_after or 0)
                if not error.retryable or error.fatal or monotonic() - start + pause > pace.patience:
                    raise
                await self._pause(pause)
                wait = min(2 * wait, pace.cap)

    async def _pause(self, seconds: float) -> None:
        """Waits, and shows that it does.

        Raises:
            RunEnding: The run ends.
        """
        end = monotonic() + seconds
        while not self._ending.is_set() and (left := end - monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), min(1.0, left))
            self._show()
        if self._ending.is_set():
            raise RunEnding

    def _show(self) -> None:
        self._counter.waiting = self._desk.summary()
        self._counter.elsewhere = sum(part.completed for part in self._state.open)
        self._counter.tell()

    def _stop(self, reason: str, *, blocked: bool = False) -> None:
        if self._stopped is None:
            self._stopped, self._blocked = reason, blocked

    def _unrecorded(self) -> list[str]:
        own, reuse = self._job.cassette, self._job.reuse
        return [key for key in self._by_key if key not in own and (reuse is None or key not in reuse)]

    async def _outcome(self) -> Outcome:
        """Reads what is recorded, as every other run does, and adds what is not."""
        missing, reasons = set(self._unrecorded()), self._stock.failed
        keyed = list(zip(self._keys, self._requests, strict=True))
        recorded = [request for key, request in keyed if key not in missing]
        read = await Session(replace(self._job, requests=recorded, batches=None, strict=True, listen=None)).run()
        failed = {request.id: reasons[key] for key, request in keyed if key in reasons}
        for _ in failed:
            self._counter.failed()
        self._counter.waiting, self._counter.elsewhere = "", 0
        self._counter.tell()
        stats = self._counter.now()
        return replace(
            read,
            failed=failed,
            stats=stats,
            unsent=len(missing - reasons.keys()),
            stopped=self._stopped,
            blocked=self._blocked,
            interrupted=self.interrupted,
            notices=tuple(self._remarks),
        )
