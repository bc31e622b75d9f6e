"""`fewshot compare`: its flags, what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli
from tests.cli.conftest import Fails
from tests.report.conftest import SYSTEMS, written

F1 = "strict.micro.f1"
RUNS = [f"runs/{name}" for name in SYSTEMS]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("compared"))


@pytest.fixture(autouse=True)
def _where_the_runs_are(made: Path, _in_a_folder_of_its_own: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*argv: str) -> str:
        assert cli.main(["compare", *RUNS, *argv]) == 0
        return capsys.readouterr().out

    return run


def heads(out: str) -> list[str]:
    return next(line for line in out.splitlines() if line.startswith("system ")).split()


def systems(out: str) -> list[str]:
    """The first words of the rows."""
    lines = out.splitlines()
    rule = next(at for at, line in enumerate(lines) if line.startswith("──"))
    return [line.split()[0] for line in lines[rule + 1 : rule + 6]]


def test_it_prints_a_table_and_a_verdict_and_writes_five_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", *RUNS, "--out", "out"]) == 0
    said = capsys.readouterr()
    assert systems(said.out) == ["all-empty", "rules-2", "gpt-6", "gpt-6", "tiny-tagger"]
    assert said.out.count("all-empty") == 1
    assert "Fine-tune: the best fine-tuned model, tiny-tagger" in said.out
    assert "fewshot show runs/tagger" in said.out
    assert {path.name for path in Path("out").iterdir()} == {
        "report.html", "report.md", "table.md", "table.csv", "table.tex",
    }  # fmt: skip
    assert "written to out; look at out/report.html" in said.err
    with Path("out/table.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 5


def test_the_baseline(printed: Any, fails: Fails) -> None:
    assert f"difference in {F1} from gpt-6 (3 shots)" in printed().replace("\n", " ")
    out = printed("--baseline", "runs/rules")
    assert f"difference in {F1} from rules-2" in out.replace("\n", " ")
    assert "baseline" in next(line for line in out.splitlines() if line.startswith("rules-2"))
    assert "--baseline: runs/x is not among the runs" in fails("compare", *RUNS, "--baseline", "runs/x")


def test_names(printed: Any, fails: Fails) -> None:
    out = printed("--name", "runs/gpt-3=luna = moon", "--name", "runs/tagger=mine")
    assert systems(out) == ["all-empty", "rules-2", "gpt-6", "luna", "mine"]
    assert "luna = moon" in out
    for wrong in ("luna", "runs/x=luna", "runs/gpt-3="):
        assert f"--name {wrong}: not RUN=NAME" in fails("compare", *RUNS, "--name", wrong)


def test_columns_and_order(printed: Any, fails: Fails) -> None:
    out = printed("--columns", f"n, {F1},strict.label.TISSUE.f1", "--sort", F1)
    assert heads(out) == ["system", "n", F1, "TISSUE.f1"], "the head of a narrow column is broken behind a full stop"
    assert systems(out) == ["all-empty", "tiny-tagger", "gpt-6", "gpt-6", "rules-2"]
    assert "unknown column 'price'" in fails("compare", *RUNS, "--columns", "price")
    assert "unknown column 'price'" in fails("compare", *RUNS, "--sort", "price")


def test_signatures_are_printed_when_asked_for(printed: Any) -> None:
    assert "task:ner|data:" not in printed("--out", "out")
    assert Path("out/table.md").read_text("utf-8").count("task:ner") == 4
    assert Path("out/table.tex").read_text("utf-8").count("task:ner|data:") == 4
    lines = [line for line in printed("--signatures").splitlines() if "|backend:" in line]
    assert len(lines) == 4
    assert "model:models/tiny-tagger|" in lines[3]


def test_json_is_one_document_with_everything_unrounded(printed: Any) -> None:
    document = json.loads(printed("--json", "--gpu-hour-usd", "2.5"))
    assert (document["task"], document["n"], document["articles"], document["grouped"]) == ("ner", 24, 8, True)
    assert [one["system"] for one in document["systems"]] == [
        "all-empty", "rules-2", "gpt-6 (0 shots)", "gpt-6 (3 shots)", "tiny-tagger",
    ]  # fmt: skip
    tagger = document["systems"][-1]
    scores = json.loads(Path("runs/tagger/scores.json").read_text())["scores"]
    assert {name: one["score"] for name, one in tagger["scores"].items()} == pytest.approx(scores, abs=0, rel=1e-15)
    found = tagger["scores"][F1]
    assert found["low"] < found["score"] < found["high"]
    assert len(str(found["low"])) > 10, "unrounded"
    delta = document["differences"][F1]["tiny-tagger"]
    prompted = document["systems"][3]["scores"][F1]["score"]
    assert document["baseline"] == "gpt-6 (3 shots)"
    assert delta["delta"] == pytest.approx(found["score"] - prompted)
    assert delta["low"] < delta["delta"] < delta["high"]
    assert {"p", "adjusted", "detected", "swap_p", "swap_least", "minimum_detectable"} <= delta.keys()
    assert tagger["cost"]["break_even"] == 54
    assert document["systems"][1]["cost"]["usd"] is None
    assert len(tagger["by_article"][F1]) == 1
    assert document["verdict"]["sentences"]
    assert set(document["signatures"]) == {id_ for one in document["systems"] for id_ in one["signatures"]}


def test_the_price_of_an_hour(printed: Any, fails: Fails) -> None:
    columns = ("--columns", "usd_1k,training_usd,break_even")
    last = printed(*columns).splitlines()
    row = next(line for line in last if line.startswith("tiny-tagger"))
    assert row.split()[1:] == ["–", "–", "–"]
    out = printed(*columns, "--gpu-hour-usd", "2.5")
    row = next(line for line in out.splitlines() if line.startswith("tiny-tagger"))
    assert row.split()[1:] == ["0.014", "0.066", "54"]
    assert "at $2.5 an hour" in out.replace("\n", " ")
    for price in ("-1", "nan"):
        assert "--gpu-hour-usd must be at least 0" in fails("compare", *RUNS, f"--gpu-hour-usd={price}")


def test_the_same_runs_give_the_same_bytes(printed: Any) -> None:
    assert printed("--out", "one") == printed("--out", "two")
    for path in sorted(Path("one").iterdir()):
        assert path.read_bytes() == (Path("two") / path.name).read_bytes(), path.name


def test_a_hostile_name_is_shown_and_does_nothing(printed: Any) -> None:
    out = printed("--name", "runs/tagger=evil\x1b[2J\u202e\nall-empty", "--signatures", "--out", "hostile")
    assert "evil\\x1b[2J\\u202e\\nall-empty" in out
    assert not any(char in out for char in "\x1b\u202e")
    assert sum(line.startswith("all-empty") for line in out.splitlines()) == 1
    assert out.count("evil") == out.count("evil\\x1b[2J\\u202e\\nall-empty"), "in the verdict too"
