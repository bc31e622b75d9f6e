"""A run from Python, against a real server: replay, reuse, failures, Ctrl-C's leftovers."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from fewshot import replay, run, tasks
from fewshot.errors import ReplayError, RunFolderError
from fewshot.experiment import versions
from fewshot.experiment.plan import plan_of
from fewshot.experiment.settings import Settings
from fewshot.tasks import Task
from tests.servers.openai_server import OpenAiServer, status

TEXTS = ("(A) Blot of p53.", "(A) Levels of MDM2 in mice.", "(A) Gel of CHK2 from yeast.", "(A) Assay for ATM kinase.")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-this-test")
    rows = []
    for n, text in enumerate(TEXTS):
        found = re.search(r"p53|MDM2|CHK2|ATM", text)
        assert found
        rows.append(
            {
                "id": f"f{n}",
                "text": text,
                "entities": [{"start": found.start(), "end": found.end(), "label": "GENEPROD"}],
            }
        )
    Path("gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def tagged(body: dict[str, Any]) -> str:
    """A perfect answer to the last turn."""
    text = body["messages"][-1]["content"].partition("Legend: ")[2]
    return re.sub(r"(p53|MDM2|CHK2|ATM)", r"<GENEPROD> \1 </GENEPROD>", text) + " [END]"


def ask(server: OpenAiServer, out: str, **more: Any) -> Any:
    return run("ner", data="gold.jsonl", backend="gpt3", model="m", base_url=server.base_url, out=out, **more)


def test_a_run_against_a_server_is_scored_and_replayed_without_it() -> None:
    with OpenAiServer(answers=tagged) as server:
        done = ask(server, "runs/one")
        assert len(server.posts) == 4
        assert done.complete
        assert dict(zip(done.scores["score"], done.scores["value"], strict=True))["strict.micro.f1"] == 1.0
        again = ask(server, "runs/one")
        assert len(server.posts) == 4
        assert again.result == done.result
    assert replay("runs/one").result == done.result
    written = b"".join(path.read_bytes() for path in Path("runs/one").iterdir())
    assert b"sk-secret" not in written


def test_an_edited_answer_is_noticed() -> None:
    with OpenAiServer(answers=tagged) as server:
        ask(server, "runs/one")
    path = Path("runs/one/predictions.jsonl")
    path.write_text(path.read_text().replace('"GENEPROD"', '"TISSUE"', 1))
    with pytest.raises(ReplayError, match=r"predictions.jsonl:1 differs"):
        replay("runs/one")


def test_a_replay_with_another_model_is_a_miss_that_says_so() -> None:
    with OpenAiServer(answers=tagged) as server:
        ask(server, "runs/one")
    with pytest.raises(ReplayError, match="model") as caught:
        replay("runs/one", model="another", out="runs/two")
    assert "--reuse" in str(caught.value)


def test_reuse_asks_only_the_rest() -> None:
    with OpenAiServer(answers=tagged) as server:
        ask(server, "runs/some", limit=2)
        assert len(server.posts) == 2
        ask(server, "runs/all", reuse="runs/some")
        assert len(server.posts) == 4


def test_a_wrong_key_stops_the_run_and_the_same_command_continues_it() -> None:
    with OpenAiServer(answers=tagged, key="sk-the-right-one") as server:
        stopped = ask(server, "runs/one", concurrency=1)
        assert not stopped.complete
        assert stopped.stopped is not None
        assert "sk-secret" not in stopped.stopped
        assert len(server.posts) == 1
    with OpenAiServer(answers=tagged) as server, pytest.raises(RunFolderError, match="base-url"):
        ask(server, "runs/one")


def test_a_folder_of_other_things_is_left_alone() -> None:
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("x")
    with pytest.raises(RunFolderError, match="not a run folder"):
        run("ner", data="gold.jsonl", out="mine")
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.txt"]


def test_roles_end_to_end_take_another_run_s_entities() -> None:
    run("ner", data="demo", limit=5, out="runs/ner")
    with pytest.raises(Exception, match="no prediction for"):
        run("roles", data="demo", entities="runs/ner")
    oracle = run("roles", data="demo", limit=5, out="runs/oracle")
    end = run("roles", data="demo", limit=5, entities="runs/ner", out="runs/end")
    assert oracle.result.signature["entities"] == "gold"
    assert str(end.result.signature["entities"]).startswith("predicted:")
    Path("runs/ner/predictions.jsonl").unlink()
    assert replay("runs/end").result == end.result


def test_a_run_whose_failures_count_as_empty_is_replayed_with_them() -> None:
    with OpenAiServer(answers=tagged, faults=[status(400, "no")]) as server:
        done = ask(server, "runs/one", failed_as_empty=True, concurrency=1)
    assert (done.complete, done.result.n, done.result.failed) == (True, 4, 1)
    assert list(done.failures) == ["f0"]
    assert "says 400: no" in done.failures["f0"]
    assert dict(done.result.scores)["strict.micro.recall"] == 0.75
    assert replay("runs/one").result == done.result
    again = replay("runs/one", out="runs/two")
    assert (again.result, list(again.failures)) == (done.result, ["f0"])
    assert Path("runs/one/predictions.jsonl").read_bytes() == Path("runs/two/predictions.jsonl").read_bytes()


def test_an_incomplete_run_says_why_and_is_continued() -> None:
    with OpenAiServer(answers=tagged, faults=[status(400, "no")]) as server:
        stopped = ask(server, "runs/one", concurrency=1)
        assert (stopped.complete, stopped.result.n, stopped.result.failed) == (False, 3, 1)
        assert "says 400: no" in stopped.failures["f0"]
        done = ask(server, "runs/one", concurrency=1)
        assert (done.complete, done.result.n, dict(done.failures)) == (True, 4, {})
        assert len(server.posts) == 5
    assert replay("runs/one").result == done.result


def test_a_replay_of_fewer_examples_says_how_many_lines_differ() -> None:
    with OpenAiServer(answers=tagged) as server:
        ask(server, "runs/one")
    with pytest.raises(ReplayError, match=r"predictions\.jsonl differs: recorded 4 lines and replayed 2"):
        replay("runs/one", limit=2)


def test_half_a_surrogate_pair_in_an_answer_is_an_answer() -> None:
    with OpenAiServer(answers=lambda body: tagged(body) + "\ud83d") as server:
        done = ask(server, "runs/one")
    assert done.complete
    assert replay("runs/one").result == done.result


def test_scores_are_a_data_frame() -> None:
    frame = run("ner", data="gold.jsonl", out="runs/one").scores
    assert list(frame.columns) == ["score", "value"]
    assert "strict.micro.f1" in set(frame["score"])


def test_a_task_that_scores_in_a_way_of_its_own_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = type(tasks.get("ner")).score

    def own(self: Task, cases: Any, labels: Any) -> dict[str, float]:
        return {**usual(self, cases, labels), "own": 0.25}

    monkeypatch.setattr(type(tasks.get("ner")), "score", own)
    assert run("ner", data="gold.jsonl", out="runs/own").result.scores["own"] == 0.25
    assert replay("runs/own").result.scores["own"] == 0.25


def test_what_ran_a_model_here_is_recorded() -> None:
    run("ner", data="gold.jsonl", out="runs/rules")
    assert "torch" not in tomllib.loads(Path("runs/rules/run.toml").read_text())["versions"]
    if find_spec("torch") is not None:
        plan = plan_of(Settings(task="ner", data="gold.jsonl", backend="local", model="m"))
        assert {"torch", "transformers"} <= versions.used(plan).keys()
