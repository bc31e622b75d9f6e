"""`fewshot demo`: one table a task, offline; and as many more legends as one wants."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fewshot import cli, data
from fewshot.demo import SHOTS, TASKS
from fewshot.demo.language_model import TASKS as RECORDED


def test_one_table_a_task_with_its_caption(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # whoever connects to anything fails
    assert cli.main(["demo", "--no-training"]) == 0
    said = capsys.readouterr()
    assert said.out.count("synthetic: shows the mechanics, is no evidence\n") == len(TASKS) + len(RECORDED)
    assert said.out.count(" gpt3 SmolLM2-135M-Instruct (recorded 2026-11-25)") == 2 * len(RECORDED)
    rows = [line.split()[0] for line in said.out.splitlines() if line.startswith((" all-empty", " rules-"))]
    assert len(rows) == (len(TASKS) + len(RECORDED)) * (1 + len(SHOTS))
    assert rows[0] == "all-empty"
    for task in TASKS:
        assert (Path("runs/demo") / f"compare-{task}" / "table.md").exists()
    assert "fewshot show runs/demo/" in said.err
    first = (Path("runs/demo") / "ner-rules-3shot" / "predictions.jsonl").read_bytes()
    assert cli.main(["demo", "--no-training"]) == 0
    assert (Path("runs/demo") / "ner-rules-3shot" / "predictions.jsonl").read_bytes() == first


def test_generated_legends(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--generate", "5", "--seed", "3", "--out", "more.jsonl"]) == 0
    assert cli.main(["demo", "--generate", "5", "--seed", "3"]) == 0
    assert capsys.readouterr().out == Path("more.jsonl").read_text("utf-8")
    examples = data.read("more.jsonl")
    assert sum(example.panels is not None for example in examples) == 5
    assert cli.main(["run", "--task", "ner", "--data", "more.jsonl", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 5


def test_none_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--generate", "0"]) == 2
    assert "--generate must be at least 1, not 0" in capsys.readouterr().err
