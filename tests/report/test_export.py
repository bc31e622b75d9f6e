"""What `fewshot export` writes comes back through `--data`, in every format that our data package can write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fewshot import cli, data
from fewshot.files import CORPUS
from fewshot.records import Example
from fewshot.report import export
from fewshot.report.inspection import Inspection
from fewshot.report.spans_table import rows

RECORDED = CORPUS / "recorded" / "ner-smollm2-3shot"
PANELS = CORPUS / "recorded" / "panelization-smollm2-0shot"
SPACED_BY_TOKENS = frozenset({"conll", "tokens"})
"""Formats that hold words, not the white space between them."""


def _formats() -> list[str]:
    return [name for name in data.writable() if name in export.names() and name not in export.row_formats()]


def _surfaces(example: Example) -> list[tuple[str, str]]:
    return [("".join(span.cut(example.text).split()), span.label) for span in example.entities or ()]


@pytest.mark.parametrize("name", _formats())
def test_predictions_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    inspection = Inspection.of(RECORDED)
    writer, task = data.writer(name), inspection.run.task
    assert not writer.kinds or task.kind in writer.kinds
    path, count = export.write(inspection, name, tmp_path / "out")
    read = data.read(str(path), task.name, format=name)
    assert count == len(read) == len(inspection.predictions)
    expected = export.annotated(inspection)
    if name in SPACED_BY_TOKENS:
        assert [_surfaces(example) for example in read] == [_surfaces(example) for example in expected]
        return
    by_id = {example.id: example for example in read}
    if name != "study_csv":  # it has no ids
        assert by_id.keys() == {example.id for example in expected}
        read = [by_id[example.id] for example in expected]
    places = [[(s.start, s.end, s.label) for s in example.entities or ()] for example in (*read, *expected)]
    assert places[: len(read)] == places[len(read) :]
    assert sum(map(len, places)) > 0


def test_every_format_has_a_file_name_of_its_own(tmp_path: Path) -> None:
    names = {name: export.default_path(Inspection.of(RECORDED), name).name for name in export.names()}
    assert len(set(names.values())) == len(names)
    endings = {name: names[name].removeprefix(f"export-{name}") for name in ("csv", "labelstudio", "prodigy", "brat")}
    assert endings == {"csv": ".csv", "labelstudio": ".json", "prodigy": ".jsonl", "brat": ""}


def test_what_a_format_cannot_hold_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", str(PANELS), "--to", "brat", str(tmp_path / "x")]) == 2
    assert "brat cannot hold panelization; use csv, html, jsonl, parquet, xlsx" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_rows_add_up_to_the_scores() -> None:
    for folder in (RECORDED, PANELS):
        found = list(rows(Inspection.of(folder)))
        gold = [row for row in found if row.side != "predicted"]
        labels = Inspection.of(folder).labels
        assert len(gold) == sum(counts.gold for counts in labels.values())
        assert sum(row.status == "right" for row in gold) == sum(counts.right for counts in labels.values())
        placed = [row for row in found if row.start is not None]
        assert placed
        texts = {example.id: example.text for example in Inspection.of(folder).examples.values()}
        assert all(texts[row.id][row.start : row.end] == row.text for row in placed)


def test_confidence_and_match_of_a_prediction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "A, Blot of p53. Data information: n = 3."
    panel = {"labels": ["A"], "start": 0, "end": 15}
    Path("gold.jsonl").write_text(json.dumps({"id": "a", "text": text, "panels": [panel]}))
    said = {"id": "a", "panels": [panel | {"end": len(text), "confidence": 0.75, "match": "near"}]}
    Path("mine.jsonl").write_text(json.dumps(said))
    argv = ["evaluate", "--task", "panelization", "--data", "gold.jsonl", "--predictions", "mine.jsonl", "--out", "run"]
    assert cli.main([*argv, "-q"]) == 0
    (row,) = rows(Inspection.of(Path("run")))  # its end is cut before the tail, as in scoring
    assert (row.side, row.status, row.letters, row.end, row.confidence, row.match) == (
        "both", "right", "A", 15, 0.75, "near",
    )  # fmt: skip
