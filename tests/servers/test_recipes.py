"""The commands of docs/servers.md, as they stand there, against servers with the addresses, headers and refusals of the
real ones."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fewshot.cli import main
from tests.recorded import answers
from tests.servers import openai_server as faults
from tests.servers.openai_server import Fault, Received
from tests.servers.tgi_server import TgiServer

PAGE = Path(__file__).parents[2] / "docs" / "servers.md"
CHAT = "/chat/completions"
UNKNOWN_NAME = [{"error": {"code": 400, "message": 'Unknown name "seed": Cannot find field.', "status": "INVALID"}}]


def stream(answer: dict[str, Any]) -> bytes:
    """An answer as a gateway streams it."""
    message = answer["choices"][0]["message"]["content"]
    chunks: list[dict[str, Any]] = [{"choices": [{"delta": {"content": letter}}]} for letter in message]
    chunks.append({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": answer["usage"]})
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"


def counts_little(answer: dict[str, Any]) -> None:
    """A context of 64 tokens, for which prompts are cut."""
    answer["usage"]["prompt_tokens"] = 64


@dataclass(frozen=True)
class House:
    """How a server is addressed, admits, refuses.

    path: the route with its query. headers: what admits. without: what must not be sent. refuses: as `OpenAiServer`.
    first: what the first request gets. every: what each gets. learned: what the run learns. said: a line of stderr.
    """

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    refuses: Mapping[str, str | Fault] = field(default_factory=dict)
    first: Fault | None = None
    every: Fault | None = None
    learned: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    streams: bool = False


BEARER = {"authorization": "Bearer key-of-mine"}
OPENAI = {"authorization": "Bearer key-of-openai"}
MERGED = {"system": "merged into user"}
HOUSES = {
    "OpenAI": House(
        f"/v1{CHAT}",
        OPENAI,
        refuses={
            "max_tokens": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            "temperature": "Unsupported value: 'temperature' does not support 0.0 with this model.",
        },
        learned={"max_tokens": "max_completion_tokens", "temperature": "dropped"},
    ),
    "Azure OpenAI": House(f"/openai/v1{CHAT}", BEARER),
    "Azure OpenAI, by deployment": House(
        f"/openai/deployments/DEPLOYMENT{CHAT}?api-version=2024-10-21",
        {"api-key": "key-of-mine"},
        without=("authorization",),
    ),
    "OpenRouter": House(
        f"/api/v1{CHAT}",
        BEARER,
        first=faults.body(200, b'\n \n{"error": {"code": 502, "message": "Provider returned error"}}'),
    ),
    "Anthropic": House(
        f"/v1{CHAT}",
        BEARER,
        refuses={
            "temperature": faults.body(
                400, {"error": {"type": "invalid_request_error", "message": "`temperature` is deprecated here."}}
            )
        },
        learned={"temperature": "dropped"},
    ),
    "Gemini": House(
        f"/v1beta/openai{CHAT}", BEARER, refuses={"seed": faults.body(400, UNKNOWN_NAME)}, learned={"seed": "dropped"}
    ),
    "vLLM": House(
        f"/v1{CHAT}",
        refuses={"system": faults.body(400, {"object": "error", "message": "System role not supported", "code": 400})},
        learned=MERGED,
    ),
    "llama-server": House(
        f"/v1{CHAT}",
        refuses={"system": faults.body(500, {"error": {"message": "Only user and assistant roles are supported!"}})},
        learned=MERGED,
    ),
    "Ollama": House(f"/v1{CHAT}", every=Fault(edit=counts_little), said="counted as 64 tokens"),
    "LM Studio": House(f"/v1{CHAT}"),
    "TGI": House("/", {"authorization": "Bearer key-of-the-hub"}),
    "A company gateway": House(
        f"/llm/v1{CHAT}",
        {"authorization": "Bearer key-of-mine", "x-gateway-key": "key-of-mine", "x-cost-center": "4711"},
        streams=True,
    ),
}  # fmt: skip


class Played(TgiServer):
    """A house that is open."""

    house: House

    def respond(self, request: Received, number: int) -> Fault:
        house = self.house
        admitted = all(request.headers.get(name) == value for name, value in house.headers.items())
        if not admitted or any(name in request.headers for name in house.without):
            return faults.status(401, "who are you?")
        if request.method == "GET":
            return super().respond(request, number)
        if request.path != house.path:
            return faults.status(404, f"no route {request.path}")
        own = "/" if house.path == "/" else f"/v1{CHAT}"
        fault = super().respond(replace(request, path=own), number)
        if house.streams and fault.status == 200 and fault.raw is not None:
            return Fault(raw=stream(json.loads(fault.raw)), headers={"Content-Type": "text/event-stream"})
        return fault


def recipes() -> dict[str, list[str]]:
    """The commands of the page, by heading."""
    found = re.findall(r"^### (.+?)\n.*?```sh\nfewshot (.+?)\n```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return {heading: shlex.split(command) for heading, command in found}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_BASE_URL", "FEWSHOT_GPT3_MODEL", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-openai")
    monkeypatch.setenv("HF_TOKEN", "key-of-the-hub")
    monkeypatch.setattr("fewshot.engine.retries.random.uniform", lambda *_: 0.0)
    monkeypatch.chdir(tmp_path)


def test_every_recipe_is_played() -> None:
    assert recipes().keys() == HOUSES.keys()


@pytest.mark.parametrize("name", HOUSES)
def test_a_recipe(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house, command = HOUSES[name], recipes()[name]
    for variable in re.findall(r"(?:--key-env |=)([A-Z_]+(?:KEY|TOKEN))\b", " ".join(command)):
        monkeypatch.setenv(variable, "key-of-mine")

    class Server(Played):
        pass

    Server.house = house
    with Server(answers="p53", faults=[house.first or house.every, house.every], refuses=house.refuses) as server:
        if "--base-url" not in command:
            command += ["--base-url", "https://api.openai.com/v1"]
        at = command.index("--base-url") + 1
        command[at] = urlsplit(command[at])._replace(scheme="http", netloc=f"127.0.0.1:{server.port}").geturl()
        assert main([*command, "--limit", "2", "--concurrency", "1", "--out", "out"]) == 0
    said = capsys.readouterr().err
    assert house.said in said
    assert "key-of" not in said
    lines = answers(tmp_path / "out" / "responses.jsonl")
    assert len(lines) == 2
    for line in lines:
        assert line["completion"]["text"] == "p53"
        assert house.learned.items() <= line["adapted"].items()
    recorded = tomllib.loads((tmp_path / "out" / "run.toml").read_text())
    assert recorded["settings"]["backend"] in {"gpt3", "bloom"}
    assert "key-of" not in (tmp_path / "out" / "run.toml").read_text()
    assert main(["run", "--replay", "out"]) == 0


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (faults.status(404, "Not Found"), 404),
        (faults.body(404, b"<html><h1>404</h1></html>", "text/html"), 404),
        (faults.body(200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"}), 404),
    ],
)
def test_an_address_without_its_version_is_told(said: Fault, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with TgiServer(faults=[said] * 9) as server:
        flags = [
            "run",
            "--task",
            "ner",
            "--backend",
            "openai",
            "--base-url",
            server.url,
            "--model",
            "m",
            "--limit",
            "1",
        ]
        assert main([*flags, "--out", "out"]) not in {0, 2}
    told = capsys.readouterr().err
    assert f"says {status}" in told
    assert f"did you mean --base-url {server.base_url}?" in told
