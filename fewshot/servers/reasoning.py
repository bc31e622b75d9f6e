"""Room to think: how many tokens more than the answer's own limit a model that reasons is sent, learnt for the run.

    limit 728, the server counts 700 reasoning tokens and finishes for "length"  →  room 4,096, and asked again
    the next request is sent max_tokens 4,824; its key and the signature keep 728; adapted: "+4096 for reasoning"

A limit that is meant for the answer is used up by the thought before it. `--reasoning-tokens N` fixes the room; 0 is
none. Without it the room grows with the longest thought so far, up to `MOST_ROOM`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fewshot.records import Completion, Request

LEAST_ROOM = 1024
"""Tokens. Smaller steps would change what is sent (and may be cached) more often, for nothing: only what is used is
paid."""

MOST_ROOM = 32_768
"""Tokens: the first power of two above the 25,000 that OpenAI's guide to its reasoning models recommends to reserve."""

_BEYOND_WHOLE, _BEYOND_CUT = 2, 4
"""Times the thought that was seen: one that ended by itself shows how long thoughts are, one that was cut does not."""

_USED_UP = 0.9
"""Share of a limit from which on "length" means this limit. Less: the server's context has ended, not the room."""

_AMOUNT = re.compile(r"\+\d+ for reasoning")


@dataclass(slots=True)
class Room:
    """Tokens for thoughts, beside each answer's limit. `learns`: whether it grows with what is seen."""

    tokens: int = 0
    learns: bool = True

    @classmethod
    def of(cls, reasoning_tokens: int | None) -> Room:
        """The room that `Options.reasoning_tokens` asks for; `None`: learnt."""
        return cls() if reasoning_tokens is None else cls(reasoning_tokens, learns=False)

    def learn(self, completion: Completion, request: Request, sent: int) -> bool:
        """Grows with an answer that was sent with `sent` tokens of room. True if its thought took what was meant for
        the answer, and there is more room now: asked again it may be answered."""
        thought = completion.reasoning_tokens
        if not self.learns or not thought:
            return False
        limit = request.max_tokens + sent
        used = max(thought, completion.completion_tokens or 0)
        cut = completion.finish_reason == "length" and thought > sent and used >= _USED_UP * limit
        wanted = thought * (_BEYOND_CUT if cut else _BEYOND_WHOLE)
        self.tokens = max(self.tokens, min(MOST_ROOM, max(LEAST_ROOM, 1 << (wanted - 1).bit_length())))
        return cut and self.tokens > sent

    def close(self) -> None:
        """The server takes no larger limit: there is no room, and none is learnt any more."""
        self.tokens, self.learns = 0, False


def described(change: str | None, room: int) -> str:
    """What `adapted` says of a limit that was sent larger than it is meant.

    >>> described("max_completion_tokens", 2048), described(None, 2048)
    ('max_completion_tokens, +2048 for reasoning', '+2048 for reasoning')
    """
    return f"{change}, +{room} for reasoning" if change else f"+{room} for reasoning"


def without_amount(change: str) -> str:
    """The same without the amount, which depends on the order in which answers came: for a signature.

    >>> without_amount("max_completion_tokens, +2048 for reasoning")
    'max_completion_tokens, more for reasoning'
    """
    return _AMOUNT.sub("more for reasoning", change)


def with_tries(completion: Completion, earlier: Completion | None) -> Completion:
    """The completion with the tokens of the tries before it as well: they were paid for."""
    if earlier is None:
        return completion
    return replace(
        completion,
        prompt_tokens=_sum(completion.prompt_tokens, earlier.prompt_tokens),
        completion_tokens=_sum(completion.completion_tokens, earlier.completion_tokens),
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
