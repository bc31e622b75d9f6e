"""One limit for several callers: permits without Ray, in one loop, with the pacer and the ledger of the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from fewshot.annotate.permits import Permits, Settled, SharedGate, Terms
from fewshot.backends import PromptedBackend
from fewshot.engine.budget import Budget, Cost
from fewshot.engine.prices import Price
from fewshot.errors import BackendError
from fewshot.records import Completion, Request, Turn

REQUEST = Request("b", "http://127.0.0.1/v1", "m", "chat", (Turn("user", "Legend: p53"),), None, 50, 0.0)


class Asked:
    """A backend that keeps count."""

    kind, name, model, endpoint, api, notices = "prompted", "b", "m", "http://127.0.0.1/v1", "chat", ()

    def __init__(self, answer: Callable[[], Completion]) -> None:
        self._answer = answer
        self.flying = self.most = self.count = 0

    async def answer(self, request: Request) -> Completion:
        self.flying, self.count = self.flying + 1, self.count + 1
        self.most = max(self.most, self.flying)
        await asyncio.sleep(0.01)
        self.flying -= 1
        return self._answer()

    async def close(self) -> None: ...


def answered() -> Completion:
    return Completion("p53", prompt_tokens=100, completion_tokens=10)


async def ask(backend: PromptedBackend, times: int) -> list[str]:
    async def one() -> str:
        try:
            return (await backend.answer(REQUEST)).text
        except BackendError as error:
            return str(error)

    return await asyncio.gather(*(one() for _ in range(times)))


async def test_callers_share_what_may_be_in_flight() -> None:
    permits, backend = Permits(Terms(3)), Asked(answered)
    callers = [SharedGate(permits)(backend) for _ in range(4)]  # type: ignore[arg-type]
    await asyncio.gather(*(ask(caller, 5) for caller in callers))
    assert (backend.count, backend.most) == (20, 3)
    assert await permits.spent() == Cost(2000, 200)


async def test_callers_share_one_rate() -> None:
    permits, backend = Permits(Terms(50, rpm=1200)), Asked(answered)  # 20 a second, of which 18 at once
    began = time.monotonic()
    await asyncio.gather(*(ask(SharedGate(permits)(backend), 10) for _ in range(4)))  # type: ignore[arg-type]
    assert 1.0 <= time.monotonic() - began < 5


async def test_a_budget_ends_all_callers() -> None:
    budget, price = Budget(usd=1.0), Price(1000.0, 1000.0, "", "")  # $0.11 an answer
    permits, backend = Permits(Terms(1, budget=budget, price=price)), Asked(answered)
    gates = [SharedGate(permits) for _ in range(2)]
    said = await asyncio.gather(*(ask(gate(backend), 10) for gate in gates))  # type: ignore[arg-type]
    assert 5 <= backend.count < 10
    assert await permits.spent() == Cost(100 * backend.count, 10 * backend.count)
    assert all(gate.ended is not None and "of the budget of $1 is left" in gate.ended for gate in gates)
    assert sum(answer == "p53" for answers in said for answer in answers) == backend.count


@pytest.mark.parametrize("maybe_paid", [False, True])
async def test_what_failed_gives_its_permit_back(maybe_paid: bool) -> None:
    def fail() -> Completion:
        raise BackendError("no", status=503, maybe_paid=maybe_paid)

    permits = Permits(Terms(1))
    backend = SharedGate(permits)(Asked(fail))  # type: ignore[arg-type]
    assert await asyncio.wait_for(ask(backend, 3), 5) == ["no"] * 3
    assert (await permits.spent()).tokens > 0 if maybe_paid else (await permits.spent()) == Cost()


async def test_a_caller_that_is_cancelled_gives_its_permit_back() -> None:
    permits = Permits(Terms(1))
    backend = SharedGate(permits)(Asked(answered))  # type: ignore[arg-type]
    flying = asyncio.create_task(backend.answer(REQUEST))
    await asyncio.sleep(0.005)
    flying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flying
    assert await asyncio.wait_for(ask(backend, 1), 5) == ["p53"]


def test_what_is_settled_costs_nothing_unless_it_says() -> None:
    assert Settled().spent == Cost()
