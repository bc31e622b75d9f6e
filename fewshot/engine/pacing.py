"""When the next request may go, so that a 429 hardly ever comes; and what follows when one does.

    ticket = await pacer.admit(tokens=900)       # waits until limits and concurrency allow it
    …                                            # sent, answered or not
    pacer.answered(ticket, used=420, limits=completion.limits)

Limits come from the user (`--rpm`, `--tpm`) and, as soon as the server tells them, from its headers: a bucket each,
for requests and for tokens. What the headers say is some way old when it arrives: whatever was sent since is taken
off. Where the server pushes back all the same, everybody waits as long as it asks for, and if it does so to more than
a tenth of a round the number of requests in flight is halved; it grows by one with every round that is answered (AIMD,
as TCP does it). All times are of the monotonic clock: the wall clock may jump.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

from fewshot.records import Allowance, Limits

MINUTE = 60.0
_BURST_SECONDS = 0.9
"""How much of a user's limit may go at once: servers check it over spans shorter than a minute, a second at times."""

_LONGEST_WAIT = 60.0
_MANY = 0.1
"""The share of a round that may be pushed back before the window is cut: a stray 503 is no congestion."""


@dataclass(slots=True)
class Bucket:
    """Refilled at `rate` a second up to `size`. It may go below zero: what a server says is counted back.

    >>> bucket = Bucket(rate=2.0, size=2.0, level=2.0, at=0.0)
    >>> bucket.take(2, now=0.0); bucket.wait(1, now=0.0), bucket.wait(1, now=0.5)
    (0.5, 0.0)
    """

    rate: float
    size: float
    level: float
    at: float

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` is there (at most all that the bucket holds: more never will be)."""
        lacks = min(amount, self.size) - self._level(now)
        return 0.0 if lacks <= 1e-9 else lacks / self.rate

    def take(self, amount: float, now: float) -> None:
        """Takes it out, whether it is there or not; a negative amount is given back."""
        self.level, self.at = min(self.size, self._level(now) - amount), now

    def _level(self, now: float) -> float:
        return min(self.size, self.level + (now - self.at) * self.rate)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One admitted request: its number, when it went, and what it counts for."""

    number: int
    at: float
    tokens: float
    before: float  # tokens of all that went before it


@dataclass(slots=True)
class _Learned:
    """A limit as the server tells it, and of which request it told that last."""

    bucket: Bucket | None = None
    of: int = -1

    def heard(self, said: Allowance, number: int, since: float, now: float) -> None:
        """`said` of request `number`; `since`: what was taken after that one was sent."""
        if said.left is None or number < self.of:
            return
        self.of = number
        most = max(said.most or 0.0, said.left, 1.0)
        gone = most - said.left
        if said.reset and gone >= 1:  # a bucket that is full again in `reset` seconds refills at this rate
            rate = gone / said.reset
        elif self.bucket is not None:
            rate = self.bucket.rate
        else:
            rate = most / MINUTE
        self.bucket = Bucket(rate, most, said.left - since, now)


@dataclass(slots=True)
class Pacer:
    """Admits requests, in the order in which they came. One event loop uses it.

    `concurrency`: the most in flight; `rpm`, `tpm`: requests and tokens a minute. `patience`: seconds after which a
    learned limit is tried all the same: the server will say what it thinks of that.
    """

    concurrency: int
    rpm: float | None = None
    tpm: float | None = None
    patience: float = 300.0
    clock: Callable[[], float] = monotonic
    window: float = field(init=False)  # how many may be in flight now
    flying: int = field(init=False, default=0)
    _until: float = field(init=False, default=0.0)  # nothing is sent before
    _since: float = field(init=False)  # the first in the queue has waited since
    _sent: int = field(init=False, default=0)
    _tokens: float = field(init=False, default=0.0)
    _round: int = field(init=False, default=0)  # the present round began with this request
    _size: int = field(init=False, default=0)  # … with so many in flight
    _pushed: int = field(init=False, default=0)  # … so many of it were pushed back; -1: the window was cut in it
    _asked: tuple[Bucket | None, Bucket | None] = field(init=False)
    _requests: _Learned = field(init=False, default_factory=_Learned)
    _spent: _Learned = field(init=False, default_factory=_Learned)
    _queue: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _stir: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _closed: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.window, self._since = float(self.concurrency), self.clock()
        self._asked = self._of_a_minute(self.rpm), self._of_a_minute(self.tpm)

    def _of_a_minute(self, most: float | None) -> Bucket | None:
        if most is None:
            return None
        size = max(1.0, most / MINUTE * _BURST_SECONDS)
        return Bucket(most / MINUTE, size, size, self._since)

    async def admit(self, tokens: float = 0.0) -> Ticket | None:
        """Waits until one more request of so many tokens may go; `None`: the run is ending, and it may not."""
        if self._queue.locked() or self._wait(tokens) > 0:
            async with self._queue:
                self._since = self.clock()
                while not self._closed and (seconds := self._wait(tokens)) > 0:
                    await self._sleep(seconds)
        if self._closed:
            return None
        now = self.clock()
        for bucket, amount, _ in self._buckets(tokens):
            bucket.take(amount, now)
        ticket = Ticket(self._sent, now, tokens, self._tokens)
        self._sent += 1
        self._tokens += tokens
        self.flying += 1
        return ticket

    def answered(self, ticket: Ticket, used: float | None = None, limits: Limits | None = None) -> None:
        """It was answered and took `used` tokens: what the user's limit was charged beyond that is given back."""
        self._turn(ticket)
        self.window = min(self.concurrency, self.window + 1 / self.window)
        if used is not None and (bucket := self._asked[1]) is not None:
            bucket.take(used - ticket.tokens, self.clock())
        self._landed(ticket, limits)

    def failed(self, ticket: Ticket, limits: Limits | None = None) -> None:
        """It was not answered, and that says nothing of how busy the server is."""
        self._landed(ticket, limits)

    def pushed_back(self, ticket: Ticket, wait: float | None, limits: Limits | None = None) -> None:
        """The server would not take it now. What was in flight beside it cuts the window no second time."""
        self._turn(ticket)
        if self._pushed >= 0:
            self._pushed += 1
            if self._pushed > self._size * _MANY:
                self._pushed, self._round = -1, self._sent
                self.window = max(1.0, self.window / 2)
        if wait is not None:
            self._until = max(self._until, self.clock() + wait * random.uniform(1, 1.05))
        self._landed(ticket, limits)

    def _turn(self, ticket: Ticket) -> None:
        """A round is over when a request that was sent in it lands."""
        if ticket.number >= self._round:
            self._round, self._pushed, self._size = self._sent, 0, self.flying

    def close(self) -> None:
        """The run is ending: whoever waits goes home."""
        self._closed = True
        self._stir.set()

    def _landed(self, ticket: Ticket, limits: Limits | None) -> None:
        self.flying -= 1
        if limits is not None:
            now = self.clock()
            self._requests.heard(limits.requests, ticket.number, self._sent - ticket.number - 1, now)
            since = self._tokens - ticket.before - ticket.tokens
            self._spent.heard(limits.tokens, ticket.number, since, now)
        self._stir.set()

    def _buckets(self, tokens: float) -> Iterator[tuple[Bucket, float, bool]]:
        """The buckets, what a request takes out of each, and whether it was learned."""
        for learned, (requests, spent) in enumerate((self._asked, (self._requests.bucket, self._spent.bucket))):
            if requests is not None:
                yield requests, 1.0, bool(learned)
            if spent is not None:
                yield spent, tokens, bool(learned)

    def _wait(self, tokens: float) -> float:
        if self.flying and self.flying >= int(self.window):
            return _LONGEST_WAIT  # until one lands
        now, longest = self.clock(), self._until - self.clock()
        for bucket, amount, learned in self._buckets(tokens):
            wait = bucket.wait(amount, now)
            longest = max(longest, min(wait, self._since + self.patience - now) if learned else wait)
        return max(longest, 0.0)

    async def _sleep(self, seconds: float) -> None:
        """Until then, or until something has changed."""
        self._stir.clear()
        timer = asyncio.get_running_loop().call_later(min(seconds, _LONGEST_WAIT), self._stir.set)
        try:
            await self._stir.wait()
        finally:
            timer.cancel()
