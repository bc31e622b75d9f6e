"""What a run may spend, in dollars or tokens, and what it has spent.

    if await purse.reserve(worst):        # fits beside everything in flight, whatever that comes to
        …
        purse.settle(worst, spent)        # what it came to in the end

A request goes only if the worst that it can cost fits into what is left after the worst of all in flight. Where it
does not, those in flight are waited for: most of them cost less than their worst.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fewshot.engine.prices import Price
from fewshot.records import Completion, Request

_FRAME_TOKENS = 128
"""What chat templates write around a prompt, and around each of its turns a sixteenth of that."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that one command may spend; `None`: as much as it takes. `usd` needs a price."""

    usd: float | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens in and out.

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
        """Both together."""
        return self.prompt + self.completion

    def usd(self, price: Price) -> float:
        """Dollars."""
        return price.of(self.prompt, self.completion)


def worst(request: Request) -> Cost:
    """The most tokens that a request can take: no tokenizer makes more tokens of a text than it has bytes."""
    texts = [request.prompt or "", *(turn.content for turn in request.turns or ())]
    if request.schema is not None:
        texts.append(repr(request.schema))
    frame = _FRAME_TOKENS + _FRAME_TOKENS // 16 * len(request.turns or ())
    return Cost(sum(len(text.encode("utf-8", "replace")) for text in texts) + frame, answer(request))


def answer(request: Request) -> int:
    """The most tokens of an answer: `--extra` may have the last word."""
    named = [request.extra.get(name) for name in ("max_tokens", "max_completion_tokens")]
    most = max([value for value in named if isinstance(value, int)], default=request.max_tokens)
    each = request.extra.get("n")
    return most * (each if isinstance(each, int) and each > 0 else 1)


def told(completion: Completion, most: Cost) -> Cost:
    """What an answer took, as its server says; of what it does not say, the worst."""
    prompt, said = completion.prompt_tokens, completion.completion_tokens
    return Cost(most.prompt if prompt is None else prompt, most.completion if said is None else said)


@dataclass(slots=True)
class Purse:
    """A budget in use. One event loop uses it."""

    budget: Budget
    price: Price | None = None
    spent: Cost = Cost()
    reserved: Cost = Cost()
    _flying: int = 0
    _stir: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    async def reserve(self, most: Cost) -> bool:
        """Whether the request may go: waits while what is in flight may still leave enough. False: the budget is at
        its end, or the run is."""
        while not self._fits(most):
            if self._closed or not self._flying:
                return False
            self._stir.clear()
            await self._stir.wait()
        self._flying += 1
        self.reserved += most
        return True

    def settle(self, most: Cost, spent: Cost) -> None:
        """What was reserved has come to this."""
        self._flying -= 1
        self.reserved -= most
        self.spent += spent
        self._stir.set()

    def close(self) -> None:
        """The run is ending: whoever waits goes home."""
        self._closed = True
        self._stir.set()

    def _fits(self, most: Cost) -> bool:
        total = self.spent + self.reserved + most
        if self.budget.tokens is not None and total.tokens > self.budget.tokens:
            return False
        return self.budget.usd is None or self.price is None or total.usd(self.price) <= self.budget.usd

    def explain(self, most: Cost) -> str:
        """Why the run ends: what is left, and what the next request might cost."""
        if self.budget.usd is not None and self.price is not None:
            left, needs = self.budget.usd - self.spent.usd(self.price), most.usd(self.price)
            if needs > left:
                return (
                    f"${left:.4f} of the budget of ${self.budget.usd:g} is left; the next request may cost ${needs:.4f}"
                )
        tokens = self.budget.tokens or 0
        left_tokens = tokens - self.spent.tokens
        return f"{left_tokens:,} of the budget of {tokens:,} tokens are left; the next request may take {most.tokens:,}"
