"""Whether a request that was not answered is sent again, and after how long.

    answer = await persist(send, pace, pause=asyncio.sleep, retried=count)

Only errors that the backend calls retryable are retried: after the time that the server asks for or after an
exponential back-off with full jitter (a random time up to 1, 2, 4 … 30 s), whichever is longer. A server that says
"again in 0 s" is thus not asked again at once, and requests which failed together do not come back together
(https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from fewshot.errors import BackendError
from fewshot.records import Completion

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState

BUSY = frozenset({429, 503, 529})
"""Statuses with which a server says "not now" (529: Anthropic's "overloaded"): the pacer slows down."""

_RETRY_AFTER_SPREAD = 0.1
"""A retry comes up to 10% later than Retry-After asks, so that retries do not come all at once. A judgement."""

_LARGEST_EXPONENT = 31
"""Back-off doubles at most so often; `cap` ends it long before. It only keeps 2**n small: 429s are not counted as
tries, so that there may be thousands of them."""


@dataclass(frozen=True)
class Pace:
    """How hard a server is pressed. Changes how fast a run goes, never its results.

    "Not now" (429, or 503 and 529 with Retry-After) is not a failure and counts for neither `attempts` nor `alike`.

    Args:
        concurrency: The most requests in flight.
        rpm: Requests per minute; `None`: as the server allows.
        tpm: Tokens per minute, likewise.
        attempts: Failures after which a request has failed for good.
        alike: … if the last so many errors are the same word for word and do not ask us to wait: a deterministic
            500 stays one, however often it is sent.
        base: The longest first back-off, in seconds; it doubles with each try.
        cap: The longest back-off, in seconds.
        patience: Seconds that a server may ask us to wait, at once or in all; a longer wait is a failure. A run in
            which nothing was answered for so long ends.
        grace: Seconds that requests in flight may take to end after SIGTERM, or after a run has given up.
        in_a_row: Requests failed for good, one after another, that end the run: the server is down, and asking
            thousands more would only take time.

    The defaults of `attempts` to `in_a_row` are judgements: patient enough for a server that restarts, short enough
    that a person notices.
    """

    concurrency: int = 8
    rpm: float | None = None
    tpm: float | None = None
    attempts: int = 6
    alike: int = 4
    base: float = 1.0
    cap: float = 30.0
    patience: float = 300.0
    grace: float = 10.0
    in_a_row: int = 5


async def persist(
    send: Callable[[], Awaitable[Completion]],
    pace: Pace,
    *,
    pause: Callable[[float], Awaitable[None]],
    retried: Callable[[BackendError], None],
) -> Completion:
    """Returns the answer of `send`, retried as `pace` says.

    Args:
        send: Sends the request once.
        pace: How often, and how long in all.
        pause: Waits so many seconds.
        retried: Called before each retry, with the error that causes it.

    Raises:
        BackendError: The last one, if the request was not answered.
    """
    try:
        return await send()
    except BackendError as error:
        # tenacity starts only here: 99 of 100 requests are answered at once and need none of its bookkeeping.
        if not _is_worth_retrying(error, pace):
            raise
        return await _retrying(pace, pause, retried)(_failed_once(error, send))


def _failed_once(error: BackendError, send: Callable[[], Awaitable[Completion]]) -> Callable[[], Awaitable[Completion]]:
    """Returns `send` with `error` as the outcome of its first call, so that tenacity counts the try already made."""
    first = [error]

    async def resend() -> Completion:
        if first:
            raise first.pop()
        return await send()

    return resend


def _retrying(
    pace: Pace, pause: Callable[[float], Awaitable[None]], retried: Callable[[BackendError], None]
) -> AsyncRetrying:
    from tenacity import AsyncRetrying, retry_if_exception

    failures: list[BackendError] = []
    start = monotonic()

    def is_enough(state: RetryCallState) -> bool:
        error = _error(state)
        if _is_not_now(error):
            return monotonic() - start > pace.patience
        failures.append(error)
        last = failures[-pace.alike :]
        same = len(last) == pace.alike and len({str(e) for e in last}) == 1 and error.retry_after is None
        return same or len(failures) >= pace.attempts

    def wait(state: RetryCallState) -> float:
        doublings = min(state.attempt_number - 1, _LARGEST_EXPONENT)
        back_off = random.uniform(0, min(pace.cap, pace.base * 2**doublings))
        retry_after = _error(state).retry_after
        if not retry_after:
            return back_off
        return max(retry_after + random.uniform(0, _RETRY_AFTER_SPREAD * retry_after), back_off)

    return AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, BackendError) and _is_worth_retrying(error, pace)),
        stop=is_enough,
        wait=wait,
        sleep=pause,
        before_sleep=lambda state: retried(_error(state)),
        reraise=True,
    )


def _is_not_now(error: BackendError) -> bool:
    """Returns whether the server works but takes fewer requests: sending again does not count as a try."""
    return error.status == 429 or (error.status in BUSY and error.retry_after is not None)


def _is_worth_retrying(error: BackendError, pace: Pace) -> bool:
    if not error.retryable or error.fatal:
        return False
    return error.retry_after is None or error.retry_after <= pace.patience


def _error(state: RetryCallState) -> BackendError:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, BackendError) else BackendError(str(error))
