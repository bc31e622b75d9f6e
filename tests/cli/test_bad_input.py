"""Everything that issue 3 lists as bad input: one clear line, nothing sent, nothing written, exit 2, 3 or 4."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli
from tests.cli.conftest import Fails
from tests.recorded import answers
from tests.servers.openai_server import OpenAiServer, html

GOOD = '{"id": "a%d", "text": "(A) Blot of p53.", "entities": []}\n'


def data(content: str, name: str = "bad.jsonl") -> str:
    Path(name).write_text(content)
    return name


def record(**more: Any) -> str:
    return json.dumps({"id": "a1", "text": "(A) Blot of p53."} | more) + "\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "bad.jsonl: holds no examples"),
        ("\n\n", "bad.jsonl: holds no examples"),
        ("".join(GOOD % n for n in range(6)) + '{"id": "a7",\n', "bad.jsonl:7: not JSON: "),
        (GOOD % 1 + GOOD % 1, "bad.jsonl:2 (id a1): duplicate id (first on line 1)"),
        (record(entities=[{"start": 12, "end": 99, "label": "G"}]), "bad.jsonl:1 (id a1): entities[0] is out of range"),
        (record(entities=[{"start": -1, "end": 3, "label": "G"}]), "bad.jsonl:1 (id a1): entities[0] is out of range"),
        (record(entities=[{"start": 9, "end": 3, "label": "G"}]), "bad.jsonl:1 (id a1): entities[0] is out of range"),
        (
            record(entities=[{"start": 0, "end": 8, "label": "G"}, {"start": 4, "end": 15, "label": "G"}]),
            "bad.jsonl:1 (id a1): entities overlap: 0–8 '(A) Blot' and 4–15 'Blot of p53'",
        ),
        (record(split="test") + record(id="a2"), "(id a2): 1 of 2 records have no split"),
    ],
)
@pytest.mark.parametrize("flag", ["--data", "--demos"])
def test_broken_data(content: str, said: str, flag: str, fails: Fails) -> None:
    assert said in fails("run", "--task", "ner", flag, data(content))
    assert not Path("runs").exists()


def test_a_missing_file(fails: Fails) -> None:
    for flag in ("--data", "--demos"):
        assert "nowhere.jsonl: no such file or folder" in fails("run", "--task", "ner", flag, "nowhere.jsonl")
    assert "nowhere.jsonl: no such file" in fails("convert", "nowhere.jsonl", "x.jsonl")
    argv = ("evaluate", "--task", "ner", "--data", "gold.jsonl", "--predictions", "nowhere.jsonl")
    assert "cannot read nowhere.jsonl: No such file or directory" in fails(*argv)


def test_fewer_train_examples_than_shots(fails: Fails) -> None:
    two = data('{"id": "a", "text": "Blot of p53.", "entities": []}\n{"id": "b", "text": "Gel.", "entities": []}\n')
    line = fails("run", "--task", "ner", "--demos", two, "--shots", "3")
    assert "--shots 3: only 2 of 2 labelled examples may be shown to" in line
    assert "lower --shots, or add examples with --demos" in line
    assert "--shots 3 needs labelled examples" in fails("run", "--task", "ner", "--data", "gold.jsonl", "--shots", "3")
    assert not Path("runs").exists()


def test_an_unknown_task(fails: Fails) -> None:
    assert "unknown task 'nre' (known: causal, ner, panelization, roles); did you mean" in fails("run", "--task", "nre")
    assert "unknown task" in fails("evaluate", "--task", "nre", "--data", "demo", "--predictions", "gold.jsonl")
    assert "unknown task" in fails("convert", "gold.jsonl", "x.csv", "--task", "nre")
    assert not Path("x.csv").exists()


def test_no_key(fails: Fails) -> None:
    line = fails("run", "--task", "ner", "--backend", "gpt3")
    assert "no key for https://api.openai.com/v1; set OPENAI_API_KEY, or repeat a recorded run" in line
    assert not Path("runs").exists()


def test_another_server_without_a_model_lists_what_it_offers(fails: Fails) -> None:
    with OpenAiServer(models=["small", "large"]) as server:
        line = fails("run", "--task", "ner", "--backend", "gpt3", "--base-url", server.base_url)
    assert "no --model given for" in line
    assert "it offers small, large" in line


def gpt3(server: str, *more: str) -> tuple[str, ...]:
    return (
        "run", "--task", "ner", "--data", "gold.jsonl", "--backend", "gpt3", "--base-url", server, "--model", "m",
        "--out", "runs/one", *more,
    )  # fmt: skip


def complete(*argv: str) -> None:
    assert cli.main(argv) == 0
    assert json.loads(Path("runs/one/scores.json").read_text())["complete"] is True
    assert len(answers("runs/one/responses.jsonl")) == 1  # four legends, one question


def test_a_wrong_key_stops_at_once_and_the_same_command_continues(
    fails: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenAiServer(key="sk-the-right-one") as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-a-wrong-one")
        line = fails(*gpt3(server.base_url), code=4)
        assert "says 401: Incorrect API key provided" in line
        assert "check OPENAI_API_KEY; mend this; then the same command continues it" in line
        assert "sk-a-wrong-one" not in line
        assert len(server.posts) == 1
        monkeypatch.setenv("OPENAI_API_KEY", "sk-the-right-one")
        complete(*gpt3(server.base_url))


def test_an_unknown_model(fails: Fails) -> None:
    with OpenAiServer(models=["small"]) as server:
        line = fails(*gpt3(server.base_url), code=4)
    assert "says 404: The model `m` does not exist" in line
    assert "check --model and --base-url" in line


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def test_a_server_that_is_down(fails: Fails) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    line = fails(*gpt3(url), code=3)
    assert f"cannot connect to {url}" in line
    assert f"is a server running at {url}?" in line
    assert "the same command continues it" in line
    assert "runs/one is incomplete" in fails("compare", "runs/one")


def test_a_server_that_answers_html(fails: Fails) -> None:
    with OpenAiServer(faults=[html()] * 20) as server:
        line = fails(*gpt3(server.base_url), code=3)
        assert "the server answered HTML, not an answer" in line
        assert "does --base-url end in /v1?" in line
        server.faults.clear()
        complete(*gpt3(server.base_url))


def test_failures_may_count_as_empty(capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer(faults=[html()] * 20) as server:
        assert cli.main(gpt3(server.base_url, "--failed-as-empty", "--json")) == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert (result["complete"], result["n"], result["failed"]) == (True, 4, 4)
    assert "scored as empty: 4 requests failed for good" in captured.err
    assert cli.main(["compare", "runs/one"]) == 0
    assert cli.main(["run", "--replay", "runs/one"]) == 0
    assert "identical" in capsys.readouterr().err


def test_the_key_gets_into_no_file_and_no_output(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    with OpenAiServer() as server:
        url = server.base_url.replace("http://", "http://me:pass-word@")
        assert cli.main(gpt3(url)) == 0
        assert cli.main(["show", "runs/one"]) == 0
    said = "".join(capfd.readouterr())
    written = b"".join(path.read_bytes() for path in Path("runs").rglob("*") if path.is_file())
    for secret in ("sk-very-secret", "pass-word"):
        assert secret not in said
        assert secret.encode() not in written


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--limit", "0"], "--limit must be at least 1, not 0"),
        (["--limit", "x"], "argument --limit: invalid int value: 'x'"),
        (["--shots", "-1"], "--shots must be at least 0, not -1"),
        (["--temperature", "3"], "--temperature must lie between 0 and 2, not 3.0"),
        (["--concurrency", "0"], "--concurrency must be at least 1, not 0"),
        (["--max-tokens", "0"], "--max-tokens must be at least 1, not 0"),
        (["--api", "soap"], "invalid choice: 'soap'"),
        (["--selector", "radnom"], "did you mean 'random'?"),
        (["--labels", "GENPROD"], "did you mean 'GENEPROD'?"),
        (["--extra", "top_p"], "--extra takes K=V, not 'top_p'"),
        (["--replay", "runs/x", "--reuse", "runs/y"], "give one of them"),
        (["--reuse", "runs/x"], "runs/x holds no recorded answers"),
        (["--dry-run", "--json"], "--dry-run sends nothing"),
        (["--dry-run", "--replay", "runs/x"], "--dry-run sends nothing"),
        (["--out", "gold.jsonl"], "gold.jsonl exists but is not a run folder"),
        (["--split", "tset"], "demo has no split 'tset' (it has test, train, validation)"),
    ],
)
def test_flags(flags: list[str], said: str, fails: Fails) -> None:
    assert said in fails("run", "--task", "ner", *flags)


def test_nothing_but_the_word(fails: Fails) -> None:
    assert "--task is missing; see `fewshot list tasks`" in fails("run")
    assert "the following arguments are required: RUN" in fails("compare")
    assert "did you mean 'compare'?" in fails("copmare", "runs/x")
