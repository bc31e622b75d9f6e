"""The bloom backend: huggingface_hub's own client against a real local server that speaks TGI."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from fewshot.backends import Options, open_backend
from fewshot.backends.bloom import DEFAULT_MODEL, Bloom
from fewshot.errors import BackendError, InputError
from fewshot.records import Completion, Example, Request, Turn
from tests.servers import openai_server as faults
from tests.servers.openai_server import Fault
from tests.servers.tgi_server import TgiServer, tgi_error

TOKEN = "hf_test0123456789abcdef"
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False, "required": []}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)


def opened(url: str | None, **options: Any) -> Bloom:
    backend = open_backend("bloom", Options(task="ner", base_url=url, **options))
    assert isinstance(backend, Bloom)
    return backend


def plain(prompt: str = "Legend: p53 binds MDM2.\nEntities:", **changes: Any) -> Request:
    base = Request("bloom", None, "m", "completions", None, prompt, max_tokens=50, temperature=0.0, stop=("\n\n",))
    return replace(base, **changes)


def chat(**changes: Any) -> Request:
    turns = (Turn("system", "Tag genes."), Turn("user", "p53 binds MDM2."))
    return replace(Request("bloom", None, "m", "chat", turns, None, max_tokens=50, temperature=0.0), **changes)


async def ask(server: TgiServer, asked: Request | None = None, **options: Any) -> Completion:
    asked = asked or plain()
    backend = opened(server.url, api=asked.api, **options)
    try:
        return await backend.answer(asked)
    finally:
        await backend.close()


async def failure(fault: Fault | None, **server: Any) -> BackendError:
    with TgiServer(faults=[fault], **server) as running:
        with pytest.raises(BackendError) as caught:
            await ask(running, model="m")
        assert len(running.posts) == 1, "one send: retries are the engine's"
    assert TOKEN not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_text_generation_request_and_completion() -> None:
    with TgiServer(answers=" p53; MDM2\n\nLegend: and so on", key=TOKEN) as server:
        completion = await ask(server, plain(seed=7, sample=2, extra={"top_n_tokens": 2}), model="m")
        sent = server.posts[0]
    assert sent.path == "/"
    assert sent.body["inputs"] == "Legend: p53 binds MDM2.\nEntities:"
    assert sent.body["parameters"] == {
        "max_new_tokens": 50,
        "do_sample": False,
        "stop": ["\n\n"],
        "seed": 9,
        "return_full_text": False,
        "details": True,
        "top_n_tokens": 2,
    }
    assert (completion.text, completion.finish_reason) == (" p53; MDM2", "stop")
    assert (completion.prompt_tokens, completion.completion_tokens) == (None, 3)
    assert completion.adapted == {"stop": "cut here"}, "TGI leaves the stop in the text"


async def test_a_temperature_is_sent_where_there_is_one() -> None:
    with TgiServer(answers="p53") as server:
        await ask(server, plain(temperature=0.7), model="m")
    assert server.posts[0].body["parameters"]["temperature"] == 0.7
    assert server.posts[0].body["parameters"]["do_sample"] is True


async def test_a_schema_becomes_a_grammar() -> None:
    with TgiServer(answers="{}") as server:
        await ask(server, plain(schema=SCHEMA), model="m")
    assert server.posts[0].body["parameters"]["grammar"] == {"type": "json", "value": SCHEMA}


async def test_chat_request_and_completion() -> None:
    with TgiServer(answers="p53 [END] x", key=TOKEN) as server:
        completion = await ask(server, chat(schema=SCHEMA, seed=7, stop=("[END]",), extra={"top_k": 3}), model="m")
        sent = server.posts[0]
    assert sent.path == "/v1/chat/completions"
    assert sent.body["messages"][1] == {"role": "user", "content": "p53 binds MDM2."}
    assert {key: sent.body[key] for key in ("max_tokens", "temperature", "stop", "seed", "top_k", "model")} == {
        "max_tokens": 50, "temperature": 0.0, "stop": ["[END]"], "seed": 7, "top_k": 3, "model": "m",
    }  # fmt: skip
    assert sent.body["response_format"] == {"type": "json_object", "value": SCHEMA}, "the client's own, TGI's form"
    assert (completion.text, completion.finish_reason) == ("p53 ", "stop")
    assert (completion.prompt_tokens, completion.completion_tokens) == (5, 2)


async def test_length() -> None:
    with TgiServer(answers="one two three four") as server:
        for asked in (plain(max_tokens=2), chat(max_tokens=2)):
            assert (await ask(server, asked, model="m")).finish_reason == "length"


async def test_a_server_that_gives_the_text_alone() -> None:
    with TgiServer(answers="p53\n\nmore", plain=True) as server:
        completion = await ask(server, model="m")
    assert (completion.text, completion.completion_tokens) == ("p53", None)


async def test_what_the_client_itself_leaves_out_is_told() -> None:
    """A server that is no TGI: the client drops parameters, asks again, and would only warn."""
    said = "The following `model_kwargs` are not used by the model: ['details', 'stop'] (note: typos)"
    fault = faults.body(400, {"error": said})
    with TgiServer(answers="p53\n\nmore", faults=[fault]) as server:
        completion = await ask(server, model="m")
    assert completion.text == "p53"
    assert completion.adapted["details"] == "dropped by the client: the endpoint is no TGI server"
    assert completion.adapted["stop"] == "cut here"
    assert "stop" not in server.posts[1].body["parameters"]


@pytest.mark.parametrize(
    ("name", "parameter", "said"),
    [
        ("seed", "seed", "unknown field `seed`"),
        ("stop", "stop", "stop sequences are not supported"),
        ("response_format", "grammar", "grammar is not supported (response_format)"),
    ],
)
async def test_what_tgi_refuses_is_learnt_once(name: str, parameter: str, said: str) -> None:
    with TgiServer(answers="p53\n\nmore", refuses={parameter: said}) as server:
        backend = opened(server.url, model="m")
        asked = plain(seed=1, schema=SCHEMA)
        first, refused = await backend.answer(asked), len(server.posts) - 1
        second = await backend.answer(asked)
        await backend.close()
    assert first.adapted[name] == second.adapted[name] == "dropped"
    assert first.text == second.text == "p53"
    assert len(server.posts) == refused + 2, "the second request knows"
    assert parameter not in server.posts[-1].body["parameters"]


async def test_what_a_chat_refuses_is_learnt_too() -> None:
    with TgiServer(answers="p53", refuses={"seed": "Unsupported parameter: 'seed'"}) as server:
        completion = await ask(server, chat(seed=1), model="m")
    assert completion.adapted == {"seed": "dropped"}


async def test_a_legend_that_is_too_long_alone_is_an_answer() -> None:
    with TgiServer(context=20) as server:
        assert (await ask(server, model="m")).finish_reason == "too_long"
        with pytest.raises(BackendError, match="--context N") as caught:
            await ask(server, plain(demonstrations=(Example("d", "d", "Blot."),)), model="m")
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("fault", "words", "retryable", "fatal"),
    [
        (tgi_error(429, "Model is overloaded", "overloaded"), "429: Model is overloaded", True, False),
        (tgi_error(424, "Request failed during generation", "generation"), "424: Request failed", False, False),
        (tgi_error(503, "Model is loading", "unhealthy"), "503: Model is loading", True, False),
        (faults.status(401, f"bad token {TOKEN}"), "check HF_TOKEN", False, True),
        (faults.body(404, {"detail": "Not Found"}), "404: Not Found", False, True),
        (faults.html(), "", True, False),
        (faults.cut_json(), "broken JSON", True, False),
        (faults.body(200, {"something": "else"}), "without text", True, False),
        (faults.reset(), "dropped the connection", True, False),
    ],
)
async def test_errors(fault: Fault, words: str, retryable: bool, fatal: bool) -> None:
    error = await failure(fault)
    assert words in str(error)
    assert (error.retryable, error.fatal) == (retryable, fatal)


async def test_a_wrong_token() -> None:
    error = await failure(None, key="other")
    assert (error.status, error.fatal) == (401, True)


async def test_a_server_that_hangs_or_is_down() -> None:
    with TgiServer(faults=[faults.slow(20)]) as server:
        backend = opened(server.url, model="m", timeout=0.3)
        with pytest.raises(BackendError, match="in time") as caught:
            await backend.answer(plain())
        await backend.close()
        url = server.url
    assert caught.value.retryable
    backend = opened(url, model="m")
    with pytest.raises(BackendError, match="cannot connect"):
        await backend.answer(plain())
    await backend.close()


async def test_an_extra_that_tgi_does_not_know() -> None:
    with TgiServer() as server, pytest.raises(BackendError, match="--extra tier") as caught:
        await ask(server, plain(extra={"tier": 1}), model="m")
    assert caught.value.fatal
    assert server.posts == []


async def test_no_token_of_a_login_is_sent_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with TgiServer(answers="p53") as server:
        await ask(server, model="m")
    assert server.posts[0].headers["authorization"] == "Bearer none"


def test_the_model_is_what_the_endpoint_says() -> None:
    with TgiServer(models=["bigscience/bloom-560m"]) as server:
        assert opened(server.url).model == "bigscience/bloom-560m"
        url = server.url
    with pytest.raises(InputError, match=r"no --model given.*/info"):
        opened(url)
    assert opened(url, offline=True).model == ""


def test_without_an_endpoint_it_is_a_model_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = opened(None)
    assert (backend.model, backend.target, backend.endpoint) == (
        DEFAULT_MODEL, DEFAULT_MODEL, "https://router.huggingface.co",
    )  # fmt: skip
    assert list(backend.notices) == [f"bloom: no --model given, using {DEFAULT_MODEL}"]
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(InputError, match=r"no token.*HF_TOKEN.*--base-url"):
        opened(None)
    assert opened(None, offline=True).model == DEFAULT_MODEL


def test_not_an_address() -> None:
    with pytest.raises(InputError, match="not an http"):
        opened("127.0.0.1:8000", model="m")


def test_opening_imports_no_client() -> None:
    code = (
        "import sys; from fewshot.backends import Options, open_backend;"
        "open_backend('bloom', Options(task='ner', model='m', base_url='http://x'));"
        "sys.exit('huggingface_hub' in sys.modules or 'httpx2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
