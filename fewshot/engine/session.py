"""One job while it runs: recorded answers are taken, the other requests are sent, a few at a time.

    outcome = await Session(Job(requests, backend, cassette)).run()

A fixed number of workers draws from one iterator, so memory does not grow with the requests still to come. There
are never more workers than requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sized
from contextlib import suppress

from fewshot.cassette import key as key_of
from fewshot.engine.budget import Ledger
from fewshot.engine.job import Job
from fewshot.engine.outcome import Outcome
from fewshot.engine.progress import Counter
from fewshot.engine.retries import persist
from fewshot.engine.sender import RunEnding, Sender
from fewshot.errors import BackendError, ReplayError
from fewshot.records import Completion, Request

_YIELD_EVERY = 256
"""Replayed answers between two turns of the event loop. A replay never waits, so without this Ctrl-C would not be
seen. The number is a judgement: often enough for a key press, seldom enough to cost nothing."""

_MOST_WORKERS = 10_000
"""Workers for requests whose number is not known (a generator): a task takes some kilobytes, and no server takes so
many requests at once."""

_TICK_SECONDS = 1.0
"""Time between two calls of the listener while nothing ends; a display that counts seconds needs no more."""


class Session:
    """The state of one job while it runs; serves one `run`. `parting`: what is said when Ctrl-C has ended it, beside
    what is always said."""

    parting = ""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._answers: dict[str, Completion] = {}
        self._keys: dict[tuple[str, int], str] = {}
        self._failed: dict[str, str] = {}
        self._refused: dict[str, str] = {}  # key → reason: a question that failed for good is not sent again
        self._waiting: dict[str, list[str]] = {}  # key → ids that wait for the request in flight
        self._failures_in_a_row = 0
        self._unsent = 0
        self._stopped: str | None = None
        self._blocked = False
        self.interrupted = False
        self._ending = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []
        total = len(job.requests) if isinstance(job.requests, Sized) else None
        most = _MOST_WORKERS if total is None else total
        self._worker_count = max(1, min(job.pace.concurrency, most))
        self._last_error: BackendError | None = None
        self._counter = Counter(total, job.listen, price=job.price)
        self._sender: Sender | None = None
        if job.sender is not None:
            ledger = Ledger(job.budget, job.price)
            self._sender = Sender(job.sender, job.pace, ledger, self._counter, out_of_budget=self._stop)

    async def run(self) -> Outcome:
        """Takes every request to its end, or stops at the first reason to."""
        rest = iter(self._job.requests)
        self._workers = [asyncio.create_task(self._work(rest)) for _ in range(self._worker_count)]
        clock = asyncio.create_task(self._tick())
        try:
            # Not `gather`: it would return at the first exception, while other workers still record answers.
            await asyncio.wait(self._workers)
        finally:
            for task in (*self._workers, clock):
                task.cancel()
            results = await asyncio.gather(*self._workers, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):  # a bug in the backend, a full disk, a replay miss: not ours to hide
                raise result
        self._counter.tell()
        return Outcome(
            answers=self._answers,
            keys=self._keys,
            failed=self._failed,
            stats=self._counter.now(),
            unsent=self._unsent,
            stopped=self._stopped,
            blocked=self._blocked,
            interrupted=self.interrupted,
        )

    async def close(self) -> None:
        """Closes the backend. What goes wrong there is of no consequence: every answer is recorded.

        Until it is closed, Ctrl-C goes on being handled: one that strikes in the middle of closing a connection would
        leave it open and end in a traceback.
        """
        if self._job.backend is None:
            return
        self._ending.set()  # from now on Ctrl-C does not wait
        self._workers = [asyncio.create_task(self._job.backend.close())]
        await asyncio.wait(self._workers)
        with suppress(Exception, asyncio.CancelledError):
            self._workers[0].result()

    async def _tick(self) -> None:
        """Calls the listener even while the server is silent, and ends a run in which nothing is answered."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._counter.tell()
            patience = self._job.pace.patience
            if self._sender is not None and self._sender.silence > patience and not self._ending.is_set():
                last = f", the last error: {self._last_error}" if self._last_error else ""
                self._stop(f"nothing was answered for {patience:g} s{last}")
                self._leave_after_grace()

    def interrupt(self) -> None:
        """Handles Ctrl-C. The first one stops sending and waits for the requests in flight; a second one, or the
        first one in a run that is already stopping, leaves at once."""
        if self._ending.is_set():
            self._leave()
        self.interrupted = True
        self._end()

    def terminate(self) -> None:
        """Handles SIGTERM: as the first Ctrl-C, but waits for the requests in flight no longer than `Pace.grace`. A
        supervisor that sends it follows with SIGKILL."""
        self.interrupted = True
        self._end()
        self._leave_after_grace()

    def _leave_after_grace(self) -> None:
        asyncio.get_running_loop().call_later(self._job.pace.grace, self._leave)

    def _leave(self) -> None:
        for worker in self._workers:
            worker.cancel()

    def _stop(self, reason: str) -> None:
        """Ends the run early. The first reason wins: later ones are mostly its consequences."""
        if self._stopped is None:
            self._stopped = reason
            self._end()

    def _end(self) -> None:
        self._ending.set()
        if self._sender is not None:
            self._sender.close()
        if not self._counter.stopping:
            self._counter.stopping = True
            self._counter.tell()

    async def _work(self, rest: Iterator[Request]) -> None:
        """One worker: draws a request, ends it, draws the next."""
        for number, request in enumerate(rest):
            if self.interrupted:
                self._unsent += 1
                return
            key = self._keys[request.id, request.sample] = key_of(request)  # hashed once; everything below uses it
            try:
                if self._needs_no_sending(key, request):
                    if number % _YIELD_EVERY == 0:
                        await asyncio.sleep(0)
                elif self._ending.is_set():
                    self._unsent += 1  # the loop goes on: what is recorded is still taken
                else:
                    await self._send(key, request)
                    await asyncio.sleep(0)  # a backend that never waits must not keep Ctrl-C out
            except Exception:  # the other workers record what is in flight, then end; `run` raises this one
                self._end()
                raise

    def _needs_no_sending(self, key: str, request: Request) -> bool:
        """Ends the request from what is known; returns whether that was possible (or will be, once its twin ends).

        Raises:
            ReplayError: It would have to be sent, and this job may not send.
        """
        if key in self._waiting:
            self._waiting[key].append(request.id)
            return True
        if key in self._refused:
            self._failed[request.id] = self._refused[key]
            self._counter.failed()
            return True
        if key not in self._answers:
            completion = self._recorded(key, request)
            if completion is None:
                if self._sender is None and not self._ending.is_set():
                    self._raise_miss(request)
                return False
            self._answers[key] = completion
        self._counter.replayed()
        return True

    def _recorded(self, key: str, request: Request) -> Completion | None:
        own, reuse = self._job.cassette, self._job.reuse
        for cassette in (own, reuse):
            recorded = cassette.get(key, request) if cassette is not None else None
            if recorded is not None and recorded.completion is not None:
                if cassette is reuse and reuse is not None and not own.readonly:  # the new folder must replay alone
                    own.copy(key, reuse)
                return recorded.completion
        return None

    def _raise_miss(self, request: Request) -> None:
        cassette = self._job.cassette if self._job.reuse is None else self._job.reuse
        raise ReplayError(
            cassette.explain_miss(request), hint=f"--reuse {cassette.path.parent} asks only for what is missing"
        )

    async def _send(self, key: str, request: Request) -> None:
        """Sends a request until it is answered or has failed for good, and ends every request with the same key."""
        sender = self._sender
        if sender is None:
            raise TypeError("this job has no backend to send to")

        errors: list[BackendError] = []  # of the tries so far

        async def send() -> Completion:
            return await sender.send(request, previous=errors[-1] if errors else None)

        def retried(error: BackendError) -> None:
            errors.append(error)
            self._last_error = error

        self._waiting[key] = [request.id]
        try:
            completion = await persist(send, self._job.pace, pause=self._pause, retried=retried)
            # On disk before it counts: after a crash nothing that was shown or scored has to be paid for again.
            self._job.cassette.append(request, completion, [demo.id for demo in request.demonstrations], key=key)
        except BackendError as error:
            self._give_up(key, error)
        except (RunEnding, asyncio.CancelledError) as end:
            self._unsent += len(self._waiting.pop(key))
            if isinstance(end, asyncio.CancelledError):
                raise
        else:
            self._failures_in_a_row = 0
            self._answers[key] = completion
            self._counter.sent()
            self._counter.tokens(completion)
            for _ in self._waiting.pop(key):
                self._counter.answered()

    def _give_up(self, key: str, error: BackendError) -> None:
        self._refused[key] = str(error)
        self._counter.sent()
        for id in self._waiting.pop(key):
            self._failed[id] = str(error)
            self._counter.failed()
        self._failures_in_a_row += 1
        self._last_error = error
        if error.fatal:
            self._blocked = self._blocked or self._stopped is None
            self._stop(str(error))
        elif self._failures_in_a_row >= self._job.pace.in_a_row:
            self._stop(f"{self._failures_in_a_row} requests in a row failed for good, the last with: {error}")

    async def _pause(self, seconds: float) -> None:
        """Waits before a retry; returns early, with `RunEnding`, if the run ends."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)
        if self._ending.is_set():
            raise RunEnding
