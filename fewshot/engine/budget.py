"""The most that a run may spend, in dollars or tokens, and what it has spent so far.

    if await ledger.reserve(most):        # fits beside everything in flight, even at its worst
        …
        ledger.settle(most, spent)        # the actual cost replaces the reservation

A request is sent only if its worst case fits into what is left after the worst cases of all requests in flight. If it
does not fit, it waits for those: most of them cost less than their worst case.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fewshot.engine.prices import Price
from fewshot.records import Completion, Request

_FRAME_TOKENS = 128
"""Tokens that a chat template may write around a prompt (a default system text, the opening of the answer). A
judgement with a wide margin, not a measurement: no bound is known for templates."""

_FRAME_PER_TURN = 8
"""… and around each turn (role markers and line breaks). A judgement as well."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that one command may spend; `None`: no limit. `usd` needs a price."""

    usd: float | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Prompt tokens and completion tokens.

    >>> Cost(100, 10) + Cost(1, 1)
    Cost(prompt=101, completion=11)
    """

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.prompt + other.prompt, self.completion + other.completion)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.prompt - other.prompt, self.completion - other.completion)

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt + self.completion

    def usd(self, price: Price) -> float:
        """Returns the cost in dollars."""
        return price.of(self.prompt, self.completion)


def worst_case(request: Request) -> Cost:
    """Returns the most tokens that a request can cost.

    Byte-level tokenizers never make more tokens of a text than it has UTF-8 bytes, so the bytes of the prompt, plus
    a frame for the chat template, bound the prompt tokens; `longest_answer` bounds the rest.
    """
    texts = [request.prompt or "", *(turn.content for turn in request.turns or ())]
    if request.schema is not None:
        texts.append(repr(request.schema))
    frame = _FRAME_TOKENS + _FRAME_PER_TURN * len(request.turns or ())
    return Cost(sum(len(text.encode("utf-8", "replace")) for text in texts) + frame, longest_answer(request))


def longest_answer(request: Request) -> int:
    """Returns the most completion tokens of a request; parameters from `--extra` override our own."""
    overrides = [request.extra.get(name) for name in ("max_tokens", "max_completion_tokens")]
    most = max([value for value in overrides if isinstance(value, int)], default=request.max_tokens)
    choices = request.extra.get("n")
    return most * (choices if isinstance(choices, int) and choices > 0 else 1)


def billed(completion: Completion, most: Cost) -> Cost:
    """Returns what an answer cost by the server's count; a count that the server leaves out is taken from `most`."""
    prompt, answer = completion.prompt_tokens, completion.completion_tokens
    return Cost(most.prompt if prompt is None else prompt, most.completion if answer is None else answer)


@dataclass(slots=True)
class Ledger:
    """A budget in use. Belongs to one event loop. `usd_elsewhere`: dollars of `spent` beyond what `price` says."""

    budget: Budget
    price: Price | None = None
    spent: Cost = Cost()
    usd_elsewhere: float = 0.0
    reserved: Cost = Cost()
    _in_flight: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    async def reserve(self, most: Cost) -> bool:
        """Reserves the worst case of a request; waits while requests in flight may still leave enough.

        Returns `False` if the budget is used up or the run ends.
        """
        while not self._fits(most):
            # With nothing in flight no reservation can shrink any more: waiting would never end.
            if self._closed or not self._in_flight:
                return False
            self._changed.clear()
            await self._changed.wait()
        self._in_flight += 1
        self.reserved += most
        return True

    def reserve_now(self, most: Cost) -> bool:
        """Reserves the worst case of a request if it fits; waits for nothing."""
        if not self._fits(most):
            return False
        self._in_flight += 1
        self.reserved += most
        return True

    def settle(self, most: Cost, spent: Cost) -> None:
        """Replaces the reservation `most` by the actual cost `spent`."""
        self._in_flight -= 1
        self.reserved -= most
        self.spent += spent
        self._changed.set()

    def close(self) -> None:
        """Ends every `reserve` that still waits, with `False`."""
        self._closed = True
        self._changed.set()

    def _fits(self, most: Cost) -> bool:
        total = self.spent + self.reserved + most
        if self.budget.tokens is not None and total.tokens > self.budget.tokens:
            return False
        if self.budget.usd is None or self.price is None:
            return True
        return total.usd(self.price) + self.usd_elsewhere <= self.budget.usd

    def explain(self, most: Cost) -> str:
        """Says why a request does not fit: what is left, and what the request may cost."""
        if self.budget.usd is not None and self.price is not None:
            left = self.budget.usd - self.spent.usd(self.price) - self.usd_elsewhere
            needs = most.usd(self.price)
            if needs > left:
                return (
                    f"${left:.4f} of the budget of ${self.budget.usd:g} is left; the next request may cost ${needs:.4f}"
                )
        tokens = self.budget.tokens or 0
        left_tokens = tokens - self.spent.tokens
        return f"{left_tokens:,} of the budget of {tokens:,} tokens are left; the next request may take {most.tokens:,}"
