"""`fewshot demo`: one table, offline; and as many more legends as one wants."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fewshot import cli, data
from fewshot.demo import TASKS
from fewshot.demo.language_model import TASKS as RECORDED


def test_one_table_that_fits_and_a_verdict(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # whoever connects to anything fails
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(["demo", "--no-training"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "synthetic: shows the mechanics, is no evidence"
    assert sum(line.startswith("system ") for line in lines) == 1
    assert max(len(line) for line in lines if "fewshot show" not in line) <= 80
    for task in TASKS:
        assert any(line.startswith(f"{task}: ") and " legends of " in line for line in lines)
        assert (Path("runs/demo") / f"compare-{task}" / "table.md").exists()
    rows = [line for line in lines if re.match(r"SmolLM2-135M-Instruct \(\d shots\) +\.\d{3} ", line)]
    assert len(rows) == 2 * len(RECORDED)
    assert "fewshot show runs/demo/" in said.out
    assert "runs/demo/report.html" in said.err
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
