"""`fewshot run` against a server, as a user has it: killed, interrupted, out of money, in the dark about prices."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli
from fewshot.cassette.journal import Journal
from fewshot.cli import _output
from fewshot.engine import Progress
from fewshot.errors import RunFolderError
from tests.cli.at_a_server import HF, KEY, PRICES, ROOT, command, in_a_folder_of_its_own, started, until
from tests.servers import openai_server as faults
from tests.servers import wire_faults as wire
from tests.servers.openai_server import OpenAiServer

N = 30


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_folder_of_its_own(tmp_path, monkeypatch, N)


def recorded() -> int:
    path = Path("runs/one/responses.jsonl")
    return path.read_bytes().count(b'"key"') if path.exists() else 0


def asked(server: OpenAiServer) -> Counter[str]:
    return Counter(post.body["messages"][-1]["content"] for post in server.posts)


# Nothing paid for is lost


def test_killed_at_any_moment_the_same_command_goes_on() -> None:
    with OpenAiServer(delay=0.05) as server:
        for lines in (3, 9, 15):
            with started(command(server.base_url, "--concurrency", "4")) as running:
                until(lambda lines=lines: recorded() >= lines)  # type: ignore[misc]
                running.kill()
        assert recorded() < N
        with started(command(server.base_url, "--concurrency", "4")) as running:
            out, _ = running.communicate()
        assert running.returncode == 0
        assert f"n = {N}" in out
        twice = {text: n for text, n in asked(server).items() if n > 1}
        assert len(asked(server)) == N
        assert sum(twice.values()) - len(twice) <= 3 * 4, "what was in flight, at each of three kills"
    assert cli.main(["run", "--replay", "runs/one"]) == 0


def test_ctrl_c_writes_what_is_in_flight_and_says_how_to_go_on() -> None:
    with OpenAiServer(delay=0.2) as server:
        with started(command(server.base_url, "--concurrency", "4")) as running:
            until(lambda: recorded() >= 4)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate()
        assert running.returncode == 130
        assert out == ""
        assert _output.STOPPING in err
        assert "the same command continues" in err
        assert "Traceback" not in err
        assert recorded() == len(server.posts) < N
        with started(command(server.base_url, "--concurrency", "16")) as running:
            running.communicate()
        assert running.returncode == 0
        assert set(asked(server).values()) == {1}


def test_a_second_ctrl_c_leaves_now() -> None:
    with OpenAiServer(delay=20) as server:
        with started(command(server.base_url, "--concurrency", "4")) as running:
            until(lambda: len(server.posts) == 4)
            running.send_signal(signal.SIGINT)
            time.sleep(0.3)
            assert running.poll() is None
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=15)
        assert running.returncode == 130
        assert "Traceback" not in err


def test_a_second_process_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer(delay=0.3) as server, started(command(server.base_url)) as running:
        until(lambda: recorded() >= 1)
        assert cli.main(command(server.base_url)) == 2
        assert f"in use by process {running.pid}" in capsys.readouterr().err
        running.kill()


def _full(journal: Journal, key: bytes, line: bytes, parts: object) -> None:
    raise RunFolderError(f"cannot write {journal.path}: No space left on device")


def test_a_disk_that_is_full(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAiServer() as server:
        assert cli.main(command(server.base_url, "--budget-tokens", "1")) == 3
        capsys.readouterr()
        monkeypatch.setattr(Journal, "append", _full)
        assert cli.main(command(server.base_url)) == 2
    assert "No space left on device" in capsys.readouterr().err


# Budget and prices


def test_a_budget_ends_a_run_and_the_same_command_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    own = Path("config/fewshot/prices.toml")
    own.parent.mkdir(parents=True)
    own.write_text(PRICES)
    with OpenAiServer(answers="p53 [END]") as server:
        argv, codes, spent = command(server.base_url, "--budget-usd", "2"), list[int](), 0
        while not codes or (codes[-1] == 3 and len(codes) < 30):
            codes.append(cli.main(argv))
            err = capsys.readouterr().err
            now = sum(len(p.body["messages"][0]["content"].split()) for p in server.posts)
            assert now * 0.001 - spent <= 2
            spent = now * 0.001  # type: ignore[assignment]
            if codes[-1] == 3:
                assert "of the budget of $2 is left; the next request may cost $" in err
                assert "the same command continues it" in err
        assert codes[-1] == 0
        assert len(codes) > 2
        assert set(asked(server).values()) == {1}
        assert len(asked(server)) == N
    usage = tomllib.loads(Path("runs/one/run.toml").read_text())["usage"]
    assert usage["cost_usd"] == pytest.approx(usage["tokens"] * 0.001)
    assert "made up" in usage["price"]


def test_dollars_at_a_price_that_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer() as server:
        assert cli.main(command(server.base_url, "--budget-usd", "2")) == 2
        assert server.posts == []
        assert re.search(r"no price is known of m at .*prices.toml.*--budget-tokens", capsys.readouterr().err)
        assert cli.main(command(server.base_url, "--budget-tokens", "9999999")) == 0
    assert 'cost_usd = "unknown"' in Path("runs/one/run.toml").read_text()


def test_a_dry_run_tells_what_it_may_cost(capsys: pytest.CaptureFixture[str]) -> None:
    url = "http://127.0.0.1:9/v1"
    assert cli.main(command(url, "--dry-run")) == 0
    assert "cost unknown: no price is known of m there" in capsys.readouterr().out
    own = Path("config/fewshot/prices.toml")
    own.parent.mkdir(parents=True)
    own.write_text(PRICES)
    assert cli.main(command(url, "--dry-run", "--budget-usd", "0.5")) == 0
    out = capsys.readouterr().out
    tokens, answers = (
        int(found.replace(",", ""))
        for found in re.findall(r"about ([\d,]+) prompt tokens .* at most ([\d,]+) answer tokens", out)[0]
    )
    assert (
        f"about ${tokens / 1000:.4f} for the prompts, at most ${(tokens + answers) / 1000:.4f} with the answers" in out
    )
    assert "(2026-11-25, made up)" in out
    assert "--budget-usd 0.5 may end it before that" in out
    assert not Path("runs").exists()


def test_pace_and_budget_are_no_other_run(capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer() as server:
        argv = command(server.base_url)[:-2]  # the default folder
        assert cli.main([*argv, "--budget-tokens", "1"]) == 3
        assert cli.main([*argv, "--rpm", "60000", "--tpm", "1e9", "--timeout", "20", "--concurrency", "3"]) == 0
        assert len(list(Path("runs").iterdir())) == 1
        assert server.max_concurrency <= 3


@pytest.mark.parametrize("flag", ["--rpm", "--tpm", "--timeout", "--budget-usd", "--budget-tokens"])
def test_nothing_is_no_pace(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(command("http://127.0.0.1:9/v1", flag, "0")) == 2
    assert f"{flag} must be more than 0" in capsys.readouterr().err


def test_a_time_out_is_told_and_what_may_have_been_paid_twice_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer(faults=[faults.slow(10), None, faults.slow(10)]) as server:
        assert cli.main(command(server.base_url, "--timeout", "0.4")) == 0
    assert "2 requests were sent again after their answer got lost: possibly paid twice" in capsys.readouterr().err
    assert "maybe_paid_twice = 2" in Path("runs/one/run.toml").read_text()


def test_an_answer_of_ten_megabytes_is_scored(capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer(answers=["p53 <GENEPROD> " * 700_000, "x"], honours_stop=False) as server:
        gold = Path("gold.jsonl").read_text().splitlines(keepends=True)
        Path("gold.jsonl").write_text("".join(gold[:2]))
        assert cli.main(command(server.base_url, "--extra", "max_tokens=99999999")) == 0
    assert "n = 2" in capsys.readouterr().out


# Progress


def test_a_plain_line_now_and_then_where_stderr_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: low)  # waits no longer than the server asks
    with OpenAiServer(delay=0.02, faults=[faults.status(429, retry_after=0.01)]) as server:
        assert cli.main(command(server.base_url)) == 0
        assert "requests/s" not in capsys.readouterr().err, "not in the first half minute"
        monkeypatch.setattr(_output, "PLAIN_SECONDS", 0.0)
        server.faults = [faults.status(429, retry_after=0.01)] * 200
        argv = ["runs/two" if word == "runs/one" else word for word in command(server.base_url)]
        assert cli.main(argv) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "requests/s" in line]
    assert re.fullmatch(
        rf"fewshot: \d+/{N} · [\d.]+ requests/s · \d+ retries · \d+ 429s · [\d,]+ tokens · cost unknown · 0:0\d left",
        lines[-1],
    ), lines[-1]


def test_the_parts_of_a_line() -> None:
    now = Progress(
        done=1200, total=2000, replayed=200, failed=1, pushbacks=3, maybe_twice=2, prompt_tokens=10**6,
        completion_tokens=5, cost=0.1234, rate=8.0,
    )  # fmt: skip
    assert _output._parts(now) == [
        "8.0 requests/s", "200 recorded", "1 failed", "3 429s", "2 possibly paid twice", "1,000,005 tokens",
        "$0.1234", "1:40 left",
    ]  # fmt: skip
    assert _output._parts(Progress(done=3)) == []


# Secrets

SECRETS = (KEY, HF, "sesame-open-1", "query-key-77")


def everything(folder: Path, *texts: str) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    for text in texts:
        yield "the screen", text.encode()


def echo(body: dict[str, Any]) -> str:
    return f"(A) Blot {KEY} p53"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (None, 0),
        (faults.status(401, f"Incorrect API key provided: {KEY} ({HF})"), 4),
        (faults.status(400, f"bad request to http://me:sesame-open-1@host/?key=query-key-77 with Bearer {KEY}"), 3),
        (faults.body(200, f"<html>{KEY} sesame-open-1</html>".encode()), 3),
        (wire.no_http(), 3),
    ],
)
def test_no_secret_is_written_anywhere(fault: faults.Fault | None, code: int) -> None:
    with OpenAiServer(answers=echo, faults=[fault] * 500) as server:
        url = server.base_url.replace("://", "://me:sesame-open-1@")
        env = dict(os.environ, PYTHONPATH=str(ROOT), OPENAI_LOG="debug", PYTHONDEVMODE="1", PYTHONFAULTHANDLER="1")
        screen = []
        for more in (["--json"], ["--dry-run"], ["--limit", "3"]):
            argv = [sys.executable, "-W", "ignore", "-m", "fewshot", *command(url, *more)]
            done = subprocess.run(argv, capture_output=True, text=True, env=env, check=False)
            screen += [done.stdout, done.stderr]
            if more == ["--json"]:
                assert done.returncode == code, done.stderr
        assert server.posts[0].headers["authorization"].startswith("Basic ")
    found = [
        (place, secret)
        for place, text in everything(Path.cwd(), *screen)
        for secret in SECRETS
        if secret.encode() in text
    ]
    assert found == []
    assert "limit: not set → 3" in screen[-1], "the refusal of other settings shows no address either"


def test_an_address_with_credentials_is_the_same_run(capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer() as server:
        url = server.base_url.replace("://", "://me:sesame-open-1@")
        assert cli.main(command(url, "--budget-tokens", "1")) == 3
        assert cli.main(command(url)) == 0
        capsys.readouterr()
        assert cli.main(["run", "--replay", "runs/one"]) == 0


def test_nothing_prints_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from fewshot.backends import Options, open_backend

    backend = open_backend(
        "gpt3", Options(task="ner", model="m", base_url="http://me:sesame-open-1@h/v1?k=query-key-77")
    )
    shown = repr(backend) + str(backend)
    assert not [secret for secret in SECRETS if secret in shown]
