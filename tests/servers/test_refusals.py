"""Refusals of what we sent, in the words of many servers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fewshot.servers.adapting import Adaptations, Refusal
from fewshot.servers.failures import error_reply

SYSTEM, LEGEND = "Tag the genes.", "The temperature of the seed was 20 °C; stop and system are words."
BODY: dict[str, Any] = {
    "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": LEGEND}],
    "max_tokens": 50,
    "temperature": 0.0,
    "stop": ["\n\n"],
    "seed": 1,
    "response_format": {"type": "json_schema"},
    "stream": False,
}


def learned(status: int, body: Any, sent: dict[str, Any] | None = None) -> dict[str, str]:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    state = Adaptations()
    state.learn(error_reply(status, {}, raw).refusal, BODY if sent is None else sent, state.now())
    return dict(state.now())


def openai(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "change"),
    [
        (400, openai("invalid temperature: only 1 is allowed for this model"), {"temperature": "dropped"}),
        (400, openai("`temperature` is deprecated for this model."), {"temperature": "dropped"}),
        (400, {"type": "error", "error": {"type": "x", "message": "temperature: may not be set"}},
         {"temperature": "dropped"}),
        (400, [{"error": {"code": 400, "status": "INVALID_ARGUMENT",
                          "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'}}],
         {"seed": "dropped"}),
        (400, {"error": "Only user and assistant roles are supported!"}, {"system": "merged into user"}),
        (500, {"error": {"code": 500, "message": "Only user, assistant and tool roles are supported! at row 1"}},
         {"system": "merged into user"}),
        (400, "System role not supported", {"system": "merged into user"}),
        (500, "Jinja Exception: System role not supported", {"system": "merged into user"}),
        (400, openai("Developer instruction is not enabled for models/x"), {"system": "merged into user"}),
        (422, {"detail": [{"loc": ["body", "stop"], "msg": "Extra inputs are not permitted"}]}, {"stop": "dropped"}),
        (400, {"detail": "Unrecognized request argument supplied: stop"}, {"stop": "dropped"}),
        (400, "stop: this endpoint does not take it", {"stop": "dropped"}),
        (422, {"message": "property 'response_format' is unsupported"}, {"response_format": "json_object"}),
        (400, openai("This model does not support response format `json_schema`."), {"response_format": "json_object"}),
        (400, openai("no", "generation_config.seed"), {"seed": "dropped"}),
        (400, openai("Unknown parameter: 'max_tokens'."), {"max_tokens": "max_completion_tokens"}),
        (400, openai("'stream' must be true here"), {"stream": "dropped"}),
    ],
)  # fmt: skip
def test_a_refusal_in_whatever_words_moves_what_it_names(status: int, body: Any, change: dict[str, str]) -> None:
    assert learned(status, body) == change


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, openai("max_tokens is too large: 50000. At most 4096.")),
        (400, {"error": {"message": "max_tokens: 9000 > 8192, which is the maximum"}}),
        (400, openai("The model `seedling` is not ready")),
        (400, openai("messages: at least one is required", "messages")),
        (500, "The temperature of the GPU is high"),
        (500, {"error": {"message": "internal system error"}}),
        (400, f"cannot tokenize: {LEGEND}"),
        (401, openai("temperature is not supported")),
        (429, openai("temperature is not supported")),
        (400, "please stop; the system is overloaded"),
        (400, {}), (400, "[" * 9999), (422, [[[5]]]),
    ],
)  # fmt: skip
def test_what_names_nothing_of_ours_moves_nothing(status: int, body: Any) -> None:
    assert learned(status, body) == {}


def test_what_was_not_sent_is_not_moved() -> None:
    sent = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 5}
    for body in ("temperature is deprecated", "System role not supported", 'Unknown name "seed"'):
        assert learned(400, body, sent) == {}
    assert learned(400, "neither seed nor max_tokens is taken", sent) == {"max_tokens": "max_completion_tokens"}
    assert Refusal("", "", "").status == 400
