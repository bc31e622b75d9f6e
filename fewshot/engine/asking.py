"""One session with a prompted backend: what is recorded is taken, the rest is asked, a few at a time.

    outcome = await Session(Job(requests, backend, cassette)).run()

A fixed number of workers draws from one iterator, so memory does not grow with what is still to be asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sized
from contextlib import suppress
from dataclasses import dataclass, field

from fewshot.cassette import key as key_of
from fewshot.engine.budget import Purse
from fewshot.engine.job import Job
from fewshot.engine.progress import Counter, Progress
from fewshot.engine.retries import persist
from fewshot.engine.sending import Ending, Sender
from fewshot.errors import BackendError, ReplayError
from fewshot.records import Completion, Request

_BREATH = 256  # recorded answers taken before the event loop has its turn


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the requests. Each ended once: in `answers` (by key), in `failed` (by id, with the reason), or
    as one of `unsent` where the run was `stopped` (says why) or `interrupted` (Ctrl-C). `keys`: by id
    and sample."""

    answers: dict[str, Completion] = field(default_factory=dict)
    keys: dict[tuple[str, int], str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    stats: Progress = field(default_factory=Progress)
    unsent: int = 0
    stopped: str | None = None
    interrupted: bool = False

    def answer(self, id: str, sample: int = 0) -> Completion | None:
        """The answer to a request by its id and sample; `None`: it has none."""
        return self.answers.get(self.keys.get((id, sample), ""))

    @property
    def asked(self) -> int:
        """Requests sent in this session."""
        return self.stats.asked

    @property
    def replayed(self) -> int:
        """Requests whose answer was recorded already."""
        return self.stats.replayed


class Session:
    """The state of one job while it runs; serves one `run`."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._answers: dict[str, Completion] = {}
        self._keys: dict[tuple[str, int], str] = {}
        self._failed: dict[str, str] = {}
        self._refused: dict[str, str] = {}  # key → why: the same question is not asked twice
        self._waiting: dict[str, list[str]] = {}  # key → ids of requests in flight
        self._in_a_row = 0
        self._unsent = 0
        self._stopped: str | None = None
        self._interrupted = False
        self._ending = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []
        total = len(job.requests) if isinstance(job.requests, Sized) else None
        self._counter = Counter(total, job.listen, price=job.price)
        self._sender: Sender | None = None
        if job.sender is not None:
            purse = Purse(job.budget, job.price)
            self._sender = Sender(job.sender, job.pace, purse, self._counter, out_of_budget=self._stop)

    async def run(self) -> Outcome:
        """Takes every request to its end, or stops at the first reason to."""
        rest = iter(self._job.requests)
        self._workers = [asyncio.create_task(self._work(rest)) for _ in range(max(1, self._job.pace.concurrency))]
        clock = asyncio.create_task(self._tick())
        try:
            await asyncio.wait(self._workers)
        finally:
            for worker in (*self._workers, clock):
                worker.cancel()
            ends = await asyncio.gather(*self._workers, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):  # a bug of the backend, a full disk, a miss: not ours to hide
                raise end
        self._counter.tell()
        return Outcome(
            answers=self._answers,
            keys=self._keys,
            failed=self._failed,
            stats=self._counter.now(),
            unsent=self._unsent,
            stopped=self._stopped,
            interrupted=self._interrupted,
        )

    async def _tick(self) -> None:
        """Whoever listens hears of a server that says nothing, too."""
        while True:
            await asyncio.sleep(1)
            self._counter.tell()

    def interrupt(self) -> None:
        """Ctrl-C. Once: nothing is sent any more, what is in flight is waited for. Twice, or when the run is stopping
        anyway: leaves now."""
        if self._ending.is_set():
            for worker in self._workers:
                worker.cancel()
        self._interrupted = True
        self._end()

    def _stop(self, why: str) -> None:
        """Ends the run early, once."""
        if self._stopped is None:
            self._stopped = why
            self._end()

    def _end(self) -> None:
        self._ending.set()
        if self._sender is not None:
            self._sender.close()
        if not self._counter.stopping:
            self._counter.stopping = True
            self._counter.tell()

    async def _work(self, rest: Iterator[Request]) -> None:
        for drawn, request in enumerate(rest):
            if self._interrupted:
                self._unsent += 1
                return
            key = self._keys[request.id, request.sample] = key_of(request)
            try:
                if self._taken(key, request):
                    if drawn % _BREATH == 0:
                        await asyncio.sleep(0)
                elif self._ending.is_set():
                    self._unsent += 1
                else:
                    await self._ask(key, request)
                    await asyncio.sleep(0)  # a backend that never waits must not keep Ctrl-C out
            except Exception:
                self._end()
                raise

    def _taken(self, key: str, request: Request) -> bool:
        """Whether the request ends, or will end, without being sent.

        Raises:
            ReplayError: it would have to be sent, and may not be.
        """
        if key in self._waiting:
            self._waiting[key].append(request.id)
            return True
        if key in self._refused:
            self._failed[request.id] = self._refused[key]
            self._counter.failed()
            return True
        if key not in self._answers:
            found = self._recorded(key, request)
            if found is None:
                if self._sender is None and not self._ending.is_set():
                    self._miss(request)
                return False
            self._answers[key] = found
        self._counter.replayed()
        return True

    def _recorded(self, key: str, request: Request) -> Completion | None:
        own, reuse = self._job.cassette, self._job.reuse
        for cassette in (own, reuse):
            recorded = cassette.get(key, request) if cassette is not None else None
            if recorded is not None and recorded.completion is not None:
                if cassette is reuse and reuse is not None and not own.readonly:
                    own.copy(key, reuse)
                return recorded.completion
        return None

    def _miss(self, request: Request) -> None:
        tape = self._job.cassette if self._job.reuse is None else self._job.reuse
        raise ReplayError(tape.explain_miss(request), hint=f"--reuse {tape.path.parent} asks only for what is missing")

    async def _ask(self, key: str, request: Request) -> None:
        sender = self._sender
        if sender is None:
            raise TypeError("there is nobody to ask")

        lost: list[BackendError] = []  # why it was not answered so far

        async def send() -> Completion:
            return await sender.send(request, again=lost[-1] if lost else None)

        self._waiting[key] = [request.id]
        try:
            completion = await persist(send, self._job.pace, pause=self._pause, retried=lost.append)
            self._job.cassette.append(request, completion, [demo.id for demo in request.demonstrations], key=key)
        except BackendError as error:
            self._give_up(key, error)
        except (Ending, asyncio.CancelledError) as end:
            self._unsent += len(self._waiting.pop(key))
            if isinstance(end, asyncio.CancelledError):
                raise
        else:
            self._in_a_row = 0
            self._answers[key] = completion
            self._counter.asked()
            self._counter.tokens(completion)
            for _ in self._waiting.pop(key):
                self._counter.answered()

    def _give_up(self, key: str, error: BackendError) -> None:
        self._refused[key] = str(error)
        self._counter.asked()
        for id in self._waiting.pop(key):
            self._failed[id] = str(error)
            self._counter.failed()
        self._in_a_row += 1
        if error.fatal:
            self._stop(str(error))
        elif self._in_a_row >= self._job.pace.in_a_row:
            self._stop(f"{self._in_a_row} requests in a row failed for good, the last with: {error}")

    async def _pause(self, seconds: float) -> None:
        """Waits before a retry, unless the run is ending."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)
        if self._ending.is_set():
            raise Ending
