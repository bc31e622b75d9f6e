"""One rate limit and one budget for the callers of a server in several processes.

    Shared(backend)  ──admit──►  Permits (one actor: the engine's own pacer and ledger)
                     ◄─ticket──
                     ──settle─►  what it cost, what the server said of its limits

Every try of every request asks for a permit first, as it would pass the gates of the engine in one process; the engine
of each caller keeps its retries. Dollars are counted in one place: the budget is that of the command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from fewshot.backends import PromptedBackend, Reasons
from fewshot.engine.budget import Budget, Cost, Ledger, billed, worst_case
from fewshot.engine.pacing import Pacer, Ticket
from fewshot.engine.prices import Price
from fewshot.engine.retries import BUSY
from fewshot.errors import BackendError
from fewshot.prompt.tokens import estimate_tokens
from fewshot.records import Api, Completion, Limits, Request


@dataclass(frozen=True, slots=True)
class Terms:
    """How much may be asked by all callers together."""

    concurrency: int
    rpm: float | None = None
    tpm: float | None = None
    budget: Budget = field(default_factory=Budget)
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """How a try has ended: what it cost, the limits that the server stated, and whether it said "not now" (`busy`) and
    for how long (`wait`, seconds)."""

    spent: Cost = field(default_factory=Cost)
    limits: Limits | None = None
    answered: bool = False
    busy: bool = False
    wait: float | None = None


class Permits:
    """Hands out permits and counts what is spent. Belongs to one event loop: an actor of Ray has one."""

    def __init__(self, terms: Terms) -> None:
        self._pacer = Pacer(terms.concurrency, terms.rpm, terms.tpm)
        self._ledger = Ledger(terms.budget, terms.price)
        self._open: dict[int, tuple[Ticket, Cost]] = {}

    async def admit(self, most: Cost, tokens: float) -> int | str:
        """A permit to send one request, as a number; or why there is none any more: the budget is used up.

        Args:
            most: What the request can cost.
            tokens: What a rate limit will count, estimated.
        """
        if not await self._ledger.reserve(most):
            return self._ledger.explain(most)
        ticket = await self._pacer.admit(tokens)
        if ticket is None:
            self._ledger.settle(most, Cost())
            return "the job ends"
        self._open[ticket.number] = (ticket, most)
        return ticket.number

    async def settle(self, number: int, how: Settled) -> None:
        """Takes a permit back."""
        ticket, most = self._open.pop(number)
        self._ledger.settle(most, how.spent)
        if how.answered:
            self._pacer.answered(ticket, how.spent.tokens, how.limits)
        elif how.busy:
            self._pacer.pushed_back(ticket, how.wait, how.limits)
        else:
            self._pacer.failed(ticket, how.limits)

    async def spent(self) -> Cost:
        """Tokens so far."""
        return self._ledger.spent


class Desk(Protocol):
    """Where permits are asked for, from another process."""

    async def admit(self, most: Cost, tokens: float) -> int | str: ...
    async def settle(self, number: int, how: Settled) -> None: ...


class Shared:
    """A backend whose every try needs a permit."""

    def __init__(self, inner: PromptedBackend, desk: Desk, out_of_budget: Callable[[str], None]) -> None:
        self.kind: Literal["prompted"] = "prompted"
        self.name, self.model, self.endpoint = inner.name, inner.model, inner.endpoint
        self.api: Api = inner.api
        self.notices: Sequence[str] = inner.notices
        self._inner, self._desk, self._out_of_budget = inner, desk, out_of_budget

    @property
    def reasoning_room(self) -> int:
        """Of the backend, if it reasons."""
        return self._inner.reasoning_room if isinstance(self._inner, Reasons) else 0

    async def answer(self, request: Request) -> Completion:
        """The answer, once a permit is there.

        Raises:
            BackendError: as the backend; or the budget is used up, which no retry changes.
        """
        most = worst_case(request) + Cost(completion=self.reasoning_room)
        permit = await self._desk.admit(most, estimate_tokens(request) + most.completion)
        if isinstance(permit, str):
            self._out_of_budget(permit)
            raise BackendError(permit, fatal=True)
        how = Settled()
        try:
            completion = await self._inner.answer(request)
            how = Settled(billed(completion, most), completion.limits, answered=True)
        except BackendError as error:
            spent = most if error.maybe_paid else Cost()
            how = Settled(spent, error.limits, busy=error.status in BUSY, wait=error.retry_after)
            raise
        finally:  # also when it is cancelled: a permit that stays would block the others
            await asyncio.shield(self._desk.settle(permit, how))
        return completion

    async def close(self) -> None:
        """Closes the backend."""
        await self._inner.close()


@dataclass(slots=True)
class SharedGate:
    """What the callers of one process have in common. `ended`: why no request is sent any more."""

    desk: Desk
    ended: str | None = None

    def __call__(self, backend: PromptedBackend) -> PromptedBackend:
        """The backend behind the desk."""
        return Shared(backend, self.desk, self._end)

    def _end(self, why: str) -> None:
        self.ended = self.ended or why


class RemoteDesk:
    """The desk of an actor of Ray."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    async def admit(self, most: Cost, tokens: float) -> int | str:
        """As `Permits`."""
        found: int | str = await self._actor.admit.remote(most, tokens)
        return found

    async def settle(self, number: int, how: Settled) -> None:
        """As `Permits`."""
        await self._actor.settle.remote(number, how)
