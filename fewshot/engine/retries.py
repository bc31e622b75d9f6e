"""When a request that was not answered is sent again, and after how long.

    answer = await persist(send, pace, pause=asyncio.sleep, retried=count)

Only what the backend calls retryable is sent again: after the time that the server asks for, else with
exponential back-off and full jitter (a random time up to 1, 2, 4 … 30 s), so that requests which failed
together do not come back together.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from fewshot.errors import BackendError
from fewshot.records import Completion

BUSY = frozenset({429, 503, 529})
"""Statuses with which a server says "not now": it is asked more slowly."""


@dataclass(frozen=True)
class Pace:
    """How hard a server is asked. Changes how fast a run goes and nothing that it says.

    `concurrency`: requests in flight; `rpm`, `tpm`: requests and tokens a minute. `attempts`: times one request is
    sent; `alike`: … while the error stays the same word for word (unless it asks us to wait). "Not now" (429, or 503
    and 529 with Retry-After) is no failure and counts for neither. `base`, `cap`: seconds of back-off, first and
    longest. `patience`: the longest in seconds that a server may ask us to wait, at once or altogether; one that asks
    for more has failed. `in_a_row`: requests failed for good, one after another, that end a run.
    """

    concurrency: int = 8
    rpm: float | None = None
    tpm: float | None = None
    attempts: int = 6
    alike: int = 4
    base: float = 1.0
    cap: float = 30.0
    patience: float = 300.0
    in_a_row: int = 5


async def persist(
    send: Callable[[], Awaitable[Completion]],
    pace: Pace,
    *,
    pause: Callable[[float], Awaitable[None]],
    retried: Callable[[BackendError], None],
) -> Completion:
    """The answer of `send`, tried as often as it makes sense. `pause` waits; `retried` hears of each retry, and what
    it is for.

    Raises:
        BackendError: the last one, when it was not answered.
    """
    try:
        return await send()
    except BackendError as error:  # nearly all are answered at once: tenacity is begun only now
        if not _again(error, pace):
            raise
        return await _retrying(pace, pause, retried)(_after(error, send))


def _after(error: BackendError, send: Callable[[], Awaitable[Completion]]) -> Callable[[], Awaitable[Completion]]:
    """`send`, its first try being the one that ended in `error`."""
    first = [error]

    async def again() -> Completion:
        if first:
            raise first.pop()
        return await send()

    return again


def _retrying(
    pace: Pace, pause: Callable[[float], Awaitable[None]], retried: Callable[[BackendError], None]
) -> AsyncRetrying:
    said: list[BackendError] = []
    since = monotonic()

    def enough(state: RetryCallState) -> bool:
        error = _error(state)
        said.append(error)
        if _not_now(error):
            return monotonic() - since > pace.patience
        failures = [e for e in said if not _not_now(e)]
        last = failures[-pace.alike :]
        same = len(last) == pace.alike and len({str(e) for e in last}) == 1 and error.retry_after is None
        return same or len(failures) >= pace.attempts

    def wait(state: RetryCallState) -> float:
        asked = _error(state).retry_after
        if asked is not None:
            return asked + random.uniform(0, 0.1 * asked)
        return random.uniform(0, min(pace.cap, pace.base * 2 ** (min(state.attempt_number, 32) - 1)))

    return AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, BackendError) and _again(error, pace)),
        stop=enough,
        wait=wait,
        sleep=pause,
        before_sleep=lambda state: retried(_error(state)),
        reraise=True,
    )


def _not_now(error: BackendError) -> bool:
    """Whether the server takes requests, and only not so many: asking again is no try of its own."""
    return error.status == 429 or (error.status in BUSY and error.retry_after is not None)


def _again(error: BackendError, pace: Pace) -> bool:
    if not error.retryable or error.fatal:
        return False
    return error.retry_after is None or error.retry_after <= pace.patience


def _error(state: RetryCallState) -> BackendError:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, BackendError) else BackendError(str(error))
