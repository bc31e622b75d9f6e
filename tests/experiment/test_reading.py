"""How data are read is a setting: recorded, continued, replayed."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import fewshot
from fewshot.errors import DataError, InputError, RunFolderError

ROW = {"id": "a", "text": "😀 p53 blot", "entities": [{"start": 3, "end": 6, "label": "GENEPROD", "text": "p53"}]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gold.jsonl").write_text(json.dumps(ROW) + "\n")
    Path("sheet.csv").write_text("n,Note,what\n1,x,(A) Blot. (B) Same.\n")


def test_a_run_keeps_how_its_data_were_read() -> None:
    with pytest.raises(DataError, match="--offsets utf16 reads them so"):
        fewshot.run("ner", data="gold.jsonl")
    fewshot.run("ner", data="gold.jsonl", reading={"offsets": "utf16"}, out="run")
    assert tomllib.loads(Path("run/run.toml").read_text())["settings"]["reading"] == {"offsets": "utf16"}
    fewshot.replay("run")
    with pytest.raises(RunFolderError, match="reading"):
        fewshot.run("ner", data="gold.jsonl", reading={"offsets": "utf16", "from": "jsonl"}, out="run")


def test_without_options_nothing_is_recorded() -> None:
    fewshot.run("panelization", out="run", limit=1)
    assert "reading" not in tomllib.loads(Path("run/run.toml").read_text())["settings"]


def test_what_a_reader_decided_is_a_notice() -> None:
    run = fewshot.run("panelization", data="sheet.csv", reading={"text_column": "what"})
    assert run.notices[0] == "sheet.csv: text is the column what"
    with pytest.raises(InputError, match="no column looks like text"):
        fewshot.run("panelization", data="sheet.csv")


def test_demonstrations_are_read_with_the_options_that_fit_them() -> None:
    Path("demos.conll").write_text("MDM2\tB-GENEPROD\nbinds\tO\np21\tB-GENEPROD\n")
    run = fewshot.run(
        "ner", data="gold.jsonl", demos="demos.conll", shots=1, reading={"offsets": "utf16", "from": "jsonl"}
    )
    assert run.result.n == 1


def test_a_pattern_is_a_source() -> None:
    Path("gold_train.jsonl").write_text(json.dumps({"id": "b", "text": "p21", "entities": []}) + "\n")
    Path("gold_test.jsonl").write_text(json.dumps({"id": "c", "text": "p21 here", "entities": []}) + "\n")
    run = fewshot.run("ner", data="gold_*.jsonl", shots=0, out="run")
    assert run.result.n == 1
    fewshot.replay("run")
