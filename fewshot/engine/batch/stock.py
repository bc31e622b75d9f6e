"""What is still to be sent in batches, and what of it the budget allows.

    taken, reason = stock.take(room)        # [Group(keys)], or why nothing more may be sent

The worst case of a request is reserved when it is submitted and becomes its cost when it is answered, as online, at the
price of batches. What an earlier command submitted was that command's to pay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fewshot.engine.budget import Cost, Ledger, billed, worst_case
from fewshot.engine.job import Job
from fewshot.records import Completion, Request
from fewshot.servers.adapting import Terms

MOST_TIMES = 3
"""Batches that a request may be in for one command: what expires or fails so often will do so again."""


@dataclass(frozen=True, slots=True)
class Group:
    """Requests that are written on the same terms. `roomless`: they fit only without room for a thought."""

    keys: tuple[str, ...]
    roomless: bool = False

    def terms(self, now: Terms) -> Terms:
        """Returns their terms, of those of now."""
        return Terms(now.changes, 0) if self.roomless else now


@dataclass(slots=True)
class Stock:
    """The keys that are not answered yet, in order.

    Attributes:
        pending: Keys that are to be sent.
        failed: Why a request failed for good, by key.
        earlier: Answers that were lost to their thought, by key: their tokens count.
        roomless: Keys that fit only without room for a thought.
    """

    pending: dict[str, None]
    failed: dict[str, str]
    earlier: dict[str, Completion]
    roomless: set[str]
    _worst: dict[str, Cost]
    _reserved: dict[str, Cost]
    _times: dict[str, int]
    _ledger: Ledger = field(repr=False)
    _job: Job = field(repr=False)

    def __init__(self, keys: Iterable[str], requests: Mapping[str, Request], job: Job) -> None:
        self.pending = dict.fromkeys(keys)
        self.failed, self.earlier, self.roomless = {}, {}, set()
        self._worst = {key: worst_case(request) for key, request in requests.items()}
        self._reserved, self._times, self._job = {}, {}, job
        self._ledger = Ledger(job.budget, None if job.price is None else job.price.batch)

    def take(self, room: int) -> tuple[list[Group], str | None]:
        """Takes what may be sent now; says why the first of the others may not. `room`: tokens for a thought."""
        taken: list[str] = []
        reason = None
        for key in self.pending:
            most = self._worst[key] + Cost(completion=0 if key in self.roomless else room)
            if not self._ledger.reserve_now(most):
                reason = self._ledger.explain(most)
                break
            self._reserved[key] = most
            self._times[key] = self._times.get(key, 0) + 1
            taken.append(key)
        for key in taken:
            del self.pending[key]
        groups = [tuple(key for key in taken if (key in self.roomless) is without) for without in (False, True)]
        return [Group(keys, without) for keys, without in zip(groups, (False, True), strict=True) if keys], reason

    def away(self, keys: Iterable[str]) -> None:
        """Takes out what an earlier command submitted."""
        for key in keys:
            self.pending.pop(key, None)

    def back(self, keys: Iterable[str]) -> None:
        """Puts back what a batch did not answer; what comes back too often has failed."""
        for key in keys:
            lost = self.earlier.get(key)
            self._release(key, Cost() if lost is None else billed(lost, Cost()))
            if self._times.get(key, 0) >= MOST_TIMES:
                self.failed[key] = f"not answered in {MOST_TIMES} batches"
            else:
                self.pending[key] = None

    def answered(self, key: str) -> None:
        """A request is recorded."""
        self.pending.pop(key, None)

    def settle(self, key: str, completion: Completion) -> None:
        """A request of a batch is answered: its cost replaces the reservation."""
        if key in self._reserved:
            self._release(key, billed(completion, self._reserved[key]))

    def fail(self, key: str, reason: str) -> None:
        """A request has failed for good."""
        self._release(key, Cost())
        self.pending.pop(key, None)
        self.failed[key] = reason

    def paid_online(self, completion: Completion) -> None:
        """Takes the cost of the request that went online, at the full price, out of the budget."""
        cost, ledger = billed(completion, Cost()), self._ledger
        ledger.spent += cost
        if self._job.price is not None and ledger.price is not None:
            ledger.usd_elsewhere += cost.usd(self._job.price) - cost.usd(ledger.price)

    def _release(self, key: str, spent: Cost) -> None:
        if (most := self._reserved.pop(key, None)) is not None:
            self._ledger.settle(most, spent)
