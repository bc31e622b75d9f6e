"""Rules of legends, and what the demonstrations show: the embedded baseline. No weights, no server, no key.

A prompted backend like any other: from a request's demonstrations and query it answers in the format asked. What the
demonstrations teach (surface forms, verb cues) is all it knows beside general rules of how legends are written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from fewshot import formats
from fewshot.backends import Options
from fewshot.backends.rules import causal, entities, panels, roles
from fewshot.records import Api, Completion, Kind, Request, Value

MODEL = "rules-2"
"""Version of the rules: raised whenever they would answer differently."""


class Rules:
    """Answers from rules."""

    kind: Literal["prompted"] = "prompted"
    name = "rules"
    model = MODEL
    endpoint: str | None = None
    api: Api = "chat"
    notices: Sequence[str] = ()

    async def answer(self, request: Request) -> Completion:
        """The rules' value, written in the format asked."""
        began = time.perf_counter()
        chosen = formats.get(request.format, request.scheme.kind)
        text = chosen.render(request.query.text, predict(request), request.scheme)
        return Completion(text, seconds=round(time.perf_counter() - began, 6))

    async def close(self) -> None:
        """Nothing to let go of."""


def predict(request: Request) -> Value:
    """What the rules say of a request's query. They read its text, never its labels."""
    return _RULES[request.scheme.kind](request)


_RULES: Mapping[Kind, Callable[[Request], Value]] = {
    "panels": lambda asked: panels.find(asked.query.text),
    "entities": lambda asked: entities.find(asked.query.text, asked.demonstrations, asked.scheme.labels),
    "roles": lambda asked: roles.find(asked.query.text, asked.scheme.given, asked.demonstrations, asked.scheme.labels),
    "hypothesis": lambda asked: causal.find(asked.query.text, asked.demonstrations, asked.scheme.labels),
}
"""The rules for each kind of value, whichever task has it."""


def open_backend(options: Options) -> Rules:
    """The rules; nothing in `options` changes them."""
    del options
    return Rules()
