"""When the next request may be sent, so that the server hardly ever has to answer 429; and what follows if it does.

    ticket = await pacer.admit(tokens=900)       # waits until limits and concurrency allow it
    …                                            # send it
    pacer.answered(ticket, used=420, limits=completion.limits)

Limits come from the user (`--rpm`, `--tpm`) and, once the server states them, from its headers. Each limit is a token
bucket, one for requests and one for tokens. A header describes the moment at which the server wrote it, so whatever
was sent since is subtracted.

If the server still pushes back (429, 503, 529), every request waits as long as the server asks. If it pushes back
more than a tenth of a round, the window (the number of requests in flight) is halved; each answered round adds one
to it. That is AIMD, the congestion control of TCP (RFC 5681). All times are those of the monotonic clock: the wall
clock may jump.
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
"""Seconds' worth of a user's limit that may be sent at once. Some servers check a limit per second, not per minute,
so a burst must stay below one second's worth. With 0.9, a server that allows 200 requests a second answered 2,000 of
them with two 429s (docs/benchmarks.md, the row with `--rpm 12000`)."""

_LONGEST_SLEEP = 60.0
"""Seconds after which a waiting request looks again even if nothing changed; only a safety net, a judgement."""

_CONGESTION = 0.1
"""The share of a round that may be pushed back before the window is halved. One stray 503 is not congestion (the soak
test sends one fault in five, of which two in nine are 429 or 503: 4%); a server that is full refuses far more. A
judgement between the two."""

_ROUNDING = 1e-9
"""Amounts below this are rounding errors of the bucket's level, not something to wait for."""

_SPREAD = 1.05
"""Waiting requests come back up to 5% later than the server asks, so that several clients do not come back at once."""


@dataclass(slots=True)
class Bucket:
    """A token bucket: refilled at `rate` per second up to `size`. Its level may be negative, after a correction.

    >>> bucket = Bucket(rate=2.0, size=2.0, level=2.0, at=0.0)
    >>> bucket.take(2, now=0.0); bucket.wait(1, now=0.0), bucket.wait(1, now=0.5)
    (0.5, 0.0)
    """

    rate: float
    size: float
    level: float
    at: float

    def wait(self, amount: float, now: float) -> float:
        """Returns the seconds until `amount` is available; for more than the bucket holds, until it is full."""
        missing = min(amount, self.size) - self._level(now)
        return 0.0 if missing <= _ROUNDING else missing / self.rate

    def take(self, amount: float, now: float) -> None:
        """Takes `amount` out, available or not; a negative amount is put back."""
        self.level, self.at = min(self.size, self._level(now) - amount), now

    def _level(self, now: float) -> float:
        return min(self.size, self.level + (now - self.at) * self.rate)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One admitted request: its number, when it was sent, and the tokens it counts for."""

    number: int
    at: float
    tokens: float
    tokens_before: float  # of all requests admitted before it


@dataclass(slots=True)
class _LearnedLimit:
    """A limit as the server states it. `request`: the number of the request whose answer stated it."""

    bucket: Bucket | None = None
    request: int = -1

    def update(self, allowance: Allowance, number: int, sent_since: float, now: float) -> None:
        """Rebuilds the bucket from the headers of request `number`.

            limit 500, remaining 420, reset 9.6 s, 6 sent since       rate (500 - 420) / 9.6 s = 8.3/s, level 420 - 6

        Args:
            allowance: What the headers say.
            number: The request that they answer.
            sent_since: What requests sent after that one took; the server had not seen those when it wrote.
            now: The present time.
        """
        # Answers overtake each other. The headers of an older request describe an older state: ignore them.
        if allowance.left is None or number < self.request:
            return
        self.request = number
        # A server may state less as the limit than as what is left, or no limit at all; a bucket must hold one request.
        size = max(allowance.most or 0.0, allowance.left, 1.0)
        missing = size - allowance.left
        if allowance.reset and missing >= 1:
            # `reset` is the time until the bucket is full again: OpenAI's buckets refill continuously, so what is
            # missing now comes back within it. With nothing missing, `reset` says nothing about the rate.
            rate = missing / allowance.reset
        elif self.bucket is not None:
            rate = self.bucket.rate
        else:
            rate = size / MINUTE  # limits are per minute unless a server says otherwise
        self.bucket = Bucket(rate, size, allowance.left - sent_since, now)


@dataclass(slots=True)
class Pacer:
    """Admits requests in order of arrival. Belongs to one event loop.

    Args:
        concurrency: The most requests in flight.
        rpm: Requests per minute; `None`: no limit of the user's.
        tpm: Tokens per minute, likewise.
        patience: Seconds after which a request is sent although a learned limit says no: the server knows better
            than our reading of its headers, and a 429 costs nothing. A limit of the user's is never overstepped.
        clock: Seconds, monotonic.
    """

    concurrency: int
    rpm: float | None = None
    tpm: float | None = None
    patience: float = 300.0
    clock: Callable[[], float] = monotonic
    window: float = field(init=False)  # the most in flight now; a float, because it grows by 1/window per answer
    in_flight: int = field(init=False, default=0)
    _paused_until: float = field(init=False, default=0.0)
    _head_since: float = field(init=False)  # when the request at the head of the queue got there
    _sent: int = field(init=False, default=0)
    _tokens: float = field(init=False, default=0.0)
    _round_first: int = field(init=False, default=0)  # the number of the request that began the present round
    _round_size: int = field(init=False, default=0)  # requests in flight when it began
    _round_pushed: int = field(init=False, default=0)  # of these, pushed back; -1: this round has cut the window
    _given: tuple[Bucket | None, Bucket | None] = field(init=False)  # the user's limits: requests, tokens
    _requests: _LearnedLimit = field(init=False, default_factory=_LearnedLimit)
    _tokens_limit: _LearnedLimit = field(init=False, default_factory=_LearnedLimit)
    _queue: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _closed: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.window, self._head_since = float(self.concurrency), self.clock()
        self._given = self._per_minute(self.rpm), self._per_minute(self.tpm)

    def _per_minute(self, limit: float | None) -> Bucket | None:
        if limit is None:
            return None
        size = max(1.0, limit / MINUTE * _BURST_SECONDS)
        return Bucket(limit / MINUTE, size, size, self._head_since)

    async def admit(self, tokens: float = 0.0) -> Ticket | None:
        """Waits until a request of so many tokens may be sent; returns `None` if the run ends instead."""
        if self._queue.locked() or self._wait(tokens) > 0:
            async with self._queue:  # the lock is fair: first come, first served
                self._head_since = self.clock()
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
        self.in_flight += 1
        return ticket

    def answered(self, ticket: Ticket, used: float | None = None, limits: Limits | None = None) -> None:
        """Counts an answer that took `used` tokens; the user's bucket gets back what was estimated beyond that."""
        self._start_round(ticket)
        self.window = min(self.concurrency, self.window + 1 / self.window)  # one more per window of answers
        if used is not None and (bucket := self._given[1]) is not None:
            bucket.take(used - ticket.tokens, self.clock())
        self._land(ticket, limits)

    def failed(self, ticket: Ticket, limits: Limits | None = None) -> None:
        """Counts a try without an answer that says nothing about the load of the server."""
        self._land(ticket, limits)

    def pushed_back(self, ticket: Ticket, wait: float | None, limits: Limits | None = None) -> None:
        """Counts a try that the server refused because of its load. `wait`: seconds that it asks for.

        A round halves the window at most once: requests that were in flight together meet the same congestion.
        """
        self._start_round(ticket)
        if self._round_pushed >= 0:
            self._round_pushed += 1
            if self._round_pushed > self._round_size * _CONGESTION:
                self._round_pushed, self._round_first = -1, self._sent
                self.window = max(1.0, self.window / 2)
        if wait is not None:
            self._paused_until = max(self._paused_until, self.clock() + wait * random.uniform(1, _SPREAD))
        self._land(ticket, limits)

    def _start_round(self, ticket: Ticket) -> None:
        """Starts the next round when a request lands that was sent in the present one (as TCP counts round trips)."""
        if ticket.number >= self._round_first:
            self._round_first, self._round_pushed, self._round_size = self._sent, 0, self.in_flight

    def close(self) -> None:
        """Ends every `admit` that still waits, with `None`."""
        self._closed = True
        self._changed.set()

    def _land(self, ticket: Ticket, limits: Limits | None) -> None:
        self.in_flight -= 1
        if limits is not None:
            now = self.clock()
            self._requests.update(limits.requests, ticket.number, self._sent - ticket.number - 1, now)
            tokens_since = self._tokens - ticket.tokens_before - ticket.tokens
            self._tokens_limit.update(limits.tokens, ticket.number, tokens_since, now)
        self._changed.set()

    def _buckets(self, tokens: float) -> Iterator[tuple[Bucket, float, bool]]:
        """Yields each bucket, what a request takes out of it, and whether its limit is learned."""
        learned_buckets = self._requests.bucket, self._tokens_limit.bucket
        for learned, (requests, spent) in enumerate((self._given, learned_buckets)):
            if requests is not None:
                yield requests, 1.0, bool(learned)
            if spent is not None:
                yield spent, tokens, bool(learned)

    def _wait(self, tokens: float) -> float:
        """Returns the seconds until a request of so many tokens may be sent; 0: now."""
        if self.in_flight and self.in_flight >= int(self.window):
            return _LONGEST_SLEEP  # until a request lands, which wakes the sleeper
        now, longest = self.clock(), self._paused_until - self.clock()
        for bucket, amount, learned in self._buckets(tokens):
            wait = bucket.wait(amount, now)
            longest = max(longest, min(wait, self._head_since + self.patience - now) if learned else wait)
        return max(longest, 0.0)

    async def _sleep(self, seconds: float) -> None:
        """Sleeps so long, or until something changes."""
        self._changed.clear()
        timer = asyncio.get_running_loop().call_later(min(seconds, _LONGEST_SLEEP), self._changed.set)
        try:
            await self._changed.wait()
        finally:
            timer.cancel()
