"""A backend that does what a test has written down for it: no server, no time.

Scripted(lambda id, n: busy(n) if n <= 2 else None)      # each request is refused twice, then answered
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from fewshot.engine import Pace
from fewshot.errors import BackendError
from fewshot.records import Api, Completion, Example, Request, Turn

QUICK = Pace(concurrency=4, base=0.001, cap=0.002)


def asked(id: str, text: str | None = None) -> Request:
    turns = (Turn("user", text or f"legend of {id}"),)
    return Request("fake", None, "m", "chat", turns, None, 9, 0.0, id=id, demonstrations=(Example("d", "d", ""),))


class Scripted:
    """Answers with the id; before that, raises what the script has for the id, one error a try."""

    kind: Literal["prompted"] = "prompted"
    name, model = "fake", "m"
    endpoint: str | None = None
    api: Api = "chat"
    notices: Sequence[str] = ()

    def __init__(self, script: Callable[[str, int], Exception | None] = lambda name, n: None, wait: float = 0) -> None:
        self.script, self.wait = script, wait
        self.tries: Counter[str] = Counter()
        self.flying = self.most = 0
        self.closed = False

    async def answer(self, request: Request) -> Completion:
        self.tries[request.id] += 1
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            await asyncio.sleep(self.wait)
            if error := self.script(request.id, self.tries[request.id]):
                raise error
        finally:
            self.flying -= 1
        return Completion(request.id, prompt_tokens=2, completion_tokens=1)

    async def close(self) -> None:
        self.closed = True


def busy(n: int, **more: object) -> BackendError:
    return BackendError(f"busy {n}", retryable=True, **more)  # type: ignore[arg-type]
