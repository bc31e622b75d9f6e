"""Room for thoughts: the tokens that a model which reasons is sent beside the answer's limit, learned for the run.

    limit 728, the server counts 700 reasoning tokens and finishes for "length"  →  room 4,096, and sent again
    the next request is sent max_tokens 4,824; its key and the signature keep 728; adapted: "+4096 for reasoning"

A thought uses up the limit that is meant for the answer behind it. `--reasoning-tokens N` fixes the room; 0 is no
room. Without the flag the room grows with the longest thought so far, up to `MOST_ROOM`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fewshot.records import Completion, Request

LEAST_ROOM = 1024
"""Tokens. Smaller steps would change what is sent (and may be cached) more often, and save nothing: only the tokens
that are used are billed."""

MOST_ROOM = 32_768
"""Tokens: the first power of two above the 25,000 that OpenAI's guide to its reasoning models recommends to reserve."""

_BEYOND_WHOLE, _BEYOND_CUT = 2, 4
"""Multiples of the longest thought: one that ended by itself shows how long thoughts are, one that was cut off does
not. Judgements."""

_USED_UP = 0.9
"""Share of a limit from which on "length" means this limit; below it, the context of the server has ended instead. A
judgement."""

_AMOUNT = re.compile(r"\+\d+ for reasoning")


@dataclass(slots=True)
class Room:
    """The tokens for thoughts beside each answer's limit. `learns`: whether they grow with the thoughts of answers."""

    tokens: int = 0
    learns: bool = True

    @classmethod
    def of(cls, reasoning_tokens: int | None) -> Room:
        """Returns the room for `Options.reasoning_tokens`; `None`: it is learned."""
        return cls() if reasoning_tokens is None else cls(reasoning_tokens, learns=False)

    def learn(self, completion: Completion, request: Request, sent: int) -> bool:
        """Grows with an answer to a request that was sent with `sent` tokens of room.

        Returns whether the thought used up the answer's tokens and there is more room now, so that the same request
        may be answered if it is sent again.
        """
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
        """Gives up the room for good: the server accepts no larger limit."""
        self.tokens, self.learns = 0, False


def described(change: str | None, room: int) -> str:
    """Returns what `adapted` says of a limit that was sent with room.

    >>> described("max_completion_tokens", 2048), described(None, 2048)
    ('max_completion_tokens, +2048 for reasoning', '+2048 for reasoning')
    """
    return f"{change}, +{room} for reasoning" if change else f"+{room} for reasoning"


def without_amount(change: str) -> str:
    """Returns a change without the amount, which depends on the order of answers: for a signature.

    >>> without_amount("max_completion_tokens, +2048 for reasoning")
    'max_completion_tokens, more for reasoning'
    """
    return _AMOUNT.sub("more for reasoning", change)


def with_tries(completion: Completion, earlier: Completion | None) -> Completion:
    """Returns the completion with the tokens of the tries before it added: they are billed too."""
    if earlier is None:
        return completion
    return replace(
        completion,
        prompt_tokens=_sum(completion.prompt_tokens, earlier.prompt_tokens),
        completion_tokens=_sum(completion.completion_tokens, earlier.completion_tokens),
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
