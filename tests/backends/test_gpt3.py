"""The gpt3 backend: the real SDK against a real local server, no mocks."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from time import perf_counter, time
from typing import Any

import pytest

from fewshot.aside import can_fork
from fewshot.backends import Options, open_backend
from fewshot.backends.gpt3 import DEFAULT_MODEL, Gpt3, _wire
from fewshot.errors import BackendError, InputError
from fewshot.records import Completion, Example, Request, Turn
from fewshot.servers.adapting import Adaptations, Refusal
from fewshot.servers.address import Server
from tests.servers import openai_server as faults
from tests.servers.openai_server import Fault, OpenAiServer

KEY = "sk-test-0123456789"
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False, "required": []}
UNSUPPORTED = "Unsupported parameter: '{0}' is not supported with this model."


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "FEWSHOT_GPT3_MODEL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def opened(url: str, **options: Any) -> Gpt3:
    backend = open_backend("gpt3", Options(task="ner", base_url=url, **({"model": "tiny"} | options)))
    assert isinstance(backend, Gpt3)
    return backend


def request(text: str = "p53 binds MDM2.", **changes: Any) -> Request:
    turns = (Turn("system", "Tag genes."), Turn("user", text))
    base = Request("gpt3", None, "tiny", "chat", turns, None, max_tokens=50, temperature=0.0)
    return replace(base, **changes)


def full() -> Request:
    """A request with every parameter."""
    return request(stop=("[END]",), seed=7, schema=SCHEMA)


async def ask(server: OpenAiServer, asked: Request | None = None, **options: Any) -> Completion:
    backend = opened(server.base_url, **options)
    try:
        return await backend.answer(asked or request())
    finally:
        await backend.close()


async def failure(fault: Fault | None, **server: Any) -> BackendError:
    with OpenAiServer(faults=[fault], **server) as running:
        with pytest.raises(BackendError) as caught:
            await ask(running)
        assert len(running.posts) == 1, "one send: retries are the engine's"
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


# What goes over the wire


async def test_chat_request_and_completion() -> None:
    with OpenAiServer(key=KEY) as server:
        completion = await ask(server, replace(full(), extra={"top_k": 3}, sample=2))
        sent = server.posts[0]
    assert sent.path == "/v1/chat/completions"
    assert sent.body == {
        "model": "tiny",
        "messages": [{"role": "system", "content": "Tag genes."}, {"role": "user", "content": "p53 binds MDM2."}],
        "stream": False,
        "max_tokens": 50,
        "temperature": 0.0,
        "stop": ["[END]"],
        "seed": 9,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
        },
        "top_k": 3,
    }
    assert completion == Completion("p53 binds MDM2.", "stop", 5, 3, completion.seconds, {})
    assert completion.seconds > 0


async def test_completions_request() -> None:
    asked = request(api="completions", turns=None, prompt="Text: p53\nAnswer:")
    with OpenAiServer(answers=" p53 [END]") as server:
        completion = await ask(server, replace(asked, stop=("[END]",)), api="completions")
    assert server.posts[0].path == "/v1/completions"
    assert server.posts[0].body["prompt"] == "Text: p53\nAnswer:"
    assert completion.text == " p53 "
    assert completion.adapted == {}


async def test_at_most_four_stops_go_over_the_wire_and_all_are_applied() -> None:
    with OpenAiServer(answers="a e b") as server:
        completion = await ask(server, request(stop=("1", "2", "3", "4", "e")))
    assert server.posts[0].body["stop"] == ["1", "2", "3", "4"]
    assert completion.text == "a "


async def test_one_client_serves_many_requests_at_once() -> None:
    with OpenAiServer(delay=0.2) as server:
        backend = opened(server.base_url)
        started = perf_counter()
        answers = await asyncio.gather(*(backend.answer(request(f"text {i}")) for i in range(40)))
        await backend.close()
    assert [answer.text for answer in answers] == [f"text {i}" for i in range(40)]
    assert server.max_concurrency == 40
    assert perf_counter() - started < 4


# What comes back


async def test_a_stop_left_in_the_text_is_applied_here() -> None:
    with OpenAiServer(answers="p53 [END] p53 p53", honours_stop=False) as server:
        completion = await ask(server, request(stop=("[END]",), max_tokens=3))
    assert (completion.text, completion.finish_reason) == ("p53 ", "stop")
    assert completion.adapted == {"stop": "cut here"}


async def test_length() -> None:
    with OpenAiServer(answers="one two three") as server:
        completion = await ask(server, request(max_tokens=2))
    assert (completion.text, completion.finish_reason) == ("one two", "length")


@pytest.mark.parametrize(
    "fault",
    [
        faults.message("content_filter", content=None),
        faults.message(content=None, refusal="I cannot help."),
        faults.status(400, "The response was filtered", error_code="content_filter"),
    ],
)
async def test_a_refusal_is_an_answer(fault: Fault) -> None:
    with OpenAiServer(faults=[fault]) as server:
        completion = await ask(server)
    assert (completion.text, completion.finish_reason) == ("", "refused")


async def test_no_text_because_the_limit_was_reached_is_an_answer() -> None:
    with OpenAiServer(faults=[faults.message("length", content=None)]) as server:
        assert (await ask(server)).finish_reason == "length"


async def test_a_server_without_usage() -> None:
    with OpenAiServer(faults=[Fault(edit=lambda answer: answer.pop("usage"))]) as server:
        completion = await ask(server)
    assert (completion.prompt_tokens, completion.completion_tokens) == (None, None)


# Adaptations


@pytest.mark.parametrize(
    ("name", "said", "change"),
    [
        ("max_tokens", "Unsupported parameter. Use 'max_completion_tokens' instead.", "max_completion_tokens"),
        ("temperature", "Unsupported value: only the default (1) value is supported.", "dropped"),
        ("stop", UNSUPPORTED.format("stop"), "dropped"),
        ("seed", UNSUPPORTED.format("seed"), "dropped"),
        ("response_format", UNSUPPORTED.format("response_format"), "dropped"),
        ("system", "Unsupported value: 'messages[0].role' does not support 'system'.", "merged into user"),
    ],
)
async def test_what_openai_refuses_is_learnt_once(name: str, said: str, change: str) -> None:
    with OpenAiServer(answers="p53 [END] x", refuses={name: said}) as server:
        backend = opened(server.base_url)
        first, refused = await backend.answer(full()), len(server.posts) - 1
        second = await backend.answer(full())
        await backend.close()
    assert first.adapted[name] == second.adapted[name] == change
    assert first.text == "p53 "
    assert len(server.posts) == refused + 2, "the second request knows"
    if change == "max_completion_tokens":
        assert server.posts[-1].body[change] == 50
    if name == "system":
        assert server.posts[-1].body["messages"] == [{"role": "user", "content": "Tag genes.\n\np53 binds MDM2."}]


FORBIDDEN = {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}


@pytest.mark.parametrize(
    ("name", "code", "said", "change"),
    [
        ("seed", 422, {"detail": [FORBIDDEN]}, "dropped"),
        ("stop", 400, {"detail": "stop sequences are not supported"}, "dropped"),
        ("temperature", 400, {"object": "error", "message": "`temperature` is unsupported"}, "dropped"),
        ("system", 400, {"error": "System role not supported", "error_type": "template"}, "merged into user"),
        ("max_tokens", 400, {"error": {"message": "Unknown field: max_tokens"}}, "max_completion_tokens"),
    ],
)
async def test_what_other_servers_refuse_in_their_words(
    name: str, code: int, said: dict[str, Any], change: str
) -> None:
    with OpenAiServer(refuses={name: faults.body(code, said)}) as server:
        completion = await ask(server, full())
    assert completion.adapted == {name: change}


async def test_schema_falls_back_to_json_object() -> None:
    def refuse(asked: dict[str, Any]) -> str:
        return "{}" if asked["response_format"]["type"] == "json_object" else "bad"

    refusal = faults.status(400, "'response_format' of type 'json_schema' is not supported", param="response_format")
    with OpenAiServer(answers=refuse, faults=[refusal]) as server:
        completion = await ask(server, full())
    assert (completion.text, completion.adapted) == ("{}", {"response_format": "json_object"})


async def test_concurrent_requests_learn_together() -> None:
    said = {"max_tokens": "Use 'max_completion_tokens' instead.", "temperature": UNSUPPORTED.format("temperature")}
    with OpenAiServer(refuses=said, delay=0.05) as server:
        backend = opened(server.base_url)
        answers = await asyncio.gather(*(backend.answer(request()) for _ in range(8)))
        await backend.close()
    wanted = {"max_tokens": "max_completion_tokens", "temperature": "dropped"}
    assert all(answer.adapted == wanted for answer in answers)
    assert len(server.posts) == 24, "8 at once: two refusals each, then the answer; nothing is dropped twice"


def test_a_late_refusal_does_not_take_a_lesson_back() -> None:
    state, body = Adaptations(), {"max_tokens": 9}
    refusal = Refusal("unsupported_parameter", "max_tokens", "")
    early = state.now()
    assert state.learn(refusal, body, early)
    assert state.learn(refusal, {"max_completion_tokens": 9}, state.now())
    assert state.learn(refusal, body, early), "sent again, with what is known now"
    assert state.now() == {"max_tokens": "dropped"}


async def test_a_parameter_refused_to_the_end_is_an_error() -> None:
    fault = faults.status(400, UNSUPPORTED.format("temperature"), error_code="unsupported_value", param="temperature")
    with OpenAiServer(faults=[fault] * 9) as server:
        with pytest.raises(BackendError) as caught:
            await ask(server)
        assert len(server.posts) == 2
    assert not caught.value.retryable


async def test_a_wrong_value_is_no_adaptation() -> None:
    error = await failure(faults.status(400, "max_tokens is too large: 50000. At most 4096.", param="max_tokens"))
    assert (error.retryable, error.fatal, error.status) == (False, False, 400)
    assert "max_tokens is too large" in str(error)


@pytest.mark.parametrize(
    ("said", "day"), [("2026-12-11", "2026-12-11"), ("2027-01-14T00:00:00Z", "2027-01-14"), (1796947200, "2026-12-11")]
)
async def test_a_model_that_ends_is_told_of(said: str | int, day: str) -> None:
    with OpenAiServer(shutdown_dates={"tiny": said}) as server:
        backend = opened(server.base_url)
        await backend.answer(request())
        assert list(backend.notices) == []
        await backend.close()
        await backend.close()
    assert list(backend.notices) == [
        f"gpt3: tiny is shut down on {day}: what is measured on it can then only be replayed"
    ]
    assert len(server.requests) == 2, "asked for once"


@pytest.mark.parametrize("dates", [{}, {"other": "2026-12-11"}, {"tiny": "soon"}])
async def test_a_model_that_does_not_end_or_a_list_that_does_not_say(dates: dict[str, str | int]) -> None:
    with OpenAiServer(models=["tiny", "other"], shutdown_dates=dates) as server:
        backend = opened(server.base_url)
        await backend.answer(request())
        await backend.close()
    assert list(backend.notices) == []


async def test_a_prompt_that_is_too_long() -> None:
    said = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."
    fault = faults.status(400, said, error_code="context_length_exceeded")
    with OpenAiServer(faults=[fault, fault]) as server:
        assert (await ask(server)).finish_reason == "too_long"
        with pytest.raises(BackendError, match=r"maximum context length.*--context N") as caught:
            await ask(server, request(demonstrations=(Example("d", "d", "Blot."),)))
    assert (caught.value.retryable, caught.value.fatal) == (False, False)


# Errors


@pytest.mark.parametrize("code", [408, 409, 429, 500, 502, 503])
async def test_errors_that_pass(code: int) -> None:
    error = await failure(faults.status(code, "Try\nlater"))
    assert (error.retryable, error.fatal, error.status, error.retry_after) == (True, False, code, None)
    assert f"{code}: Try later" in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2"}, 2.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "in a minute"}, 60),
    ],
)
async def test_retry_after(headers: dict[str, str], seconds: float) -> None:
    dated = {name: formatdate(time() + 60) if value == "in a minute" else value for name, value in headers.items()}
    error = await failure(faults.status(429, "Slow down", headers=dated))
    assert error.retry_after == pytest.approx(seconds, abs=5 if seconds == 60 else 0)


@pytest.mark.parametrize(
    ("fault", "hint"),
    [
        (faults.status(401, f"Incorrect API key provided: {KEY}"), "OPENAI_API_KEY"),
        (faults.status(403, "Country not supported"), "OPENAI_API_KEY"),
        (faults.status(404, "The model `tiny` does not exist"), "--model"),
        (faults.status(429, "You exceeded your current quota", error_code="insufficient_quota"), "credit"),
    ],
)
async def test_errors_that_end_a_run(fault: Fault, hint: str) -> None:
    error = await failure(fault)
    assert (error.retryable, error.fatal) == (False, True)
    assert hint in str(error)


async def test_refusals_at_once_keep_their_own_errors() -> None:
    scripted = [faults.status(500 + i % 3, f"out of order, number {i};") for i in range(20)]
    with OpenAiServer(faults=scripted, delay=0.05) as server:
        backend = opened(server.base_url)
        errors = await asyncio.gather(*(backend.answer(request()) for _ in scripted), return_exceptions=True)
        await backend.close()
    assert all(isinstance(error, BackendError) for error in errors)
    told = {str(error).partition("number ")[2].partition(";")[0] for error in errors}
    assert told == {str(i) for i in range(20)}


async def test_a_status_that_is_neither_answer_nor_error() -> None:
    error = await failure(faults.status(300))
    assert error.status == 300


async def test_a_wrong_key_and_an_unknown_model_of_a_strict_server() -> None:
    assert (await failure(None, key="other")).status == 401
    assert (await failure(None, models=["big"])).status == 404


async def test_a_fastapi_detail_is_told() -> None:
    error = await failure(faults.body(422, {"detail": [{"loc": ["body", "messages"], "msg": "Field required"}]}))
    assert "body.messages: Field required" in str(error)
    assert (error.retryable, error.fatal) == (False, False)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.html(), "HTML"),
        (faults.cut_json(), "broken JSON"),
        (faults.body(200, b""), "nothing"),
        (faults.body(200, b"[1]"), "not an object"),
        (faults.empty_choices(), "without a choice"),
        (faults.body(200, {"error": {"message": "upstream died"}}), "upstream died"),
        (faults.message(content=None), "content is null"),
        (faults.reset(), "dropped the connection"),
    ],
)
async def test_broken_answers_may_be_asked_again(fault: Fault, words: str) -> None:
    error = await failure(fault)
    assert (error.retryable, error.fatal) == (True, False)
    assert words in str(error)


async def test_a_server_that_hangs() -> None:
    with OpenAiServer(faults=[faults.slow(20)]) as server:
        backend = opened(server.base_url)
        backend.total_seconds = 0.3
        with pytest.raises(BackendError, match="in time") as caught:
            await backend.answer(request())
        await backend.close()
    assert caught.value.retryable


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_server_that_is_down() -> None:
    url = f"http://127.0.0.1:{closed_port()}/v1"
    backend = opened(url)
    with pytest.raises(BackendError, match=f"cannot connect to {url}") as caught:
        await backend.answer(request())
    await backend.close()
    assert caught.value.retryable
    assert f"is a server running at {url}?" in str(caught.value)


async def test_credentials_of_the_address_are_used_and_never_shown() -> None:
    with OpenAiServer(faults=[faults.status(400, "no: secretpw is wrong; see http://a:b@host/x")]) as server:
        backend = opened(server.base_url.replace("://", "://somebody:secretpw@"))
        assert backend.endpoint == f"{server.base_url}/chat/completions"
        with pytest.raises(BackendError) as caught:
            await backend.answer(request())
        await backend.close()
    assert "secretpw" not in str(caught.value)
    assert "see http://host/x" in str(caught.value)
    assert server.posts[0].headers["authorization"].startswith("Basic ")


# Opening


def test_the_default_model_at_the_api_itself() -> None:
    backend = open_backend("gpt3", Options(task="ner"))
    assert backend.kind == "prompted"
    assert (backend.model, backend.endpoint) == (DEFAULT_MODEL, "https://api.openai.com/v1/chat/completions")
    assert list(backend.notices) == [f"gpt3: no --model given, using {DEFAULT_MODEL}"]


def test_model_and_address_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEWSHOT_GPT3_MODEL", "mine")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://Host:8000/v1/")
    backend = open_backend("gpt3", Options(task="ner", api="completions"))
    assert backend.kind == "prompted"
    assert (backend.model, backend.endpoint, list(backend.notices)) == (
        "mine",
        "http://host:8000/v1/completions",
        [],
    )


def test_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(InputError, match=r"OPENAI_API_KEY.*--replay.*--backend rules"):
        open_backend("gpt3", Options(task="ner"))
    assert open_backend("gpt3", Options(task="ner", offline=True)).model == DEFAULT_MODEL


async def test_other_servers_need_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with OpenAiServer() as server:
        assert (await ask(server)).text
    assert server.posts[0].headers["authorization"] == "Bearer none"


def test_no_model_lists_what_the_server_offers() -> None:
    with OpenAiServer(models=["small", "big"]) as server, pytest.raises(InputError, match="offers small, big"):
        opened(server.base_url, model=None)


def test_no_model_and_no_server() -> None:
    with pytest.raises(InputError, match=r"no --model given.*cannot connect"):
        opened(f"http://127.0.0.1:{closed_port()}/v1", model=None)


def test_no_model_offline_connects_to_nothing() -> None:
    with OpenAiServer() as server:
        assert opened(server.base_url, model=None, offline=True).model == ""
        assert server.requests == []


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host/v1", "http://", "http://host:port/v1"])
def test_not_an_address(url: str) -> None:
    with pytest.raises(InputError, match="not an http"):
        opened(url)


def test_opening_imports_no_sdk() -> None:
    code = (
        "import sys; from fewshot.backends import Options, open_backend;"
        "open_backend('gpt3', Options(task='ner', model='m', base_url='http://x/v1'));"
        "sys.exit('openai' in sys.modules or 'httpx2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_sdk_is_asked_once_for_its_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    sdk_headers = _wire._headers

    async def counted(server: Server) -> dict[str, str]:
        nonlocal asked
        asked += 1
        return await sdk_headers(server)

    monkeypatch.setattr(_wire, "_headers", counted)

    async def together(url: str) -> list[Completion]:
        backend = opened(url)
        try:
            return await asyncio.gather(*(backend.answer(request(f"p{number}")) for number in range(8)))
        finally:
            await backend.close()

    with OpenAiServer() as server:
        assert len(asyncio.run(together(server.base_url))) == 8
    assert asked == 1


# Models that reason


class Thinker:
    """A model that thinks for `thought` tokens and then answers; what the limit does not hold is cut."""

    def __init__(self, thought: int) -> None:
        self.thought = thought

    def fault(self) -> Fault:
        def edit(answer: dict[str, Any]) -> None:
            limit = answer.pop("limit")
            thought = min(self.thought, limit)
            choice = answer["choices"][0]
            if thought == limit:
                choice["finish_reason"], choice["message"]["content"] = "length", ""
            choice["message"]["reasoning_content"] = "Hm. " * thought
            answer["usage"]["completion_tokens"] = limit if thought == limit else thought + 3
            answer["usage"]["completion_tokens_details"] = {"reasoning_tokens": thought}

        return Fault(edit=edit)


class LimitedServer(OpenAiServer):
    """Tells the fault which limit it was sent."""

    def _complete(self, request: Any, number: int) -> dict[str, Any]:
        limit = request.body.get("max_completion_tokens", request.body.get("max_tokens"))
        return super()._complete(request, number) | {"limit": limit}


async def test_a_model_that_reasons_gets_room_and_the_request_stays_what_it_is() -> None:
    with LimitedServer(answers="p53", faults=[Thinker(900).fault()] * 9) as server:
        backend = opened(server.base_url)
        first, second = await backend.answer(request()), await backend.answer(request("other"))
        await backend.close()
    assert [post.body["max_tokens"] for post in server.posts] == [50, 1074, 2098]
    assert (first.text, first.adapted, first.reasoning_tokens) == ("p53", {"max_tokens": "+1024 for reasoning"}, 900)
    assert first.completion_tokens == 50 + 903, "both tries are paid"
    assert second.adapted["max_tokens"].endswith("for reasoning")
    assert backend.reasoning_room == 2048


async def test_a_thought_without_an_end_is_an_answer_in_the_end() -> None:
    with LimitedServer(faults=[Thinker(10**6).fault()] * 9) as server:
        completion = await ask(server)
    assert (completion.text, completion.finish_reason) == ("", "length")
    assert completion.reasoning_tokens == server.posts[-1].body["max_tokens"]
    assert len(server.posts) <= 4


@pytest.mark.parametrize("fixed", [0, 700])
async def test_a_fixed_room_is_sent_as_it_is(fixed: int) -> None:
    with LimitedServer(faults=[Thinker(10**6).fault()] * 9) as server:
        completion = await ask(server, reasoning_tokens=fixed)
    assert [post.body["max_tokens"] for post in server.posts] == [50 + fixed]
    assert completion.adapted == ({"max_tokens": "+700 for reasoning"} if fixed else {})


async def test_a_server_that_takes_no_larger_limit_is_sent_none() -> None:
    large = faults.status(400, "max_tokens is too large: 1074. At most 800.", param="max_tokens")
    with LimitedServer(answers="p53", faults=[Thinker(40).fault(), large, None, None]) as server:
        backend = opened(server.base_url)
        for text in ("a", "b", "c"):
            assert (await backend.answer(request(text))).text == "p53"
        await backend.close()
    assert [post.body["max_tokens"] for post in server.posts] == [50, 1074, 50, 50]


async def test_a_prompt_that_leaves_no_room_is_sent_without() -> None:
    said = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."
    long = faults.status(400, said, error_code="context_length_exceeded")
    with LimitedServer(answers="p53", faults=[long, None]) as server:
        completion = await ask(server, reasoning_tokens=4000)
    assert [post.body["max_tokens"] for post in server.posts] == [4050, 50]
    assert (completion.text, completion.adapted) == ("p53", {})


async def test_a_server_that_ends_a_thought_at_a_stop_is_sent_none_any_more() -> None:
    asked = request(api="completions", turns=None, prompt="Text: p53\nAnswer:", stop=("\n\n",))
    thought = "<think>It has\n\np53.</think> p53"
    with OpenAiServer(answers=f"{thought}\n\nText: MDM2") as server:
        backend = opened(server.base_url, api="completions")
        completions = [await backend.answer(asked) for _ in range(2)]
        await backend.close()
    assert [("stop" in post.body) for post in server.posts] == [True, False, False]
    assert {completion.text for completion in completions} == {thought}
    assert completions[0].adapted == {"stop": "dropped"}


@pytest.mark.skipif(not can_fork(), reason="nothing is computed aside here")
def test_a_run_imports_the_sdk_aside(tmp_path: Path) -> None:
    code = (
        "import sys; from fewshot import cli\n"
        "code = cli.main(['run', '--backend', 'gpt3', '--model', 'm', '--task', 'ner', '--limit', '2', '--shots', '0',"
        " '--base-url', sys.argv[1], '--out', sys.argv[2]])\n"
        "sys.exit(code or 'openai' in sys.modules)"
    )
    with OpenAiServer() as server:
        argv = [sys.executable, "-c", code, server.base_url, str(tmp_path / "run")]
        done = subprocess.run(argv, env=dict(os.environ, no_proxy="127.0.0.1"), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(server.posts) == 2
    assert all(post.headers["user-agent"].startswith("AsyncOpenAI/") for post in server.posts)
