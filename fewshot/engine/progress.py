"""How far a run is: counted here, shown by the listener.

>>> reports = []
>>> counter = Counter(2, reports.append)
>>> counter.replayed(); counter.tell()
>>> (reports[-1].done, reports[-1].total, reports[-1].replayed)
(1, 2, 1)
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from fewshot.engine.prices import Price
from fewshot.errors import BackendError
from fewshot.records import Completion

EVERY_SECONDS = 0.1
"""The shortest time between two calls of the listener: ten a second look continuous and cost next to nothing."""

_RECENT_SECONDS = 30.0
"""The span that `Progress.rate` is measured over: long enough to be steady, short enough to forget a pause."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a run at one moment.

    Attributes:
        done: Requests that ended: answered, replayed or failed.
        total: Requests of the job; `None` if they come from a generator.
        sent: Requests that were sent in this session and ended. Tokens and cost are theirs.
        replayed: Requests whose answer was already recorded.
        failed: Requests that failed for good.
        retries: Tries beyond the first.
        pushbacks: Answers with status 429.
        maybe_twice: Retries of requests whose answer got lost: these may have been paid twice.
        prompt_tokens: As the server counted them.
        completion_tokens: Likewise.
        cost: Dollars; `None` if the price is unknown.
        rate: Requests sent per second, over the last half minute.
        seconds: Since the start.
        stopping: Nothing more is sent; the run waits for the requests in flight.
        elsewhere: Requests that are answered at the server and not fetched yet (batches).
        waiting: What the run waits for, in words.
    """

    done: int = 0
    total: int | None = None
    sent: int = 0
    replayed: int = 0
    failed: int = 0
    retries: int = 0
    pushbacks: int = 0
    maybe_twice: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    rate: float = 0.0
    seconds: float = 0.0
    stopping: bool = False
    elsewhere: int = 0
    waiting: str = ""

    @property
    def left(self) -> float | None:
        """Estimated seconds to the end at the present rate; `None` if the total or the rate is unknown."""
        if self.total is None or not self.rate:
            return None
        return (self.total - self.done) / self.rate


class Counter:
    """Counts what happens to requests, and calls the listener at most every `EVERY_SECONDS`."""

    def __init__(
        self, total: int | None, listen: Callable[[Progress], None] | None, *, price: Price | None = None
    ) -> None:
        self._total, self._listen, self._price = total, listen, price
        self._start = self._last_told = time.monotonic()
        self._marks: deque[tuple[float, int]] = deque()  # (time, requests sent until then), one per report
        self._done = self._sent = self._replayed = self._failures = self.retries = 0
        self.pushbacks = self.maybe_twice = 0
        self.prompt_tokens = self.completion_tokens = 0
        self.stopping = False
        self.elsewhere, self.waiting = 0, ""

    def sent(self) -> None:
        """Counts a request that was sent and has ended."""
        self._sent += 1

    def tokens(self, completion: Completion) -> None:
        """Adds the tokens of an answer of this session."""
        self.prompt_tokens += completion.prompt_tokens or 0
        self.completion_tokens += completion.completion_tokens or 0

    def answered(self) -> None:
        """Counts a request that ended with a new answer."""
        self._ended()

    def replayed(self) -> None:
        """Counts a request that ended with a recorded answer."""
        self._replayed += 1
        self._ended()

    def failed(self) -> None:
        """Counts a request that failed for good."""
        self._failures += 1
        self._ended()

    def retried(self, error: BackendError) -> None:
        """Counts a retry, and the error that caused it."""
        self.retries += 1
        self.maybe_twice += error.maybe_paid
        self._tell_sometimes()

    def pushed_back(self) -> None:
        """Counts a 429."""
        self.pushbacks += 1
        self._tell_sometimes()

    def _ended(self) -> None:
        self._done += 1
        self._tell_sometimes()

    def _tell_sometimes(self) -> None:
        if self._listen is not None and time.monotonic() - self._last_told >= EVERY_SECONDS:
            self.tell()

    def tell(self) -> None:
        """Calls the listener now."""
        if self._listen is not None:
            self._listen(self.now())
            self._last_told = time.monotonic()

    def now(self) -> Progress:
        """Returns the present state."""
        now = time.monotonic()
        return Progress(
            done=self._done,
            total=self._total,
            sent=self._sent,
            replayed=self._replayed,
            failed=self._failures,
            retries=self.retries,
            pushbacks=self.pushbacks,
            maybe_twice=self.maybe_twice,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cost=None if self._price is None else self._price.of(self.prompt_tokens, self.completion_tokens),
            rate=self._rate(now),
            seconds=now - self._start,
            stopping=self.stopping,
            elsewhere=self.elsewhere,
            waiting=self.waiting,
        )

    def _rate(self, now: float) -> float:
        """Returns requests sent per second over the last half minute; a pause before that is forgotten."""
        # One mark is kept that is older than the span: the rate is measured from there.
        marks = self._marks
        marks.append((now, self._sent))
        while marks[0][0] < now - _RECENT_SECONDS and len(marks) > 1:
            marks.popleft()
        since, sent = marks[0] if now - self._start > _RECENT_SECONDS else (self._start, 0)
        return (self._sent - sent) / (now - since) if now > since else 0.0
