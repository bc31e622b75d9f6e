"""One way to send for both backends: redirects, sizes, seconds, proxies."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import pytest

from fewshot.backends import Options, PromptedBackend, open_backend
from fewshot.errors import BackendError, InputError
from fewshot.records import Completion, Request, Turn
from fewshot.servers import transport
from fewshot.servers.address import Server
from tests.servers import openai_server as faults
from tests.servers import wire_faults as wire
from tests.servers.openai_server import Fault, OpenAiServer
from tests.servers.tgi_server import TgiServer

KEY = "canary-key-0123456789"
PROMPT = "The legend that no stranger may read."
BACKENDS = ["gpt3", "bloom", "bloom-chat"]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "FEWSHOT_GPT3_MODEL", "http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("OPENAI_API_KEY", "HF_TOKEN"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway-Key: canary-gateway-42")


@pytest.fixture
def stranger() -> Iterator[OpenAiServer]:
    with OpenAiServer() as server:
        yield server


def backend_for(which: str, server: TgiServer, **options: Any) -> PromptedBackend:
    name, _, api = which.partition("-")
    url = server.base_url if name == "gpt3" else server.url
    given = {"model": "m", "headers": {"X-Mine": "canary-mine-43"}} | options
    backend = open_backend(name, Options(task="ner", base_url=url, api="chat" if api else None, **given))
    assert backend.kind == "prompted"
    return backend


def request_for(backend: PromptedBackend) -> Request:
    chat = backend.api == "chat"
    turns, prompt = ((Turn("user", PROMPT),), None) if chat else (None, PROMPT)
    return Request(backend.name, None, "m", backend.api, turns, prompt, 50, 0.0)


async def ask(which: str, server: TgiServer, **options: Any) -> Completion:
    backend = backend_for(which, server, **options)
    try:
        return await backend.answer(request_for(backend))
    finally:
        await backend.close()


async def failure(which: str, fault: Fault, **options: Any) -> BackendError:
    with TgiServer(faults=[fault] * 9) as server:
        with pytest.raises(BackendError) as caught:
            await ask(which, server, **options)
        assert len(server.posts) == 1
    return caught.value


@pytest.mark.parametrize("which", BACKENDS)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_no_request_goes_to_a_server_that_was_not_named(which: str, code: int, stranger: OpenAiServer) -> None:
    error = await failure(which, faults.redirect(code, f"{stranger.base_url}/chat/completions?k={KEY}"))
    assert stranger.requests == []
    assert (error.retryable, error.fatal, error.status) == (False, True, code)
    assert f"redirects to {stranger.base_url}" in str(error)
    assert KEY not in str(error)


@pytest.mark.parametrize("which", ["gpt3", "bloom"])
def test_neither_does_the_list_of_models(which: str, stranger: OpenAiServer) -> None:
    with TgiServer(gets=faults.redirect(302, f"{stranger.base_url}/stolen")) as server:
        with pytest.raises(InputError, match="redirects to"):
            backend_for(which, server, model=None)
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert stranger.requests == []


@pytest.mark.parametrize("which", BACKENDS)
async def test_a_redirect_within_the_server_is_followed(which: str) -> None:
    class Moved(TgiServer):
        def respond(self, request: faults.Received, number: int) -> Fault:
            if not number:
                return faults.redirect(307, request.path + "?moved")
            from dataclasses import replace

            return super().respond(replace(request, path=request.path.removesuffix("?moved")), number)

    with Moved(answers="p53") as server:
        assert (await ask(which, server)).text == "p53"
        assert server.posts[1].body == server.posts[0].body
        assert server.posts[1].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("which", BACKENDS)
async def test_a_redirect_without_end_ends(which: str) -> None:
    path = "/" if which == "bloom" else "/v1/chat/completions"
    with (
        TgiServer(faults=[faults.redirect(307, path)] * 9) as server,
        pytest.raises(BackendError, match="redirects without end"),
    ):
        await ask(which, server)


@pytest.mark.parametrize("which", BACKENDS)
async def test_headers_of_the_user_are_sent_and_may_replace_ours(which: str) -> None:
    with TgiServer(answers="p53") as server:
        await ask(which, server)
        await ask(which, server, headers={"authorization": "Token other", "X-Mine": "2"})
    first, second = (post.headers for post in server.posts)
    assert (first["authorization"], first["x-mine"]) == (f"Bearer {KEY}", "canary-mine-43")
    assert (second["authorization"], second["x-mine"]) == ("Token other", "2")
    assert ("x-gateway-key" in first) == (which == "gpt3"), "a variable of the openai SDK"


@pytest.mark.parametrize("which", BACKENDS)
async def test_without_a_key_the_user_s_header_alone_admits(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("HF_TOKEN")
    with TgiServer(answers="p53") as server:
        await ask(which, server, headers={"api-key": "azure"})
        await ask(which, server, headers={})
    assert "authorization" not in server.posts[0].headers
    assert server.posts[1].headers["authorization"] == "Bearer none"


@pytest.mark.parametrize("which", BACKENDS)
@pytest.mark.parametrize("fault", [wire.endless(), wire.bomb(transport.MOST_BYTES + 1)])
async def test_a_reply_has_a_bound_unpacked(which: str, fault: Fault) -> None:
    error = await failure(which, fault, timeout=60)
    assert "sent more than 64 MB" in str(error)
    assert (error.retryable, error.maybe_paid) == (False, True)


@pytest.mark.parametrize("which", BACKENDS)
async def test_the_bound_of_a_reply_can_be_moved(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MOST_BYTES", 50)
    with TgiServer(answers="p53 " * 20) as server:
        with pytest.raises(BackendError, match=r"more than 50 bytes \(HTTP 200\); FEWSHOT_MOST_REPLY_BYTES=N allows"):
            await ask(which, server)
        monkeypatch.setenv("FEWSHOT_MOST_REPLY_BYTES", "5000")
        assert (await ask(which, server)).text == "p53 " * 20
    monkeypatch.setenv("FEWSHOT_MOST_REPLY_BYTES", "much")
    with pytest.raises(InputError, match="FEWSHOT_MOST_REPLY_BYTES must be a number of bytes, not 'much'"):
        Server("http://127.0.0.1:9/v1", "none").check()


@pytest.mark.parametrize("which", ["gpt3", "bloom"])
@pytest.mark.parametrize("fault", [wire.endless(), wire.bomb(transport.MOST_BYTES + 1), wire.slow_head()])
def test_lists_of_models_have_bounds_too(which: str, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewshot.backends.gpt3.LIST_SECONDS", 0.5)
    monkeypatch.setattr("fewshot.backends.bloom.INFO_SECONDS", 0.5)
    started = perf_counter()
    with TgiServer(gets=fault) as server, pytest.raises(InputError, match=r"64 MB|in time"):
        backend_for(which, server, model=None)
    assert perf_counter() - started < 5


async def test_an_endless_list_behind_the_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewshot.backends.gpt3.LIST_SECONDS", 0.5)
    for fault in (wire.endless(), faults.body(200, b"[" * 100_000)):
        with TgiServer(answers="p53", gets=fault) as server:
            assert (await ask("gpt3", server)).text == "p53"


@pytest.mark.parametrize("which", BACKENDS)
async def test_of_a_long_error_nothing_is_shown(which: str) -> None:
    error = await failure(which, faults.body(503, b"x" * (transport.MOST_ERROR_BYTES + 1)))
    assert "sent more than 1 MB (HTTP 503)" in str(error)
    assert error.retryable


@pytest.mark.parametrize("fault", [wire.no_http(), wire.too_short(), faults.body(200, b"[" * 100_000)])
def test_an_info_that_is_none(fault: Fault) -> None:
    with TgiServer(gets=fault) as server, pytest.raises(InputError, match=r"no --model given.*/info"):
        backend_for("bloom", server, model=None)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("which", BACKENDS)
@pytest.mark.parametrize("scheme", ["", "http://"])
async def test_a_dead_proxy_is_named(which: str, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = closed_port()
    monkeypatch.setenv("http_proxy", f"{scheme}127.0.0.1:{port}")
    with TgiServer() as server:
        with pytest.raises(BackendError, match=rf"through the proxy http://127.0.0.1:{port}") as caught:
            await ask(which, server)
        assert server.requests == []
    assert (caught.value.retryable, caught.value.maybe_paid) == (True, False)
    assert "NO_PROXY" in str(caught.value)


async def test_a_proxy_without_a_scheme_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Proxy(OpenAiServer):
        def respond(self, request: faults.Received, number: int) -> Fault:
            assert request.path == "http://nowhere.invalid/v1/chat/completions"
            choice = {"message": {"content": "p53"}, "finish_reason": "stop"}
            return faults.body(200, {"choices": [choice]})

    with Proxy() as proxy:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        backend = open_backend("gpt3", Options(task="ner", model="m", base_url="http://nowhere.invalid/v1"))
        assert backend.kind == "prompted"
        assert (await backend.answer(request_for(backend))).text == "p53"
        await backend.close()


@pytest.mark.parametrize("name", ["gpt3", "bloom"])
def test_an_empty_address_is_not_the_api_itself(name: str) -> None:
    with pytest.raises(InputError, match="not an http"):
        open_backend(name, Options(task="ner", model="m", base_url=""))
