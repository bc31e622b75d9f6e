"""A canary secret goes through every door; afterwards it stands in no file and in no stream.

A door is whatever a secret can be given to, or whatever can hand one back: the environment, the address, arguments that
are right or mistyped, and servers that repeat what they were sent, in every form in which it was sent.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import fewshot
from fewshot import cli
from fewshot.errors import InputError
from tests.servers.openai_server import Fault, OpenAiServer, body, status

CANARY = "sk-canary-Zq7Wm2Xv9Lt4Rb8Kd1"
PASSWORD = "canary-Pw5Hn3Ty6Gc0"
TOKEN = "hf_canaryJk8Vs4Mz2Qx7Wd1Lr"
PLAIN = "canary3f9a1c7e5b2d8064"
"""A key of a company's gateway: no prefix tells that it is one."""

HIDDEN = base64.b64encode(PLAIN.encode()).decode()
HEADER = f"X-Gate={PLAIN}"

SECRETS = (CANARY, PASSWORD, TOKEN, PLAIN)
Search = Callable[[], str]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)  # no back-off before a retry
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_CUSTOM_HEADERS", "HF_TOKEN", "FEWSHOT_GPT3_MODEL"):
        monkeypatch.delenv(name, raising=False)
    Path("gold.jsonl").write_text('{"id": "a", "text": "(A) Blot of p53.", "entities": []}\n')


@pytest.fixture
def search(capfd: pytest.CaptureFixture[str]) -> Search:
    """Gives what was printed, after a search for every secret, in each form in which it is sent, there and in files."""

    def run() -> str:
        said = "".join(capfd.readouterr())
        assert "Traceback" not in said
        streams: dict[str, bytes] = {"streams": said.encode()}
        files = {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}
        for where, content in (streams | files).items():
            for secret in SECRETS:
                for form in _forms(secret):
                    assert form.encode() not in content, f"{form} stands in {where}"
        return said

    return run


def _forms(secret: str) -> Iterator[str]:
    yield from {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    yield secret[: len(secret) * 3 // 4]  # most of it is as good as all
    yield base64.b64encode(f"me:{secret}".encode()).decode().rstrip("=")


def run(*more: str, url: str | None = None) -> int:
    server = () if url is None else ("--backend", "gpt3", "--base-url", url)
    model = () if url is None or "--model" in more else ("--model", "m")
    return cli.main(["run", "--task", "ner", "--data", "gold.jsonl", "--out", "runs/one", *server, *model, *more])


def all_commands() -> None:
    """What reads the run folder again."""
    for argv in (
        ["show", "runs/one"],
        ["show", "runs/one", "a"],
        ["compare", "runs/one"],
        ["run", "--replay", "runs/one"],
        ["rescore", "runs/one"],
    ):
        cli.main(argv)


def test_a_key_and_a_password_are_sent_and_stand_nowhere(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with OpenAiServer() as server:
        assert run(url=server.base_url) == 0
        assert server.posts[0].headers["authorization"] == f"Bearer {CANARY}"
        all_commands()
        search()
    with OpenAiServer() as server:
        url = server.base_url.replace("//", f"//me:{PASSWORD}@") + f"?token={PLAIN}"
        assert run("--out", "runs/two", url=url) in {0, 3, 4}
        assert server.posts
        search()


# What a server may make of the header that it was sent. `{}`: the header, as it arrived.
ECHOES: dict[str, Callable[[str], Fault]] = {
    "400 in words": lambda header: status(400, f"bad header {header!r}"),
    "401 with the key": lambda header: status(401, f"Incorrect API key: {header.split()[-1]}"),
    "500 with the header": lambda header: status(500, f"Authorization: {header}"),
    "200 that is not JSON": lambda header: body(200, f"GET /v1 Authorization: {header}".encode(), "text/plain"),
    "404 of a page": lambda header: body(404, f"<pre>{header}</pre>".encode(), "text/html"),
}


@pytest.mark.parametrize("echo", ECHOES)
def test_a_server_that_repeats_the_key(echo: str, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    with OpenAiServer(faults=[ECHOES[echo](f"Bearer {CANARY}")] * 9) as server:
        assert run(url=server.base_url) in {2, 3, 4}
    assert search()


@pytest.mark.parametrize("before", [0, 45, 50, 55, 60, 65, 70, 75])
def test_a_key_across_the_end_of_what_is_quoted(before: int, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    with OpenAiServer(faults=[body(200, b"x" * before + CANARY.encode(), "text/plain")] * 9) as server:
        assert run(url=server.base_url) == 3
    search()


@pytest.mark.parametrize("echo", ECHOES)
def test_a_server_that_repeats_the_password_as_it_was_sent(echo: str, search: Search) -> None:
    sent = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    with OpenAiServer(faults=[ECHOES[echo](sent)] * 9) as server:
        assert run(url=server.base_url.replace("//", f"//me:{PASSWORD}@")) in {2, 3, 4}
    search()


@pytest.mark.parametrize("echo", ECHOES)
def test_a_server_that_repeats_a_header(echo: str, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gateway: {PLAIN}")
    with OpenAiServer(faults=[ECHOES[echo](PLAIN)] * 9) as server:
        assert run(url=server.base_url) in {2, 3, 4}
    search()


def test_a_redirect_to_another_server(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gateway: {PLAIN}")
    with OpenAiServer() as other:
        moved = Fault(status=307, headers={"Location": f"{other.base_url}/chat/completions"}, raw=b"")
        with OpenAiServer(faults=[moved] * 9) as server:
            assert run(url=server.base_url) in {0, 2, 3, 4}
        for request in other.requests:
            assert not any(secret in value for secret in SECRETS for value in request.headers.values())
    search()


@pytest.mark.parametrize(
    "flags", [["--header", f"X-Gateway={PLAIN}"], ["--header-env", "X-Gateway=GATEWAY"], ["--key-env", "GATEWAY"]]
)
def test_a_header_of_a_gateway(flags: list[str], search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY", PLAIN)
    with OpenAiServer() as server:
        assert run(*flags, url=server.base_url) in {0, 2}
    all_commands()
    search()


def test_an_answer_that_holds_the_key(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    with OpenAiServer(answers=f"(A) Blot of p53. {CANARY}") as server:
        assert run(url=server.base_url) == 0
    all_commands()
    search()


NAMED = [f"api_key={PLAIN}", f"token={PLAIN}", f"Authorization=Bearer {PLAIN}", f"x-api-key={PLAIN}", f"secret={PLAIN}"]
NESTED: list[dict[str, Any]] = [
    {"headers": {"authorization": PLAIN}},
    {"a": [{"b": {"password": PASSWORD}}]},
    {"hook": f"https://me:{PASSWORD}@host/x"},
    {"hook": [f"https://host/x?api_key={PLAIN}"]},
    {"text": f"call it with api_key={PLAIN} please"},
    {CANARY: 1},
]


@pytest.mark.parametrize(
    "extra",
    [
        *NAMED,
        f"user={CANARY}",
        f"user={TOKEN}",
        CANARY,
        f"{CANARY}=1",
        f"cb=http://me:{PASSWORD}@127.0.0.1/?page=2",
        *(f"body={json.dumps(value)}" for value in NESTED),
    ],
)
def test_a_secret_in_extra_is_refused_and_not_repeated(extra: str, search: Search) -> None:
    with OpenAiServer() as server:
        assert run("--extra", extra, url=server.base_url) == 2
        assert run(f"--extra={extra}", url=server.base_url) == 2
        assert not server.requests
    assert search().count("fewshot: ") == 2
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "value", ["top_p=0.9", "stop_token=</s>", "user=3f9a1c7e", 'stop=["\\n"]', "url=http://h/x?page=2"]
)
def test_other_extras_are_sent(value: str) -> None:
    with OpenAiServer() as server:
        assert run("--extra", value, url=server.base_url) == 0
        assert value.partition("=")[0] in server.posts[0].body


@pytest.mark.parametrize("model", [CANARY, TOKEN, f"http://me:{PASSWORD}@host/m", "0123456789abcdef" * 2])
def test_a_secret_in_the_place_of_a_model(model: str, search: Search) -> None:
    with OpenAiServer() as server:
        assert run("--model", model, url=server.base_url) == 2
        assert not server.requests
    assert model not in search()


@pytest.mark.parametrize("given", [("--extra", f"user={PLAIN}"), ("--model", PLAIN), ("--extra", f"a={HIDDEN}")])
@pytest.mark.parametrize("sent", [("--key-env", "GATEWAY"), ("--header-env", "X-Gate=GATEWAY"), ("--header", HEADER)])
def test_what_a_server_is_sent_is_recorded_by_no_command(
    given: tuple[str, str], sent: tuple[str, str], search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `--dry-run` and `--replay` neither, in whatever form."""
    with OpenAiServer() as server:
        assert run(url=server.base_url) == 0
        asked = len(server.requests)
        monkeypatch.setenv("GATEWAY", PLAIN)
        assert run(*given, *sent, "--out", "runs/two", url=server.base_url) == 2
        assert run(*given, *sent, "--dry-run", url=server.base_url) == 2
        assert cli.main(["run", "--replay", "runs/one", "--out", "runs/three", *given, *sent]) == 2
        assert len(server.requests) == asked
    said = search()
    assert said.count(" holds a key or the value of a header") + said.count(" holds the value of GATEWAY") == 3
    assert [path.name for path in Path("runs").iterdir()] == ["one"]


@pytest.mark.parametrize("given", [["--extra", f"user={CANARY}"], ["--model", TOKEN], ["--extra", f"token={PLAIN}"]])
def test_a_dry_run_and_a_replay_refuse_a_key(given: list[str], search: Search) -> None:
    with OpenAiServer() as server:
        assert run(url=server.base_url) == 0
    assert run(*given, "--dry-run", url=server.base_url) == 2
    assert cli.main(["run", "--replay", "runs/one", *given]) == 2
    with pytest.raises(InputError, match="it would be recorded"):
        fewshot.replay("runs/one", extra={"user": CANARY})
    assert search().count(" holds what looks like a key") == 2


@pytest.mark.parametrize("door", ["key", "password", "model", "echo"])
def test_the_demo_with_a_live_model(door: str, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewshot.demo.TASKS", ("ner",))
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    with OpenAiServer(faults=[status(401, f"Bearer {CANARY} is no key")] * (99 * (door == "echo"))) as server:
        url = server.base_url if door != "password" else server.base_url.replace("//", f"//me:{PASSWORD}@")
        model = TOKEN if door == "model" else "m"
        words = ["demo", "--live", "--base-url", url, "--model", model, "--limit", "1", "--no-training"]
        assert (cli.main([*words, "--out", "runs"]) == 0) == (door in {"key", "password"})
        assert bool(server.requests) == (door != "model")
    search()


@pytest.mark.parametrize("flag", ["--extra", "--model", "--data", "--split", "--selector", "--prompt", "--labels"])
def test_a_key_of_the_environment_in_any_argument(flag: str, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_GATEWAY_KEY", PLAIN)
    assert run(flag, f"x={PLAIN}") == 2
    assert "holds the value of MY_GATEWAY_KEY" in search()
    assert not Path("runs").exists()


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("flag", ["--api-key", "--apikey", "--key", "--token", "--hf-token", "--e", "-k"])
def test_a_mistyped_flag(flag: str, secret: str, search: Search) -> None:
    assert run(flag, secret) == 2
    assert run(f"{flag}={secret}") == 2
    assert run(f"{flag}{secret}") == 2
    assert search().count("fewshot: ") == 3


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("flag", ["--key-env", "--header-env"])
def test_a_key_in_the_place_of_its_variable(flag: str, secret: str, search: Search) -> None:
    with OpenAiServer() as server:
        assert run(flag, f"X-Key={secret}" if flag == "--header-env" else secret, url=server.base_url) == 2
        assert not server.requests
    search()


@pytest.mark.parametrize("secret", [CANARY, TOKEN])
@pytest.mark.parametrize("flag", ["--limit", "--api", "--backend", "--task", "--device", "--json", "--reuse"])
def test_a_key_behind_the_wrong_flag(flag: str, secret: str, search: Search) -> None:
    assert run(flag, secret) == 2
    assert run(f"{flag}={secret}") == 2
    search()


@pytest.mark.parametrize("argv", [[CANARY], ["list", CANARY], ["list", "tasks", CANARY], ["new", "task", CANARY],
                                  ["finetune", "--hub_tokn", TOKEN], ["compare", "--key", PLAIN]])  # fmt: skip
def test_a_key_in_another_command(argv: list[str], search: Search) -> None:
    assert cli.main(argv) == 2
    search()


@pytest.mark.local
@pytest.mark.parametrize("secret", SECRETS)
def test_a_mistyped_flag_of_a_training(secret: str, search: Search) -> None:
    pytest.importorskip("transformers")
    from finetune.__main__ import main

    for words in (["--hub_tokn", secret], [f"--hub_tokn={secret}"]):
        assert main(["--data", "gold.jsonl", "--task", "ner", "--base_model", "tiny-bart", *words]) == 2
    search()


@pytest.mark.parametrize("extra", [{"api_key": PLAIN}, *NESTED])
def test_python_is_a_door_too(extra: dict[str, Any], search: Search) -> None:
    with pytest.raises(InputError, match="it would be recorded") as caught:
        fewshot.run("ner", data="gold.jsonl", out="runs/one", extra=extra)
    assert not any(secret in str(caught.value) for secret in SECRETS)
    with pytest.raises(InputError, match="it would be recorded"):
        fewshot.run(fewshot.Settings(task="ner", data="gold.jsonl", extra=extra), out="runs/one")
    search()
    assert not Path("runs").exists()
