"""`fewshot convert`: every pair of formats, whole files, and nothing left out unsaid."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fewshot import cli, data
from tests.cli.conftest import LEGENDS, Fails


def convert(*argv: str) -> None:
    assert cli.main(["convert", *argv]) == 0


def test_there_and_back(capsys: pytest.CaptureFixture[str]) -> None:
    convert("gold.jsonl", "a.csv", "--from", "jsonl", "--to", "study_csv", "--task", "ner")
    convert("a.csv", "a.conll")
    convert("a.conll", "a.out", "--to", "jsonl", "--from", "conll")
    assert "4 examples written to a.out" in capsys.readouterr().err
    words = [[span.cut(e.text) for span in e.entities or ()] for e in data.read("a.out", format="jsonl")]
    assert words == [["p53"]] * 4


@pytest.mark.parametrize("task", ["ner", "panelization", "causal", "roles"])
def test_chat_data_of_every_task(task: str, capsys: pytest.CaptureFixture[str]) -> None:
    convert("demo", "chat.jsonl", "--to", "chat_jsonl", "--task", task)
    lines = [json.loads(line) for line in Path("chat.jsonl").read_text("utf-8").splitlines()]
    assert f"{len(lines)} examples written to chat.jsonl" in capsys.readouterr().err
    assert len(lines) >= 60  # the train split
    for line in lines:
        assert list(line) == ["messages"]
        assert [message["role"] for message in line["messages"]] == ["system", "user", "assistant"]
        assert all(isinstance(message["content"], str) and message["content"] for message in line["messages"])


def test_chat_data_of_some_labels_and_another_format() -> None:
    convert(
        "demo", "chat.jsonl", "--to", "chat_jsonl", "--task", "ner", "--labels", "GENEPROD,TISSUE", "--format", "list"
    )
    answers = [
        json.loads(line)["messages"][-1]["content"] for line in Path("chat.jsonl").read_text("utf-8").splitlines()
    ]
    labels = {line.partition(":")[0] for answer in answers for line in answer.splitlines()}
    assert labels - {"(none)"} == {"GENEPROD", "TISSUE"}


def test_what_a_format_cannot_hold_is_left_out_and_said(fails: Fails, capsys: pytest.CaptureFixture[str]) -> None:
    unlabelled = {key: value for key, value in LEGENDS[0].items() if key != "entities"} | {"id": "fig-9"}
    Path("some.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*LEGENDS, unlabelled]))
    for name in ("a.csv", "a.conll"):
        convert("some.jsonl", name, "--task", "ner")
        said = capsys.readouterr().err.splitlines()
        assert said == [
            "fewshot: 1 examples are not labelled for ner and were left out",
            f"fewshot: 4 examples written to {name}",
        ]
    assert "id fig-9: has no entities to write; --task ner leaves such records out" in fails(
        "convert", "some.jsonl", "b.conll"
    )
    assert not Path("b.conll").exists()
    convert("some.jsonl", "b.jsonl", "--task", "ner")
    assert capsys.readouterr().err == "fewshot: 5 examples written to b.jsonl\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["gold.jsonl", "x.conll", "--task", "panelization"], "conll cannot hold panelization; it holds ner"),
        (["gold.jsonl", "x.csv", "--task", "causal"], "none of the 4 examples is labelled for causal"),
        (["gold.jsonl", "x.jsonl", "--split", "train"], "gold.jsonl has no split 'train'"),
        (["gold.jsonl", "x.jsonl", "--labels", "G"], "--labels and --format go with --to chat_jsonl, not with jsonl"),
        (["gold.jsonl", "x.jsonl", "--task", "nre"], "unknown task 'nre'"),
        (["gold.jsonl", "x.docx"], "x.docx: no format ends in .docx; name a format with --to F"),
        (["gold.jsonl", "x"], "x: no ending; name a format with --to F"),
        (["gold.jsonl", "x.txt"], "text cannot be written to; use bioc, brat, conll"),
        (["gold.jsonl", "x.jsonl", "--to", "jsnl"], "unknown data format 'jsnl'"),
        (["gold.jsonl", "x.jsonl", "--from", "study_csv"], "gold.jsonl:1: "),
        (["gold.jsonl", "nowhere/x.jsonl"], "nowhere/x.jsonl: cannot be written (No such file or directory)"),
        (["gold.jsonl", "x.jsonl", "--to", "chat_jsonl"], "--to chat_jsonl needs --task"),
        (["gold.jsonl", "x.jsonl", "--to", "chat_jsonl", "--task", "causal"], "no example that is labelled for causal"),
        (["gold.jsonl", "n/x", "--to", "chat_jsonl", "--task", "ner"], "cannot write n/x: No such file or directory"),
        (["demo", "x.jsonl", "--to", "chat_jsonl", "--task", "ner", "--labels", "GENE"], "did you mean 'GENEPROD'?"),
    ],
)
def test_what_cannot_be_converted_is_one_clear_line(argv: list[str], said: str, fails: Fails) -> None:
    assert said in fails("convert", *argv)
    assert {path.name for path in Path().iterdir()} == {"gold.jsonl"}


def test_to_a_pipe() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fewshot", "convert", "gold.jsonl", "/dev/stdout", "--to", "jsonl"],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == 4
