"""Bodies of a 200 that are streams, and how an answer ends."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fewshot.errors import BackendError
from fewshot.records import Completion, Request, Turn
from fewshot.servers.failures import AnswerError
from fewshot.servers.reading import read_completion
from fewshot.servers.secrets import Redactor

ASKED = Request("gpt3", None, "m", "chat", (Turn("user", "u"),), None, 50, 0.0)


def read(content: str | bytes, asked: Request = ASKED) -> Completion:
    raw = content if isinstance(content, bytes) else content.encode()
    return read_completion(raw, asked, 1.0, {}, Redactor.of())


def event(text: str | None = None, finish: str | None = None, /, usage: dict[str, int] | None = None) -> str:
    choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice]} | ({'usage': usage} if usage else {}))}"


def whole(finish: object = "stop", text: str | None = "p53", **more: Any) -> str:
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": finish, **more}]})


USAGE: dict[str, dict[str, int]] = {"usage": {"prompt_tokens": 7, "completion_tokens": 2}}


@pytest.mark.parametrize(
    "lines",
    [
        [event("p5"), "", event("3"), "", event(None, "stop", **USAGE), "", "data: [DONE]", ""],
        [event("p5"), event("3"), event(None, "stop", **USAGE), "data: [DONE]"],
        [": OPENROUTER PROCESSING", "", event("p5"), "", ": still", "", event("3", "stop", **USAGE)],
        ["event: message", "id: 1", event("p53"), "", event(None, "stop"), "",
         f"data: {json.dumps({'choices': [], **USAGE})}", "", "data: [DONE]"],
        [event("p53", **USAGE).replace("data: ", "data:"), "", "data:[DONE]", ""],
        ['data: {"choices": [{"delta":', 'data: {"content": "p53"}}],'.replace('{"', '{ "', 1),
         'data: "usage": {"prompt_tokens": 7, "completion_tokens": 2}}', "", "data: [DONE]"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_stream_is_joined(lines: list[str], end: str) -> None:
    found = read(end.join(lines))
    assert (found.text, found.finish_reason, found.prompt_tokens, found.completion_tokens) == ("p53", "stop", 7, 2)


def test_thoughts_refusals_and_reasons_of_a_stream() -> None:
    thought = json.dumps({"choices": [{"delta": {"reasoning_content": "Let me see."}}]})
    found = read(f"data: {thought}\n\n{event('p53', 'length')}\n\ndata: [DONE]")
    assert (found.text, found.finish_reason, bool(found.reasoning_tokens)) == ("p53", "length", True)
    refusal = json.dumps({"choices": [{"delta": {"refusal": "No."}, "finish_reason": "stop"}]})
    assert read(f"data: {refusal}\n\ndata: [DONE]").finish_reason == "refused"
    plain = json.dumps({"choices": [{"text": "p53", "finish_reason": "stop"}]})
    assert read(f"data: {plain}\n\ndata: [DONE]", replace(ASKED, api="completions")).text == "p53"


@pytest.mark.parametrize("tail", ["\n\ndata: [DONE]\n\n", "data: [DONE]", "\n[DONE]", "\n", ""])
def test_an_answer_with_the_end_of_a_stream(tail: str) -> None:
    assert read(whole() + tail).text == "p53"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (event("p53"), "ends before the answer"),
        (f'{event("p5")}\n\ndata: {{"choices": [{{"del', "broken JSON"),
        (whole() + whole(), "broken JSON"),
        (whole() + "data: more", "broken JSON"),
        (": nothing but comments\n\n", "ends before"),
        ("data: [DONE]", "without a choice"),
        ("data: " + "[" * 50_000 + "\n\n", "broken JSON"),
    ],
)
def test_a_stream_that_is_cut_may_be_asked_again(content: str, words: str) -> None:
    with pytest.raises(BackendError, match=words) as caught:
        read(content)
    assert (caught.value.retryable, caught.value.maybe_paid, caught.value.fatal) == (True, True, False)


def test_encodings() -> None:
    assert read(b"\xef\xbb\xbf" + whole().encode()).text == "p53"
    assert read(whole().encode("utf-16")).text == "p53"


# Why an answer ends


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        (None, "stop"), ("", "stop"), ("stop", "stop"), ("eos_token", "stop"), ("end_turn", "stop"), ("STOP", "stop"),
        ("stop_sequence", "stop"), ("FINISH_REASON_STOP", "stop"), ("tool_calls", "stop"), ("length", "length"),
        ("max_tokens", "length"), ("MAX_TOKENS", "length"), ("model_length", "length"), ("content_filter", "refused"),
        ("content-filter", "refused"), ("SAFETY", "refused"), ("refusal", "refused"),
    ],
)  # fmt: skip
def test_known_reasons_end_an_answer(reason: str | None, finish: str) -> None:
    assert read(whole(reason)).finish_reason == finish


@pytest.mark.parametrize(
    "reason",
    ["error", "insufficient_system_resource", "abort", "network_error", "cancelled", "whatever", 5, True, ["stop"], {}],
)
def test_other_reasons_are_failures(reason: object) -> None:
    with pytest.raises(BackendError, match="not the end of an answer") as caught:
        read(whole(reason))
    assert (caught.value.retryable, caught.value.maybe_paid) == (True, True)


# Errors under HTTP 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429, "message": "slow"}, 429), ({"code": "402", "message": "pay"}, 402),
        ({"status": 503, "message": "x"}, 503), ({"code": "rate_limit_exceeded"}, 429),
        ({"code": 8, "status": "RESOURCE_EXHAUSTED"}, 429), ({"type": "authentication_error"}, 401),
        ({"type": "overloaded_error"}, 503), ({"message": "upstream died"}, 200), ("upstream died", 200), ([1], 200),
        ({"code": True, "message": "x", "loc": 5}, 200), ({"code": 99}, 200),
    ],
)  # fmt: skip
@pytest.mark.parametrize("beside", [False, True])
def test_an_error_has_the_status_that_it_says(error: object, status: int, beside: bool) -> None:
    content = whole(text="half an answer", error=error) if beside else json.dumps({"error": error, "choices": []})
    with pytest.raises(AnswerError) as caught:
        read(content)
    assert (caught.value.reply.status, caught.value.retryable) == (status, True)


def test_an_error_that_is_null_is_none() -> None:
    assert read(whole(error=None)).text == "p53"
    assert read(whole()[:-1] + ', "error": null}').text == "p53"


def test_an_error_in_a_stream() -> None:
    with pytest.raises(AnswerError) as caught:
        read(f"{event('p5')}\n\ndata: {json.dumps({'error': {'code': 502, 'message': 'gone'}})}\n\ndata: [DONE]")
    assert caught.value.reply.status == 502
