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

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from fewshot.errors import BackendError
from fewshot.records import Completion


@dataclass(frozen=True)
class Pace:
    """How hard a server is asked. Changes how fast a run goes and nothing that it says.

    `concurrency`: requests in flight. `attempts`: times one request is sent; `alike`: … while the error stays
    the same word for word (unless it asks us to wait: that is no failure). `base`, `cap`: seconds of
    back-off, first and longest. `patience`: the longest wait in seconds that a server may ask for; one that
    asks for more has failed. `in_a_row`: requests failed for good, one after another, that end a run.
    """

    concurrency: int = 8
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
    retried: Callable[[], None],
) -> Completion:
    """The answer of `send` (an `async def`: tenacity awaits no other), tried as often as it makes sense. `pause`
    waits; `retried` hears of each retry.

    Raises:
        BackendError: the last one, when it was not answered.
    """
    said: list[str] = []

    def again(error: BaseException) -> bool:
        if not isinstance(error, BackendError) or not error.retryable or error.fatal:
            return False
        return error.retry_after is None or error.retry_after <= pace.patience

    def enough(state: RetryCallState) -> bool:
        error = _error(state)
        said.append(str(error))
        waits = error.retry_after is not None or error.status == 429
        same = len(said) >= pace.alike and len(set(said[-pace.alike :])) == 1
        return state.attempt_number >= pace.attempts or (same and not waits)

    def wait(state: RetryCallState) -> float:
        asked = _error(state).retry_after
        if asked is not None:
            return asked + random.uniform(0, 0.1 * asked)
        return random.uniform(0, min(pace.cap, pace.base * 2 ** (state.attempt_number - 1)))

    retrying = AsyncRetrying(
        retry=retry_if_exception(again),
        stop=enough,
        wait=wait,
        sleep=pause,
        before_sleep=lambda _: retried(),
        reraise=True,
    )
    return await retrying(send)


def _error(state: RetryCallState) -> BackendError:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, BackendError) else BackendError(str(error))
