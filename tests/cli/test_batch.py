"""`fewshot run --batch` against a server with a Batch endpoint: whole, in parts, with everything that goes wrong."""

from __future__ import annotations

import json
import signal
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli
from fewshot.engine.batch import lines
from tests.cli.at_a_server import KEY, PRICES, command, in_a_folder_of_its_own, started, until
from tests.recorded import answers
from tests.servers import openai_server as faults
from tests.servers.batch_server import QUEUE_FULL, BatchServer, End, expired, refused

N = 12


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_folder_of_its_own(tmp_path, monkeypatch, N)


def batch(url: str, *more: str) -> list[str]:
    return command(url, "--batch", "--batch-poll", "0.02", *more)


def same_as_online(server: BatchServer) -> bool:
    """Whether the scores of a run without batches, at the same server, are the same to the byte."""
    assert cli.main(command(server.base_url, out="runs/online")) == 0
    files = ("scores.json", "predictions.jsonl", "tallies.json")
    return all(Path("runs/one", name).read_bytes() == Path("runs/online", name).read_bytes() for name in files)


def state() -> Any:
    return json.loads(Path("runs/one/batch.json").read_text())


def paid(server: BatchServer) -> Counter[str]:
    return Counter(server.run_lines)


def test_scores_predictions_and_replay_are_those_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer() as server:
        assert cli.main(batch(server.base_url)) == 0
        assert len([p for p in server.posts if p.path.endswith("completions")]) == 1, "one goes online first"
        assert len(paid(server)) == N - 1
        assert same_as_online(server)
    assert cli.main(["run", "--replay", "runs/one"]) == 0
    assert "identical" in capsys.readouterr().err
    assert [part["status"] for part in state()["parts"]] == ["fetched"]
    assert not list(Path("runs/one/batches").iterdir())
    assert tomllib.loads(Path("runs/one/run.toml").read_text())["settings"]["batch"] is True


def test_the_limits_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 4)
    with BatchServer() as server:
        assert cli.main(batch(server.base_url)) == 0
        assert [content.count(b"\n") for name, content in server.files.values() if name.startswith("fewshot")] == [
            4,
            4,
            3,
        ]
        assert same_as_online(server)


def test_the_bytes_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_BYTES", 6_000)
    with BatchServer() as server:
        assert cli.main(batch(server.base_url)) == 0
        sizes = [len(content) for name, content in server.files.values() if name.startswith("fewshot")]
        assert len(sizes) > 1
        assert max(sizes) <= 6_000
        assert same_as_online(server)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (expired(after=3), "8 were not run in time"),
        (End(failing=faults.status(500, "oops")), None),
        (End(edit=lambda rows: rows[::-1]), None),
        (End(edit=lambda rows: [*rows, rows[0]]), "1 lines answer again what is answered"),
        (End(edit=lambda rows: [rows[0] | {"custom_id": "nobody"}, *rows]), "1 lines answer what was not asked"),
        (End(edit=lambda rows: rows[:5]), "it counts 11 answers and holds 5"),
        (End(miscount=4), "it counts 15 answers and holds 11"),
        (End(raw=b'<html>\n{"custom_id": 7}\n[]\n\xff\n'), "4 lines cannot be read"),
        (End(gone=True), "its file of answers is gone"),
    ],
)
def test_only_what_is_missing_is_sent_again(end: End, said: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer(ends=[end]) as server:
        assert cli.main(batch(server.base_url)) == 0
        assert said is None or said in capsys.readouterr().err
        first, *rest = [set(b["ran"]) for b in server.batches.values()]
        assert len(first | set().union(*rest)) == N - 1
        if not end.gone and end.status == "expired":
            assert not first & rest[0], "nothing is paid twice"
        assert same_as_online(server)


def test_what_is_refused_for_good_is_said_and_the_rest_scored(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer(ends=[End(failing=faults.status(400, "no"))]) as server:
        assert cli.main(batch(server.base_url)) == 3
        assert "5 requests failed for good" in capsys.readouterr().err
        assert len(server.batches) == 1
        assert cli.main(batch(server.base_url)) == 0, "the same command asks for them again"


def test_a_refused_parameter_is_learnt_before_thousands_are_written() -> None:
    with BatchServer(refuses={"max_tokens": "Use 'max_completion_tokens' instead."}) as server:
        assert cli.main(batch(server.base_url)) == 0
        assert len(server.batches) == 1
        rows = [json.loads(row) for row in server.files["file-1"][1].splitlines()]
        assert all("max_completion_tokens" in row["body"] for row in rows)
        assert same_as_online(server)


def test_a_parameter_that_only_batches_refuse_is_learnt_too() -> None:
    refusal = faults.status(400, "no seed here", error_code="unsupported_parameter", param="temperature")
    with BatchServer(ends=[End(failing=refusal)]) as server:
        assert cli.main(batch(server.base_url)) == 0
        assert len(server.batches) == 2


def test_a_thought_that_uses_up_the_answer_is_given_room() -> None:
    def answer(body: Any) -> str:
        thought = "why " * 3000 if "number 7" in body["messages"][-1]["content"] else ""
        return f"<think>{thought}</think>p53 [END]" if thought else "p53 [END]"

    with BatchServer(answers=answer, honours_stop=False) as server:
        assert cli.main(batch(server.base_url)) == 0
        assert len(server.batches) >= 2
        assert set(Counter(paid(server).values())) == {1, len(server.batches)}, "one is asked again, with more room"
        again = json.loads(server.files[server.batches["batch_2"]["input_file_id"]][1])
        first = json.loads(server.files["file-1"][1].splitlines()[0])
        assert again["body"]["max_tokens"] > first["body"]["max_tokens"]
    rows = answers("runs/one/responses.jsonl")
    thought = next(row for row in rows if row["id"] == "f7")
    assert thought["completion"]["finish_reason"] == "stop"
    assert "for reasoning" in thought["adapted"]["max_tokens"]
    assert cli.main(["run", "--replay", "runs/one"]) == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faults.status(401, f"Incorrect API key provided: {KEY}"), 4),
        (faults.status(404, "The model does not exist", error_code="model_not_found"), 4),
    ],
)
def test_a_wrong_key_is_known_before_anything_is_written(
    fault: faults.Fault, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with BatchServer(faults=[fault]) as server:
        assert cli.main(batch(server.base_url)) == code
        assert server.calls == []
    assert KEY not in capsys.readouterr().err


def test_a_server_without_the_endpoint(capsys: pytest.CaptureFixture[str]) -> None:
    with faults.OpenAiServer() as server:
        assert cli.main(batch(server.base_url)) == 4
    err = capsys.readouterr().err
    assert "404" in err
    assert "--batch" in err


@pytest.mark.parametrize("backend", ["rules", "bloom"])
def test_a_backend_without_batches(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--task", "ner", "--data", "gold.jsonl", "--backend", backend, "--batch"]) == 2
    err = capsys.readouterr().err
    assert f"--backend {backend} does not heed --batch" in err
    assert not Path("runs").exists()


def test_the_queue_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 4)
    with BatchServer(most_queued=5) as server:
        assert cli.main(batch(server.base_url)) == 0
        assert set(paid(server).values()) == {1}
        assert same_as_online(server)


def test_a_part_that_is_larger_than_the_queue_is_halved() -> None:
    with BatchServer(most_queued=4) as server:
        assert cli.main(batch(server.base_url)) == 0
        assert set(paid(server).values()) == {1}
        assert same_as_online(server)


def test_a_batch_that_fails_because_the_queue_is_full() -> None:
    with BatchServer(ends=[QUEUE_FULL, None]) as server:
        assert cli.main(batch(server.base_url)) == 0
        assert len(server.batches) == 2
        assert len([name for name, _ in server.files.values() if name.startswith("fewshot")]) == 1, "one upload"


def test_a_batch_that_is_refused_needs_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer(ends=[refused("billing_hard_limit_reached", "Billing hard limit has been reached")]) as server:
        assert cli.main(batch(server.base_url)) == 4
        assert "Billing hard limit has been reached" in capsys.readouterr().err
        assert cli.main(batch(server.base_url)) == 0


def test_a_server_that_is_away_while_it_is_polled() -> None:
    with BatchServer() as server:
        server.routes["GET batches"] = [None, faults.reset(), faults.status(503), faults.html(), faults.cut_json()]
        assert cli.main(batch(server.base_url)) == 0
        assert set(paid(server).values()) == {1}


def test_a_server_that_stays_away(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer() as server:
        server.routes["GET batches"] = [faults.status(503)] * 100
        assert cli.main(batch(server.base_url, "--give-up-after", "1")) == 3
        assert "503" in capsys.readouterr().err
        server.routes.clear()
        assert cli.main(batch(server.base_url)) == 0
        assert len(server.batches) == 1


def test_a_creation_whose_reply_got_lost_is_not_paid_twice() -> None:
    with BatchServer() as server:
        server.created_then = [faults.reset()]
        assert cli.main(batch(server.base_url)) == 0
        assert len(server.batches) == 1
        assert set(paid(server).values()) == {1}


@pytest.mark.parametrize("code", [500, 502, 504])
def test_a_creation_that_is_said_to_have_failed_and_has_not(code: int) -> None:
    with BatchServer() as server:
        server.created_then = [faults.status(code)]
        assert cli.main(batch(server.base_url)) == 0
        assert len(server.batches) == 1


def test_a_packed_reply_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer() as server:
        packed = faults.Fault(raw=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
        server.routes["GET batches"] = [packed] * 100
        assert cli.main(batch(server.base_url, "--give-up-after", "1")) == 3
    assert "packed a reply" in capsys.readouterr().err


def test_a_redirect_is_not_followed(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer() as other, BatchServer() as server:
        server.routes["POST files"] = [faults.redirect(307, f"{other.base_url}/files")]
        assert cli.main(batch(server.base_url)) in {3, 4}
        assert other.requests == []
    assert "307" in capsys.readouterr().err


@pytest.mark.parametrize("moment", ["uploaded", "created"])
def test_killed_between_upload_and_creation(moment: str) -> None:
    with BatchServer() as server:
        if moment == "created":  # the batch is there, and its creator is killed before it hears of it
            server.created_then = [faults.slow(30)]
        else:
            server.routes["POST batches"] = [faults.slow(30)]
        with started(batch(server.base_url)) as running:
            until(lambda: "POST batches" in server.calls)
            time.sleep(0.2)
            running.kill()
        assert cli.main(batch(server.base_url)) == 0
        assert len(server.batches) == 1
        assert len([name for name, _ in server.files.values() if name.startswith("fewshot")]) == 1
        assert set(paid(server).values()) == {1}


def test_killed_before_the_upload_was_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    with BatchServer() as server:
        server.routes["POST files"] = [faults.status(503)] * 100
        assert cli.main(batch(server.base_url, "--give-up-after", "1")) == 3
        part = state()["parts"][0]
        server.files["file-9"] = (f"{part['name']}.jsonl", Path(f"runs/one/batches/{part['name']}.jsonl").read_bytes())
        server.routes.clear()
        assert cli.main(batch(server.base_url)) == 0
        assert [b["input_file_id"] for b in server.batches.values()] == ["file-9"]


def test_ctrl_c_leaves_the_batch_running_and_says_how_to_go_on() -> None:
    with BatchServer(looks=10**6) as server:
        with started(batch(server.base_url)) as running:
            until(lambda: server.calls.count("GET batches/batch_1") >= 2)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=20)
        assert running.returncode == 130
        assert out == ""
        assert "batch batch_1 runs on at the server. The same command waits for the answers" in err
        assert "fewshot batch status runs/one" in err
        assert "Traceback" not in err
        assert "POST batches/batch_1/cancel" not in server.calls
        server.looks = 0
        assert cli.main(batch(server.base_url)) == 0
        assert len(server.batches) == 1


def test_status_fetch_and_cancel(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer(looks=10**6) as server:
        with started(batch(server.base_url)) as running:
            until(lambda: server.calls.count("GET batches/batch_1") >= 2)
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=20)
        assert running.returncode == 3
        assert cli.main(["batch", "status", "runs/one", "--json"]) == 0
        part = json.loads(capsys.readouterr().out)["parts"][0]
        assert (part["batch"], part["status"], part["requests"]) == ("batch_1", "in_progress", N - 1)
        assert cli.main(["batch", "fetch", "runs/one"]) == 3
        assert "answers are still to come" in capsys.readouterr().err
        assert cli.main(command(server.base_url)) == 2, "online they would be paid again"
        assert "waits for batches" in capsys.readouterr().err
        server.batches["batch_1"]["end"] = End(after=4)
        assert cli.main(["batch", "cancel", "runs/one"]) == 0
        assert "cancelling" in capsys.readouterr().out
        server.looks = 0
        assert cli.main(["batch", "fetch", "runs/one"]) == 3
        assert "batch batch_1 was cancelled" in capsys.readouterr().err
        assert len(paid(server)) == 4
        assert cli.main(batch(server.base_url)) == 0
        assert set(paid(server).values()) == {1}


# Money


def test_it_costs_half(capsys: pytest.CaptureFixture[str]) -> None:
    own = Path("config/fewshot/prices.toml")
    own.parent.mkdir(parents=True)
    own.write_text(PRICES)
    with BatchServer() as server:
        assert cli.main(command(server.base_url, "--dry-run", out="runs/x")) == 0
        whole = capsys.readouterr().out
        assert cli.main([*batch(server.base_url), "--dry-run"]) == 0
        half = capsys.readouterr().out
        assert "half in batches" in half
        assert _dollars(half) == pytest.approx(_dollars(whole) / 2, abs=1e-3)
        assert cli.main(batch(server.base_url)) == 0
        assert same_as_online(server)
    run, online = (tomllib.loads(Path(f"runs/{name}/run.toml").read_text())["usage"] for name in ("one", "online"))
    assert run["batched"] == N - 1
    assert run["cost_usd"] == pytest.approx(online["cost_usd"] * (0.5 + 0.5 / N), rel=0.02)
    assert "seconds_per_example" not in run
    assert cli.main(["run", "--replay", "runs/one", "--out", "runs/again"]) == 0
    again = tomllib.loads(Path("runs/again/run.toml").read_text())["usage"]
    assert again["cost_usd"] == run["cost_usd"]
    assert cli.main(["compare", "runs/one", "runs/online"]) == 0


def _dollars(text: str) -> float:
    return float(text.split("about $")[1].split(maxsplit=1)[0])


def test_a_budget_ends_it_and_the_same_command_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer() as server:
        codes: list[int] = []
        while not codes or codes[-1] == 3:
            codes.append(cli.main(batch(server.base_url, "--budget-tokens", "1800")))
            err = capsys.readouterr().err
            assert codes[-1] == 0 or "of the budget of 1,800 tokens are left" in err
            assert len(codes) < 20
        assert codes[-1] == 0
        assert len(codes) > 1
        assert set(paid(server).values()) == {1}


def test_events_say_what_is_waited_for(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from fewshot.cli import _output

    monkeypatch.setattr(_output, "PLAIN_SECONDS", 0.0)
    with BatchServer(looks=4) as server:
        assert cli.main(batch(server.base_url, "--log-json")) == 0
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    waits = {event["waiting"] for event in events if event["event"] == "progress"}
    assert "batch batch_1 in_progress" in waits


# Files without a server


def test_export_and_import(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer() as server:
        settings = command(server.base_url)[1:-2]
        assert cli.main(["batch", "export", "runs/one", *settings]) == 0
        path = Path(capsys.readouterr().out.strip())
        assert server.requests == [], "nothing is sent"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        assert len(rows) == N
        assert {(row["method"], row["url"], row["body"]["model"]) for row in rows} == {
            ("POST", "/v1/chat/completions", "m")
        }
        done = [
            {"id": "vllm-1", "custom_id": row["custom_id"], "error": None,
             "response": {"status_code": 200, "request_id": "r", "body": _answer(server, row)}}
            for row in rows
        ]  # fmt: skip
        Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in done[:7]))
        Path("b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reversed(done)))
        assert cli.main(["batch", "import", "runs/one", "a.jsonl"]) == 3
        assert "7 answers were taken, 5 of 12 are missing" in capsys.readouterr().err
        assert cli.main(["batch", "import", "runs/one", "b.jsonl"]) == 0
        assert same_as_online(server)


def _answer(server: BatchServer, row: Any) -> Any:
    return server._complete(faults.Received("POST", row["url"], {}, row["body"], 0.0), 0)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["batch", "status", "runs/none"], "is not a run folder"),
        (["batch", "import", "runs/none"], "takes files of answers"),
        (["batch", "status", "runs/none", "x.jsonl"], "the other actions take none"),
        (["batch", "fetch", "runs/none", "--shots", "3"], "--shots is not heeded here"),
        (["batch", "import", "runs/none", "nowhere.jsonl"], "no such file"),
    ],
)
def test_bad_input(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(argv) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 9}', '{"version": 1, "name": "x", "parts": [{"name": "../x"}]}']
)
def test_a_state_that_is_broken(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer() as server:
        assert cli.main(command(server.base_url, "--budget-tokens", "1")) == 3
        Path("runs/one/batch.json").write_text(text)
        assert cli.main(batch(server.base_url)) == 2
    assert "batch.json" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["batch.json", "batches"])
def test_a_link_in_a_folder_from_someone_else_is_not_followed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer() as server:
        assert cli.main(command(server.base_url, "--budget-tokens", "1")) == 3
        Path("elsewhere").mkdir()
        Path("runs/one", name).symlink_to(Path("elsewhere").resolve())
        assert cli.main(batch(server.base_url)) == 2
        assert "it is a link, which is not followed" in capsys.readouterr().err
    assert not list(Path("elsewhere").iterdir())


def test_no_secret_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchServer(key=KEY) as server:
        server.routes["POST files"] = [faults.status(400, f"bad {KEY}")]
        assert cli.main(batch(server.base_url)) == 3
        assert KEY not in capsys.readouterr().err
        assert cli.main(batch(server.base_url)) == 0
    assert all(KEY.encode() not in path.read_bytes() for path in Path("runs").rglob("*") if path.is_file())


def test_replies_have_bounds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FEWSHOT_MOST_REPLY_BYTES", "2000")
    with BatchServer() as server:
        assert cli.main(batch(server.base_url)) == 3
    assert "sent more than 2,000 bytes" in capsys.readouterr().err
