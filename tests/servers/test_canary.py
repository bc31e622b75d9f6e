"""A canary through every door: keys, headers, passwords and tokens are in no file and no stream, whatever the server
says back."""

from __future__ import annotations

import json
import tomllib
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from fewshot.cli import main
from tests.servers import openai_server as faults
from tests.servers.openai_server import Fault, Received
from tests.servers.tgi_server import TgiServer

CANARIES = {
    "OPENAI_API_KEY": "canary1-abc",
    "HF_TOKEN": "canary2-abcdefghijklmnop",
    "MY_KEY": "canary3-0123456789-0123456789",
    "MY_HEADER": "canary4-x!y&z",
    "OPENAI_CUSTOM_HEADERS": "X-Gate: canary5-gate",
}
PASSWORD, QUERY, HEADER = "canary6%40pw", "canary7-code", "canary8-value"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_BASE_URL", "FEWSHOT_GPT3_MODEL", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fewshot.engine.retries.random.uniform", lambda *_: 0.0)  # retries come at once


def forms(text: str) -> Iterator[str]:
    """What was sent, and how it may come back."""
    yield text
    yield repr(text.encode())
    yield quote(text, safe="")
    yield b64encode(text.encode()).decode()
    yield text.upper()
    yield "\n ".join(text[at : at + 9] for at in range(0, len(text), 9))


def echoed(request: Received) -> str:
    sent = [request.path, *request.headers.values(), *(v.partition(" ")[2] for v in request.headers.values())]
    return "; ".join(form for text in sent for form in forms(text) if text)


class Mirror(TgiServer):
    """Says what it was sent, in the way that the test wants."""

    say: Callable[[str], Fault]

    def respond(self, request: Received, number: int) -> Fault:
        return type(self).say(echoed(request))


def in_answer(text: str) -> Fault:
    return faults.body(200, {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})


def in_generation(text: str) -> Fault:
    return faults.body(200, [{"generated_text": text, "details": {"finish_reason": "eos_token"}}])


SAYINGS: dict[str, Callable[[str], Fault]] = {
    "answer": in_answer,
    "generation": in_generation,
    "401": lambda text: faults.status(401, text),
    "400 text": lambda text: faults.body(400, text.encode()),
    "error under 200": lambda text: faults.body(200, {"error": {"message": text}}),
    "broken": lambda text: faults.body(200, text.encode()),
    "html": lambda text: faults.body(403, f"<html><p>{text}".encode(), "text/html"),
    "reason": lambda text: faults.body(200, {"choices": [{"message": {"content": "x"}, "finish_reason": text}]}),
    "redirect": lambda text: faults.redirect(307, "http://127.0.0.1:9/" + quote(text)[:4000]),
    "models": lambda text: faults.body(200, {"data": [{"id": text}]}),
}


@pytest.mark.parametrize("backend", ["openai", "tgi"])
@pytest.mark.parametrize("saying", SAYINGS)
@pytest.mark.parametrize("door", ["key", "others"])
def test_no_secret_reaches_a_file_or_a_stream(
    backend: str, saying: str, door: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Server(Mirror):
        say = staticmethod(SAYINGS[saying])

    doors = {"key": [], "others": ["--key-env", "MY_KEY"]}
    with Server() as server:
        url = server.base_url if backend == "openai" else server.url
        url += f"?code={QUERY}"
        if door == "others" and saying != "answer":
            url = url.replace("://", f"://canary9me:{PASSWORD}@")
        flags = ["run", "--task", "ner", "--backend", backend, "--base-url", url, "--limit", "1", "--shots", "0"]
        flags += ["--header-env", "X-Mine=MY_HEADER", "--header", f"X-Other={HEADER}", "--timeout", "5"]
        flags += [] if saying == "models" else ["--model", "m"]
        code = main([*flags, *doors[door], "--out", "out"])
        assert server.requests, "something was sent"
    assert code in {0, 2, 3, 4}
    files = "\n".join(path.read_text("utf-8") for path in tmp_path.rglob("*") if path.is_file())
    seen = "".join((*capsys.readouterr(), files))
    squeezed = "".join(json.dumps(seen, ensure_ascii=False).replace("\\n", "").split()).lower()
    for number in range(1, 10):
        assert f"canary{number}" not in squeezed
        assert b64encode(f"canary{number}".encode())[:9].decode().lower() not in squeezed
    if code != 2:
        recorded = tomllib.loads((tmp_path / "out" / "run.toml").read_text())["settings"]
        assert recorded["headers"] == ["X-Mine", "X-Other"]
        assert recorded["backend"] == {"openai": "gpt3", "tgi": "bloom"}[backend]


@pytest.mark.parametrize(
    "flags",
    [
        ["--extra", "api_key=canary2-abcdefghijklmnop"],
        ["--extra", 'deep={"a": ["sk-proj-canary0123456789"]}'],
        ["--extra", "sk-proj-canary0123456789"],
        ["--api-key", "sk-proj-canary0123456789"],
        ["--model", "hf_canary0123456789abcdef"],
        ["--key-env", "hf_canary0123456789abcdef"],
        ["--header-env", "X=sk-proj-canary0123456789"],
        ["--header", "X: canary2-abcdefghijklmnop"],
        ["--task", "canary2-abcdefghijklmnop"],
    ],
)
def test_a_key_in_the_wrong_flag_is_refused_and_not_repeated(
    flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with TgiServer(answers="p53") as server:
        base = ["run", "--task", "ner", "--backend", "gpt3", "--base-url", server.base_url, "--limit", "1"]
        given = [*base, *flags] if "--model" in flags else [*base, "--model", "m", *flags]
        assert main([*given, "--out", "out"]) == 2
        assert server.requests == []
    assert "canary" not in "".join(capsys.readouterr())
    assert not (tmp_path / "out").exists()


def test_a_run_goes_on_with_another_key(tmp_path: Path) -> None:
    flags = [
        "run",
        "--task",
        "ner",
        "--backend",
        "gpt3",
        "--model",
        "m",
        "--limit",
        "2",
        "--shots",
        "0",
        "--out",
        "out",
    ]
    with TgiServer(answers="p53", faults=[None, faults.status(401, "expired")]) as server:
        given = [*flags, "--base-url", server.base_url, "--concurrency", "1"]
        assert main([*given, "--header", "X-Team=one"]) != 0
        assert main([*given, "--key-env", "MY_KEY"]) == 0
        assert server.posts[-1].headers["authorization"] == f"Bearer {CANARIES['MY_KEY']}"
    assert main(["run", "--replay", "out"]) == 0
