"""Run folders → one table: the baseline first, and no row that does not belong there."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from fewshot.errors import InputError, RunFolderError
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.running import run
from fewshot.report.compare import compare, default_folder
from fewshot.report.table import shown

ROWS: list[dict[str, Any]] = [
    {"id": f"f{n}", "text": text, "entities": [{"start": start, "end": start + 3, "label": label}]}
    for n, (text, start, label) in enumerate(
        [
            ("Blot of p53 in mice.", 8, "GENEPROD"),
            ("Loss of p21 in yeast.", 8, "GENEPROD"),
            ("Cells of rat.", 9, "TISSUE"),
        ]
    )
]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(ROWS)


def write(rows: list[dict[str, Any]], name: str = "gold.jsonl") -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def made(name: str, task: str = "ner", **settings: Any) -> Path:
    return run(task, out=f"runs/{name}", **({"data": "gold.jsonl"} | settings)).folder.path


def test_a_row_a_run_below_the_system_that_answers_nothing() -> None:
    table = compare([made("tags"), made("list", format="list")])
    rows = table.rows()
    assert [row["system"] for row in rows] == ["all-empty", "rules-2", "rules-2"]
    assert list(rows[0]) == [
        "system", "shots", "labelled", "n", "strict.micro.f1", "strict.macro.f1", "relaxed.micro.f1",
        "boundary.micro.f1", "malformed", "failed", "tokens", "s/example", "signature",
    ]  # fmt: skip
    assert {row["n"] for row in rows} == {3}
    assert (rows[0]["strict.micro.f1"], rows[0]["signature"], rows[0]["tokens"]) == (0.0, None, None)
    assert rows[1]["strict.micro.f1"] == RunFolder(Path("runs/tags")).scores().scores["strict.micro.f1"]
    assert list(table.signatures) == [rows[1]["signature"], rows[2]["signature"]]
    assert "format:list" in table.signatures[rows[2]["signature"]]
    assert table.caption is None


def test_the_synthetic_corpus_is_never_shown_without_its_caption() -> None:
    table = compare([made("demo", data="demo", limit=3)])
    assert table.caption == "synthetic: shows the mechanics, is no evidence"
    assert table.markdown().startswith("*synthetic: shows the mechanics, is no evidence*")
    assert table.latex().startswith("% synthetic: shows the mechanics, is no evidence")


def test_tables_on_disk() -> None:
    table = compare([made("tags"), made("list", format="list")])
    folder = default_folder(table)
    table.write(folder)
    assert folder.parent == Path("runs")
    assert folder.name.startswith("compare-ner-")
    with (folder / "table.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["system"] for row in read] == ["all-empty", "rules-2", "rules-2"]
    assert float(read[1]["strict.micro.f1"]) == table.rows()[1]["strict.micro.f1"]  # unrounded
    lines = (folder / "table.md").read_text().splitlines()
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1
    assert sum(line.startswith("- `") for line in lines) == 2
    latex = (folder / "table.tex").read_text()
    assert latex.count(r" \\") == 4
    assert r"all-empty & -- & --" in latex
    assert default_folder(compare([Path("runs/tags"), Path("runs/list")])) == folder


def test_nothing_to_compare() -> None:
    with pytest.raises(InputError, match="no run to compare"):
        compare([])


def test_runs_that_were_not_asked_the_same_are_refused_with_the_difference() -> None:
    first = made("tags")
    for other, name, changes in (
        (made("limit", limit=2), "scored ids", r" \(3 and 2 examples\)"),
        (made("labels", labels=("GENEPROD",)), "labels", ""),
        (made("task", task="panelization", data="demo"), "task: ner and panelization", ""),
    ):
        with pytest.raises(InputError, match=rf"runs/tags and runs/\w+ differ in {name}.*{changes}"):
            compare([first, other])
    write([*ROWS[:2], ROWS[2] | {"text": "Cells of rat, fixed."}], "edited.jsonl")
    with pytest.raises(InputError, match="differ in data: "):
        compare([first, made("data", data="edited.jsonl")])


def test_an_incomplete_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    lost = run("ner", data="gold.jsonl", backend="gpt3", model="m", base_url="http://127.0.0.1:9/v1", out="runs/lost")
    assert not lost.complete
    with pytest.raises(RunFolderError, match="runs/lost is incomplete: 3 requests failed; run it again"):
        compare([Path("runs/lost")])


def test_a_folder_that_is_no_run() -> None:
    with pytest.raises(RunFolderError, match="not a run folder"):
        compare([Path("runs/nowhere")])


def test_malformed_answers_are_counted_by_example() -> None:
    folder = made("tags")
    path = folder / "predictions.jsonl"
    path.write_text(path.read_text().replace('"problems": {}', '"problems": {"truncated": 1, "unclosed_tag": 2}', 2))
    assert [row["malformed"] for row in compare([folder]).rows()] == [0, 2]


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("starts.f1", 0.98765, "0.988"), ("starts.f1", 1.0, "1.000"), ("starts.f1", 0.0, "0.000"), ("n", 60, "60"),
        ("tokens", 12345.0, "12,345"), ("s/example", 0.00012345, "0.00012"), ("s/example", 12.3, "12"),
        ("shots", 3.0, "3"), ("shots", 2.5, "2.500"), ("tokens", None, "–"), ("x", float("nan"), "–"),
        ("strict.label.X.support", 5385.0, "5,385"), ("labels.neutral", 3.0, "3"), ("signature", "1f2e", "1f2e"),
    ],
)  # fmt: skip
def test_cells(column: str, value: object, text: str) -> None:
    assert shown(column, value) == text


def test_each_file_of_a_run_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made("tags")
    read: list[str] = []
    real = RunFolder.text

    def counted(self: RunFolder, name: str) -> str:
        read.append(name)
        return real(self, name)

    monkeypatch.setattr(RunFolder, "text", counted)
    compare([folder], kinds=True)
    assert sorted(read) == ["gold.jsonl", "predictions.jsonl", "run.toml", "scores.json"]
