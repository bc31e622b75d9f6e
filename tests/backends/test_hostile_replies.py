"""Whatever a server sends: an answer or a failed request with its reason, never an exception of another kind, and never
a line that cannot be read back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fewshot.backends import Options, PromptedBackend, open_backend
from fewshot.cassette.as_json import completion_from_json, completion_to_json
from fewshot.errors import BackendError
from fewshot.records import Completion, Request, Turn
from tests.servers import openai_server as faults
from tests.servers.openai_server import Fault
from tests.servers.tgi_server import TgiServer

DEEP = b"[" * 100_000
NESTED: Any = "x"
for _ in range(500):
    NESTED = [NESTED]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "HF_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def opened(which: str, server: TgiServer, **options: Any) -> PromptedBackend:
    name, _, api = which.partition("-")
    url = server.base_url if name == "gpt3" else server.url
    given = Options(task="ner", model="m", base_url=url, api="chat" if api else None, **options)
    backend = open_backend(name, given)
    assert backend.kind == "prompted"
    return backend


def request_for(backend: PromptedBackend, text: str = "p53 binds MDM2.") -> Request:
    chat = backend.api == "chat"
    turns = (Turn("system", "Tag."), Turn("user", text)) if chat else None
    return Request(backend.name, None, "m", backend.api, turns, None if chat else text, 50, 0.0, seed=1)


async def outcome(which: str, *scripted: Fault) -> Completion | BackendError:
    with TgiServer(answers="p53", faults=scripted) as server:
        backend = opened(which, server)
        try:
            return await backend.answer(request_for(backend))
        except BackendError as error:
            return error
        finally:
            await backend.close()


def chat(message: Any, **more: Any) -> Any:
    return {"choices": [{"message": message, "finish_reason": "stop"}], **more}


ANSWER = {"content": "p53"}
BODIES: list[Any] = [
    5, None, "text", [], [5], {}, NESTED,
    {"choices": 5}, {"choices": {}}, {"choices": [5]}, {"choices": [NESTED]}, {"choices": [{}]},
    chat(5), chat([]), chat(None), chat({"content": 5}), chat({"content": {"a": 1}}), chat({"content": [5, None]}),
    chat(ANSWER, usage={"prompt_tokens": "7", "completion_tokens": {}}), chat(ANSWER, usage="many"),
    chat(ANSWER, usage={"prompt_tokens": -5, "completion_tokens": 5.5}),
    chat(ANSWER, usage={"completion_tokens_details": NESTED, "prompt_tokens": True}),
    {"choices": [{"message": ANSWER, "finish_reason": NESTED}]},
    {"error": {"message": "x", "loc": 5}}, {"error": {"message": NESTED}}, {"error": NESTED}, {"error": True},
    {"generated_text": 5}, {"generated_text": "p53", "details": 5}, [{"generated_text": "p53", "details": NESTED}],
    [{"generated_text": "p53", "details": {"finish_reason": "length", "generated_tokens": -7, "prefill": 3}}],
    [{"generated_text": "p53", "details": {"finish_reason": "nobody knows", "generated_tokens": "7"}}],
]  # fmt: skip
RAW = [json.dumps(body).encode() for body in BODIES] + [
    DEEP,
    b"\xff\xfe",
    b"\x00",
    b"{" * 9999,
    b"null",
    b"NaN",
    b"1e999",
]


@pytest.mark.parametrize("which", ["gpt3", "gpt3-chat", "bloom", "bloom-chat"])
@pytest.mark.parametrize("status", [200, 400, 422, 429, 500])
async def test_any_reply_is_an_answer_or_a_failed_request(which: str, status: int) -> None:
    with TgiServer(answers="p53", faults=[faults.body(status, raw) for raw in RAW]) as server:
        backend = opened(which, server)
        for _ in RAW:
            completion: Completion | None = None
            failed = ""
            try:
                completion = await backend.answer(request_for(backend))
            except BackendError as error:
                failed = str(error)
            assert (completion is None) == bool(failed)
            assert len(failed) < 600
            assert "\n" not in failed
            if completion is not None:
                recorded = json.loads(json.dumps(completion_to_json(completion)))
                assert completion_from_json(recorded, {}) == replace(completion, limits=None, adapted={})
        await backend.close()


@pytest.mark.parametrize("which", ["gpt3", "bloom-chat"])
async def test_a_content_of_parts_and_what_is_counted(which: str) -> None:
    parts = [{"type": "text", "text": "p53"}, {"type": "text", "text": ", MDM2"}]
    usage = {"prompt_tokens": -5, "completion_tokens": 3}
    found = await outcome(which, faults.body(200, chat({"content": parts}, usage=usage)))
    assert isinstance(found, Completion)
    assert (found.text, found.prompt_tokens, found.completion_tokens) == ("p53, MDM2", None, 3)


@pytest.mark.parametrize("which", ["gpt3", "bloom", "bloom-chat"])
@pytest.mark.parametrize(
    ("error", "status", "retryable", "fatal"),
    [
        ({"code": 429, "message": "Provider is busy"}, 429, True, False),
        ({"code": 401, "message": "No auth"}, 401, False, True),
        ({"code": 402, "message": "More credits, please"}, 402, False, True),
        ({"code": 502, "message": "Bad gateway"}, 502, True, False),
        ({"message": "Who knows"}, 200, True, False),
    ],
)
async def test_an_error_under_200_counts_as_what_it_says(
    which: str, error: Any, status: int, retryable: bool, fatal: bool
) -> None:
    fault = replace(faults.body(200, {"error": error}), headers={"Retry-After": "7"})
    found = await outcome(which, fault)
    assert isinstance(found, BackendError)
    assert (found.status, found.retryable, found.fatal) == (status, retryable, fatal)
    assert error["message"] in str(found)
    assert found.retry_after == (7.0 if retryable and status != 200 else None)


async def test_an_error_beside_the_choice_is_no_answer() -> None:
    choice = {"message": {"content": "p5"}, "finish_reason": "error", "error": {"code": 502, "message": "Upstream"}}
    found = await outcome("gpt3", faults.body(200, {"choices": [choice]}))
    assert isinstance(found, BackendError)
    assert (found.status, found.retryable) == (502, True)


@pytest.mark.parametrize("which", ["gpt3", "bloom-chat"])
async def test_a_refusal_under_200_is_learnt_from(which: str) -> None:
    error = {"code": 400, "message": "Unknown name 'seed'"}
    found = await outcome(which, faults.body(200, {"error": error}))
    assert isinstance(found, Completion)
    assert (found.text, found.adapted) == ("p53", {"seed": "dropped"})


@pytest.mark.parametrize("which", ["gpt3", "bloom-chat"])
async def test_a_stream_that_comes_all_the_same_is_read(which: str) -> None:
    chunks = [{"choices": [{"delta": {"content": part}}]} for part in ("p5", "3")]
    stream = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    found = await outcome(which, faults.body(200, stream.encode(), "text/event-stream"))
    assert isinstance(found, Completion)
    assert found.text == "p53"


@pytest.mark.parametrize("which", ["gpt3", "bloom-chat"])
async def test_no_stream_is_asked_for(which: str) -> None:
    with TgiServer(answers="p53") as server:
        backend = opened(which, server)
        await backend.answer(request_for(backend))
        await backend.close()
    assert server.posts[0].body["stream"] is False


@pytest.mark.parametrize("which", ["gpt3", "bloom-chat"])
async def test_a_prompt_that_the_server_has_cut_is_told_once(which: str) -> None:
    def cut(answer: Any) -> None:
        answer["usage"]["prompt_tokens"] = 400

    with TgiServer(answers="p53", faults=[Fault(edit=cut)] * 3) as server:
        backend = opened(which, server)
        for text in ("word " * 2000, "word " * 100, "word " * 1000):
            await backend.answer(request_for(backend, text))
        await backend.close()
    (line,) = backend.notices
    assert "has cut 2 prompts" in line
    assert "10,004 bytes" in line
    assert "counted as 400 tokens" in line
    assert "--context 400" in line


async def test_a_prompt_that_is_counted_whole_is_not() -> None:
    with TgiServer(answers="p53") as server:
        backend = opened("gpt3", server)
        await backend.answer(request_for(backend, "word " * 2000))
        await backend.close()
    assert list(backend.notices) == []


@pytest.mark.parametrize(("alias", "name"), [("openai", "gpt3"), ("tgi", "bloom")])
def test_other_names_of_a_backend(alias: str, name: str) -> None:
    from fewshot.experiment.settings import Settings

    assert Settings(task="ner", backend=alias) == Settings(task="ner", backend=name)
    assert Settings(task="ner", backend=alias).to_toml()["backend"] == name
