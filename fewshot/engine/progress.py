"""How far a run is: counted here, shown by whoever listens.

>>> seen = []
>>> counter = Counter(2, seen.append)
>>> counter.replayed(); counter.tell()
>>> (seen[-1].done, seen[-1].total, seen[-1].replayed)
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
_RECENT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Requests that ended (`done`: answered, recorded or failed) of how many, and what they took since the start.

    `asked`: sent in this session and ended; tokens, and `cost` in dollars (`None`: no price is known), are theirs.
    `pushbacks`: 429s. `maybe_twice`: retries of requests whose answer got lost, which may have been paid twice.
    `rate`: requests a second of late. `total` is `None` where nobody knows. `stopping`: nothing is sent any more,
    what is in flight is waited for.
    """

    done: int = 0
    total: int | None = None
    asked: int = 0
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

    @property
    def left(self) -> float | None:
        """Seconds to the end, at the present rate; `None`: nobody can tell."""
        if self.total is None or not self.rate:
            return None
        return (self.total - self.done) / self.rate


class Counter:
    """Counts, and tells a listener at most every `EVERY_SECONDS`."""

    def __init__(
        self, total: int | None, listen: Callable[[Progress], None] | None, *, price: Price | None = None
    ) -> None:
        self._total, self._listen, self._price = total, listen, price
        self._start = self._told = time.monotonic()
        self._marks: deque[tuple[float, int]] = deque()  # (when, how many were asked) of late, a mark a telling
        self.done = self.sent = self.taken = self.failures = self.retries = 0
        self.pushbacks = self.maybe_twice = 0
        self.prompt_tokens = self.completion_tokens = 0
        self.stopping = False

    def asked(self) -> None:
        """One request that was sent has come to its end."""
        self.sent += 1

    def tokens(self, completion: Completion) -> None:
        """What an answer of this session cost."""
        self.prompt_tokens += completion.prompt_tokens or 0
        self.completion_tokens += completion.completion_tokens or 0

    def answered(self) -> None:
        """One request ended with a new answer."""
        self._ended()

    def replayed(self) -> None:
        """One request ended with a recorded answer."""
        self.taken += 1
        self._ended()

    def failed(self) -> None:
        """One request failed for good."""
        self.failures += 1
        self._ended()

    def retried(self, error: BackendError) -> None:
        """One request is sent again, because of this."""
        self.retries += 1
        self.maybe_twice += error.maybe_paid
        self._tell_sometimes()

    def pushed_back(self) -> None:
        """One 429."""
        self.pushbacks += 1
        self._tell_sometimes()

    def _ended(self) -> None:
        self.done += 1
        self._tell_sometimes()

    def _tell_sometimes(self) -> None:
        if self._listen is not None and time.monotonic() - self._told >= EVERY_SECONDS:
            self.tell()

    def tell(self) -> None:
        """Tells the listener now."""
        if self._listen is not None:
            self._listen(self.now())
            self._told = time.monotonic()

    def now(self) -> Progress:
        """The state of things."""
        now = time.monotonic()
        return Progress(
            done=self.done,
            total=self._total,
            asked=self.sent,
            replayed=self.taken,
            failed=self.failures,
            retries=self.retries,
            pushbacks=self.pushbacks,
            maybe_twice=self.maybe_twice,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cost=None if self._price is None else self._price.of(self.prompt_tokens, self.completion_tokens),
            rate=self._rate(now),
            seconds=now - self._start,
            stopping=self.stopping,
        )

    def _rate(self, now: float) -> float:
        """Requests a second over the last half minute: a pause at the start is forgotten."""
        marks = self._marks
        marks.append((now, self.sent))
        while marks[0][0] < now - _RECENT_SECONDS and len(marks) > 1:
            marks.popleft()
        since, sent = marks[0] if now - self._start > _RECENT_SECONDS else (self._start, 0)
        return (self.sent - sent) / (now - since) if now > since else 0.0
