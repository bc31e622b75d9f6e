"""`fewshot annotate` and `fewshot merge` as they are typed: signals, servers, budgets, exit codes, the screen."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli
from tests.annotate.jobs import contents, legends, records, rejects
from tests.cli.at_a_server import KEY, PRICES, until
from tests.cli.conftest import Fails
from tests.servers.batch_server import BatchServer
from tests.servers.openai_server import OpenAiServer, slow, status

ROOT = Path(__file__).parents[2]
N = 3000
OUT = Path("out")


@pytest.fixture(autouse=True)
def _legends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    legends(Path("in.jsonl"), 12)
    Path("prices.toml").write_text(PRICES)
    monkeypatch.setenv("FEWSHOT_PRICES", str(tmp_path / "prices.toml"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def rules(*more: str, out: str = "out", source: str = "in.jsonl") -> list[str]:
    return ["annotate", source, "--task", "panelization", "--out", out, *more]


def at(server: OpenAiServer, *more: str, out: str = "out") -> list[str]:
    words = ["annotate", "in.jsonl", "--task", "ner", "--backend", "gpt3", "--model", "m", "--base-url"]
    return [*words, server.base_url, "--out", out, "--partition-size", "5", *more]


def started(words: list[str]) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "fewshot", *words]
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def parts() -> int:
    return len(list((OUT / "state").glob("0*.json")))


def stopped_by(words: list[str], when: Callable[[], bool], number: signal.Signals) -> tuple[int, str]:
    """The exit code and stderr of a job that gets a signal when it is time."""
    with started(words) as process:
        until(when)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    return process.returncode, err


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 3), (signal.SIGINT, 130)],
    ids=["kill -9", "SIGTERM", "Ctrl-C"],
)
def test_a_job_that_was_stopped_ends_with_the_same_bytes(number: signal.Signals, code: int) -> None:
    legends(Path("many.jsonl"), N)
    words = rules("--partition-size", "100", "--log-every", "1", source="many.jsonl")
    found, err = stopped_by(words, lambda: parts() >= 2, number)
    assert found == code, err
    assert parts() < N / 100
    assert not (OUT / "done.json").exists()
    if code > 0:
        last = err.strip().splitlines()[-1]
        assert last.startswith("fewshot: stopped; ")
        assert last.endswith("parts are whole in out, the same command goes on")
    whole = {path.name: path.read_bytes() for path in (OUT / "parts").glob("part*")}
    assert cli.main(words) == 0
    assert all((OUT / "parts" / name).read_bytes() == content for name, content in whole.items() if len(content))
    assert cli.main(rules("--partition-size", "100", out="at-once", source="many.jsonl")) == 0
    assert contents(OUT) == contents(Path("at-once"))
    assert [row["id"] for row in records(OUT)] == [f"f{n}" for n in range(N)], "nothing twice, nothing missing"


def test_what_is_said_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    Path("in.jsonl").write_text(Path("in.jsonl").read_text() + "no json\n")
    assert cli.main(rules()) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "12 of 13 records annotated · 1 rejected (out/rejects.jsonl) · 1 part in out/parts",
        "Read them again: --data out/parts",
    ]
    assert said.err == ""
    assert cli.main(rules("--json")) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["complete"], row["records"], row["written"], row["rejected"]) == (True, 13, 12, 1)
    assert cli.main(["run", "--data", "out/parts", "--task", "panelization", "--out", "runs/x"]) == 0
    assert "starts.f1        1.000" in capsys.readouterr().out


def test_one_line_of_json_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    legends(Path("many.jsonl"), N)
    assert cli.main(rules("--log-json", "--log-every", "0.1", "--partition-size", "100", source="many.jsonl")) == 0
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["start", "end"]
    middle = [event for event in events if event["event"] == "progress"]
    assert middle
    for event in middle:
        assert {"records", "written", "rejected", "usd", "tokens", "rate", "left", "total", "seconds"} <= event.keys()
        assert event["total"] == N


def test_shards_and_merge(capsys: pytest.CaptureFixture[str], fails: Fails) -> None:
    legends(Path("many.jsonl"), 950)
    for number in "123":
        assert (
            cli.main(rules("--shard", f"{number}/3", "--partition-size", "100", out=f"s{number}", source="many.jsonl"))
            == 0
        )
    assert "shards are missing: 2 of 3" in fails("merge", "s1", "s3", "--out", "whole")
    capsys.readouterr()
    assert cli.main(["merge", "s1", "s2", "s3", "--out", "whole"]) == 0
    assert capsys.readouterr().out == "950 of 950 records · 10 parts in whole/parts\n"
    assert cli.main(rules("--partition-size", "100", out="at-once", source="many.jsonl")) == 0
    assert contents(Path("whole")) == contents(Path("at-once"))


def test_flags_that_do_nothing_are_refused(fails: Fails) -> None:
    assert "--workers and --gpus go with --engine ray" in fails(*rules("--workers", "3"))
    assert "does not heed --temperature" in fails(*rules("--temperature", "0.5"))
    assert "unrecognized arguments: --data" in fails(*rules("--data", "x"))
    assert "--log-every must be more than 0" in fails(*rules("--log-every", "0"))
    assert "--task is missing" in fails("annotate", "in.jsonl", "--out", "out")
    assert "in.jsonl is named twice" in fails(*rules("in.jsonl"))
    assert not OUT.exists()


def test_a_model_alone_is_a_local_one(fails: Fails) -> None:
    Path("folder").mkdir()
    assert "folder" in fails("annotate", "in.jsonl", "--task", "ner", "--model", "folder", "--out", "out")


def answers(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"]).removeprefix("Legend: ").replace("p53", "<GENEPROD> p53 </GENEPROD>")


def test_a_server_is_asked_and_its_answers_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer(answers=answers) as server:
        assert cli.main(at(server)) == 0
        assert len(server.posts) == 12
        assert "tokens, $" in capsys.readouterr().out
        first = contents(OUT)
        assert [row["entities"][0]["text"] for row in records(OUT)] == ["p53"] * 12
        shutil.rmtree(OUT / "parts")
        shutil.rmtree(OUT / "state")
        (OUT / "parts").mkdir()
        (OUT / "state").mkdir()
        assert cli.main(at(server)) == 0
        assert len(server.posts) == 12, "recorded answers are taken"
    assert contents(OUT) == first
    assert len(list((OUT / "answers").rglob("responses.jsonl"))) == 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=["kill -9", "TERM", "Ctrl-C"])
def test_no_legend_is_paid_twice_but_for_those_in_flight(number: signal.Signals) -> None:
    with OpenAiServer(answers=answers, faults=[slow(0.1)] * 12) as server:
        stopped_by(at(server, "--concurrency", "2"), lambda: len(server.posts) >= 7, number)
        assert cli.main(at(server)) == 0
        assert len(server.posts) <= 14
    assert [row["id"] for row in records(OUT)] == [f"f{n}" for n in range(12)]


def test_a_budget_is_that_of_the_command_over_all_partitions(fails: Fails, capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer(answers=answers) as server:
        line = fails(*at(server, "--budget-usd", "2.4", "--concurrency", "1"), code=3)
        assert "out is incomplete (5 records in 1 partitions)" in line
        assert "of the budget of" in line
        assert line.endswith("the same command continues it")
        assert 5 < len(server.posts) < 12
        assert cli.main(at(server)) == 0
        assert len(server.posts) == 12


def test_what_a_person_must_mend_is_exit_4(fails: Fails) -> None:
    with OpenAiServer(key="another") as server:
        assert "out is incomplete (0 records in 0 partitions)" in fails(*at(server), code=4)
        assert len(server.posts) < 12


def refusing(count: int) -> Any:
    return [status(400, message="no such content") if n == count else None for n in range(12)]


def test_a_request_that_fails_for_good_leaves_its_partition_open(fails: Fails) -> None:
    with OpenAiServer(answers=answers, faults=refusing(6)) as server:
        line = fails(*at(server, "--concurrency", "1"), code=3)
        assert "out is incomplete (7 records in 2 partitions)" in line
        assert "f6" in line
        assert "--reject-failed" in line
        assert cli.main(at(server)) == 0
        assert len(server.posts) == 13, "only what failed is asked again"
    assert len(records(OUT)) == 12


def test_a_request_that_fails_for_good_is_a_reject_if_that_is_asked_for() -> None:
    with OpenAiServer(answers=answers, faults=refusing(6)) as server:
        assert cli.main(at(server, "--reject-failed", "--concurrency", "1")) == 0
    (row,) = rejects(OUT)
    assert row["id"] == "f6"
    assert row["reason"].startswith("its request failed: ")


def test_through_the_batch_endpoint() -> None:
    with BatchServer(answers=answers) as server:
        assert cli.main(at(server, "--batch", "--batch-poll", "0.02", "--partition-size", "6")) == 0
        assert len(server.run_lines) == 10, "one of each partition goes online first"
        assert cli.main(at(server, "--partition-size", "6", out="online")) == 0
    assert [row | {"signature": ""} for row in records(OUT)] == [
        row | {"signature": ""} for row in records(Path("online"))
    ]


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    code = "import resource,sys; from fewshot import cli; c=cli.main(sys.argv[1:]);"
    code += " print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(c)"
    most = []
    for count in (1_000, 20_000):
        legends(Path("many.jsonl"), count)
        words = rules("--partition-size", "500", "-q", out=f"out-{count}", source="many.jsonl")
        argv = [sys.executable, "-c", code, *words]
        env = dict(os.environ, PYTHONPATH=str(ROOT))
        ran = subprocess.run(argv, check=True, capture_output=True, text=True, env=env)
        most.append(int(ran.stdout.split()[-1]) / 1024)
    assert most[1] - most[0] < 12, f"MB: {most}"  # 19,000 legends in memory would take 120


def test_a_terminal_has_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from fewshot.annotate import Counts, Pace
    from fewshot.cli import _pace

    pace = Pace(Counts(120_000, 119_988, 12, 0, 0.0), 24, 1_000_000, 1840.2, 478.1, 65.0, 0)
    assert _pace.line(pace) == "120,000 of about 1,000,000 · 1,840/s · 12 rejected · 7:58 left"
    priced = Pace(Counts(10, 10, 0, 5_000, 0.25), 1, None, 0.52, None, 19.0, 3)
    assert _pace.line(priced) == "13 · 0.52/s · $0.2500"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with _pace.shown(None) as show:
        show(pace)
        time.sleep(0)
