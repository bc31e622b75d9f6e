"""`rules`: the embedded baseline. Rules of legends and what the demonstrations show; no weights, no server, no key.

It is a prompted backend like any other: it answers from a request's demonstrations and query, in the requested format.
Beside general rules of how legends are written it knows only what the demonstrations teach (surfaces, their roles).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from fewshot import formats
from fewshot.backends import PROMPT, Options
from fewshot.backends.rules import causal, entities, panels, roles
from fewshot.records import Api, Completion, Kind, Request, Value

HEEDS = PROMPT
MODEL = "rules-2"
"""The version of the rules, part of every request's key: raise it with any change that alters an answer."""


class Rules:
    """Answers from rules."""

    kind: Literal["prompted"] = "prompted"
    name = "rules"
    model = MODEL
    endpoint: str | None = None
    api: Api = "chat"
    notices: Sequence[str] = ()

    async def answer(self, request: Request) -> Completion:
        """Returns the rules' value, written in the requested format."""
        start = time.perf_counter()
        answer_format = formats.get(request.format, request.scheme.kind)
        text = answer_format.render(request.query.text, predict(request), request.scheme)
        return Completion(text, seconds=round(time.perf_counter() - start, 6))

    async def close(self) -> None:
        """Does nothing: there is no connection."""


def predict(request: Request) -> Value:
    """Returns the rules' value for a request's query. They read its text, never its annotations."""
    return _RULES[request.scheme.kind](request)


_RULES: Mapping[Kind, Callable[[Request], Value]] = {
    "panels": lambda request: panels.find(request.query.text),
    "entities": lambda request: entities.find(request.query.text, request.demonstrations, request.scheme.labels),
    "roles": lambda request: roles.find(
        request.query.text, request.scheme.given, request.demonstrations, request.scheme.labels
    ),
    "hypothesis": lambda request: causal.find(request.query.text, request.demonstrations, request.scheme.labels),
}
"""The rules for each kind of value, whichever task has it."""


def open_backend(options: Options) -> Rules:
    """Returns the rules; no option changes them."""
    del options
    return Rules()
