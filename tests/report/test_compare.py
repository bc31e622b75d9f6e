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
    compared = compare([made("tags"), made("list", format="list")])
    assert [row.name for row in compared.rows] == ["all-empty", "rules-2", "rules-2"]
    assert [row.label for row in compared.rows] == ["all-empty", "rules-2 (copy_tag)", "rules-2 (list)"]
    assert {row.n for row in compared.rows} == {3}
    assert compared.rows[0].score("strict.micro.f1") == 0.0
    assert compared.rows[0].cost.prompt_tokens is None
    assert compared.rows[1].score("strict.micro.f1") == RunFolder(Path("runs/tags")).scores().scores["strict.micro.f1"]
    assert list(compared.signatures) == [run.signature.id for row in compared.systems for run in row.runs]
    assert "format:list" in list(compared.signatures.values())[1]
    assert compared.captions == ()
    assert compared.row("rules-2 (list)") is compared.rows[2]
    with pytest.raises(InputError, match="no system is called rules-3"):
        compared.row("rules-3")


def test_the_frame_is_unrounded_and_empty_where_nothing_answers() -> None:
    frame = compare([made("tags"), made("list", format="list")]).frame
    first = frame.iloc[0]
    assert list(frame["system"]) == ["all-empty", "rules-2", "rules-2"]
    assert list(frame["format"]) == [None, "copy_tag", "list"]
    assert (first["strict.micro.f1"], first["signature"], first["tokens_in"], first["shots"]) == (0.0, None, None, None)
    assert {
        "system", "shots", "labelled", "n", "strict.micro.f1", "strict.micro.f1.low", "strict.micro.f1.high",
        "strict.macro.f1", "relaxed.micro.f1", "boundary.micro.f1", "delta", "p.holm", "swap_p", "malformed", "failed",
        "tokens_in", "tokens_out", "usd_1k", "seconds", "seconds_p95", "training", "break_even", "signature",
    } <= set(frame.columns)  # fmt: skip


def test_the_synthetic_corpus_is_never_shown_without_its_caption() -> None:
    said = "synthetic: shows the mechanics, is no evidence"
    compared = compare([made("demo", data="demo", limit=3)])
    assert compared.captions == (said,)
    assert compared.table().caption[0] == said
    assert compared.markdown().startswith(f"*{said}")
    assert compared.latex().startswith(f"% {said}")
    assert compared.to_json()["captions"] == [said]


def test_tables_on_disk() -> None:
    compared = compare([made("tags"), made("list", format="list")])
    folder = default_folder(compared)
    compared.write(folder)
    assert folder.parent == Path("runs")
    assert folder.name.startswith("compare-ner-")
    with (folder / "table.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["system"] for row in read] == ["all-empty", "rules-2", "rules-2"]
    assert float(read[1]["strict.micro.f1"]) == compared.rows[1].score("strict.micro.f1")  # unrounded
    lines = (folder / "table.md").read_text().splitlines()
    assert len({line.count("|") for line in lines if line.startswith("| ")}) == 1
    assert sum(line.startswith("- `") for line in lines) == 2
    latex = (folder / "table.tex").read_text()
    assert latex.count(r" \\") == 4
    assert r"all-empty & -- & .000 (no hit)" in latex
    report = (folder / "report.md").read_text()
    assert report.startswith("# ner\n\n")
    assert report.endswith((folder / "table.md").read_text())
    assert default_folder(compare([Path("runs/tags"), Path("runs/list")])) == folder


def test_the_same_run_twice_is_one_row() -> None:
    folder = made("tags")
    assert len(compare([folder, str(folder), f"{folder}/"]).systems) == 1


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
    compared = compare([folder], kinds=True)
    assert compared.systems[0].malformed == 2
    assert dict(compared.systems[0].problems) == {"truncated": 2, "unclosed_tag": 2}
    assert list(compared.frame["malformed"]) == [None, 2]
    assert list(compared.frame["truncated"]) == [None, 2]


def test_each_file_of_a_run_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made("tags")
    read: list[str] = []
    real = RunFolder.text

    def counted(self: RunFolder, name: str) -> str:
        read.append(name)
        return real(self, name)

    monkeypatch.setattr(RunFolder, "text", counted)
    compared = compare([folder], kinds=True)
    compared.to_json()
    compared.write(Path("out"))
    assert len(read) == len(set(read)), read
    assert {"gold.jsonl", "predictions.jsonl", "run.toml", "scores.json", "tallies.json"} <= set(read)
