"""Runs that an older version scored: a replay says what moved, `rescore` scores the recorded answers anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fewshot import evaluate, replay, run
from fewshot.errors import ReplayError, RunFolderError
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.rescoring import rescore
from fewshot.scoring import SCORING


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def aged(folder: RunFolder) -> None:
    """Makes a run look as if an older version had read its first answer as empty and scored it so."""
    scores = json.loads(folder.text("scores.json"))
    scores["signature"]["scoring"] = "0"
    scores["scores"]["strict.micro.f1"] = 0.25
    (folder.path / "scores.json").write_text(json.dumps(scores))
    first, *rest = folder.text("predictions.jsonl").splitlines()
    row = json.loads(first) | {"entities": []}
    (folder.path / "predictions.jsonl").write_text("\n".join([json.dumps(row), *rest]) + "\n")


def test_a_replay_says_what_moved_and_a_rescored_run_replays() -> None:
    done = run("ner", limit=4, out="runs/one")
    before = {name: done.folder.text(name) for name in ("predictions.jsonl", "scores.json", "responses.jsonl")}
    aged(done.folder)
    f1 = done.result.scores["strict.micro.f1"]
    why = rf"^scoring 0 → {SCORING}: 1 of 4 predictions differ; strict.micro.f1 0.250 → {f1:.3f}; `fewshot rescore runs"
    with pytest.raises(ReplayError, match=why):
        replay("runs/one")
    rescored = rescore("runs/one")
    assert rescored.moved is not None
    assert rescored.moved.startswith(f"scoring 0 → {SCORING}: 1 of 4 predictions differ")
    assert {name: done.folder.text(name) for name in before} == before
    assert replay("runs/one").result == done.result


def test_a_run_of_this_version_is_left_alone() -> None:
    done = run("panelization", limit=2, out="runs/one")
    stamp = (done.folder.path / "scores.json").stat().st_mtime_ns
    assert rescore("runs/one").moved is None
    assert (done.folder.path / "scores.json").stat().st_mtime_ns == stamp


def test_predictions_that_somebody_else_made_are_scored_anew() -> None:
    run("ner", limit=3, out="runs/one")
    mine = evaluate("ner", data="runs/one/gold.jsonl", predictions="runs/one/predictions.jsonl", out="runs/mine")
    right = mine.folder.text("scores.json")
    scores = json.loads(right)
    scores["signature"]["scoring"] = "0"
    (mine.folder.path / "scores.json").write_text(json.dumps(scores))
    moved = rescore("runs/mine").moved
    assert moved == f"scoring 0 → {SCORING}: 0 of 3 predictions differ; no headline score moved"
    assert mine.folder.text("scores.json") == right


def test_an_unfinished_run_is_refused() -> None:
    run("ner", limit=2, out="runs/one")
    Path("runs/one/scores.json").unlink()
    with pytest.raises(RunFolderError, match="holds an unfinished run"):
        rescore("runs/one")
