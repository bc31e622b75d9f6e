"""Ctrl-C and kill -9 in the middle of a run: the folder is whole, and the same command continues it.

Real processes, a real server, real signals.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli
from tests.recorded import answers
from tests.servers.openai_server import OpenAiServer

COUNT, FLYING = 12, 2
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _distinct_legends() -> None:
    rows = (
        {"id": f"f{n}", "text": f"({n}) Blot of p{n}.", "entities": [{"start": 13, "end": 16, "label": "G"}]}
        for n in range(10, 10 + COUNT)
    )
    Path("gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def tagged(body: dict[str, Any]) -> str:
    return re.sub(r"(p\d+)", r"<G> \1 </G>", body["messages"][-1]["content"].removeprefix("Legend: ")) + " [END]"


def command(server: OpenAiServer, out: str = "runs/one") -> list[str]:
    return [
        "run", "--task", "ner", "--data", "gold.jsonl", "--shots", "0", "--backend", "gpt3", "--model", "m",
        "--base-url", server.base_url, "--concurrency", str(FLYING), "--out", out,
    ]  # fmt: skip


def stopped(
    server: OpenAiServer, when: Callable[[], bool], *signals: signal.Signals
) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own, and sends it the signals when it is time."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "fewshot", *command(server)],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            deadline = time.monotonic() + 30
            while not when():
                assert process.poll() is None, process.stderr.read() if process.stderr else ""
                assert time.monotonic() < deadline
                time.sleep(0.005)
            for sent in signals:
                process.send_signal(sent)
                time.sleep(0.05)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def recorded() -> list[dict[str, Any]]:
    """The lines of the cassette; a torn one would be no JSON."""
    return answers("runs/one/responses.jsonl")


def is_whole() -> None:
    """Every file of the unfinished folder can be read, and none says that the run is complete."""
    assert tomllib.loads(Path("runs/one/run.toml").read_text())["run"]["complete"] is False
    assert len(Path("runs/one/gold.jsonl").read_text().splitlines()) == COUNT
    assert not Path("runs/one/scores.json").exists()
    assert not list(Path("runs/one").glob(".*"))
    assert cli.main(["compare", "runs/one"]) == 2


def finishes_as_if_nothing_had_been(server: OpenAiServer) -> None:
    """The same command completes the run, and leaves the bytes of a run that nobody stopped."""
    assert cli.main(command(server)) == 0
    assert cli.main(command(server, "runs/straight")) == 0
    for name in ("predictions.jsonl", "scores.json"):
        assert Path("runs/one", name).read_bytes() == Path("runs/straight", name).read_bytes()
    assert json.loads(Path("runs/one/scores.json").read_text())["scores"]["strict.micro.f1"] == 1.0


def test_ctrl_c_waits_for_what_is_in_flight_and_nothing_is_asked_twice(capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer(answers=tagged, delay=0.15) as server:
        done = stopped(server, lambda: len(server.posts) >= 4, signal.SIGINT)
        assert done.returncode == 130
        assert done.stderr.splitlines()[-1] == (
            "fewshot: stopped; recorded answers are kept, the same command continues"
        )
        assert done.stdout == ""
        sent = len(server.posts)
        assert len(recorded()) == sent
        assert sent < COUNT
        is_whole()
        assert "holds an unfinished run" in capsys.readouterr().err
        server.delay = 0.0
        assert cli.main(command(server)) == 0
        assert len(server.posts) == COUNT
        finishes_as_if_nothing_had_been(server)


def test_ctrl_c_twice_leaves_at_once() -> None:
    with OpenAiServer(answers=tagged, delay=5.0) as server:
        began = time.monotonic()
        done = stopped(server, lambda: len(server.posts) >= FLYING, signal.SIGINT, signal.SIGINT)
        assert time.monotonic() - began < 4.5
        assert done.returncode == 130
        assert "Traceback" not in done.stderr
        assert recorded() == []
        is_whole()
        server.delay = 0.0
        finishes_as_if_nothing_had_been(server)


def test_kill_nine_loses_only_what_was_in_flight() -> None:
    with OpenAiServer(answers=tagged, delay=0.15) as server:
        done = stopped(server, lambda: len(server.posts) >= 5, signal.SIGKILL)
        assert done.returncode == -signal.SIGKILL
        sent, kept = len(server.posts), len(recorded())
        assert sent - FLYING <= kept <= sent
        is_whole()
        server.delay = 0.0
        assert cli.main(command(server)) == 0
        assert len(server.posts) == sent + COUNT - kept
        finishes_as_if_nothing_had_been(server)


def test_a_line_that_the_machine_lost_half_of_is_asked_again() -> None:
    with OpenAiServer(answers=tagged) as server:
        assert cli.main(command(server)) == 0
        path = Path("runs/one/responses.jsonl")
        path.write_bytes(path.read_bytes()[:-40])
        Path("runs/one/scores.json").unlink()
        finishes_as_if_nothing_had_been(server)
        assert len(server.posts) == COUNT + 1 + COUNT
        assert len(recorded()) == COUNT


def test_two_at_once_are_refused_with_the_other_s_process() -> None:
    with OpenAiServer(answers=tagged, delay=0.3) as server:
        refused: list[int] = []

        def second() -> bool:
            if len(server.posts) >= FLYING:
                refused.append(cli.main(command(server)))
            return bool(refused)

        assert stopped(server, second).returncode == 0
        assert refused == [2]
        assert len(server.posts) == COUNT
