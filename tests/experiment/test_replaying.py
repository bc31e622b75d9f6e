"""Folders that version 0.1.0 (commit 0b15103) made replay to the byte, whatever was rebuilt since."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fewshot.experiment.folder import RunFolder
from fewshot.experiment.replaying import replay

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "folders").glob("*/run.toml"))


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy, in an empty working directory: nothing beside the folder is there to be read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return Path(shutil.copytree(request.param, tmp_path / request.param.name))


def test_there_is_one_of_each_sort() -> None:
    assert {path.name for path in FOLDERS} == {
        "gpt3-ner-json", "local-tagger", "rules-panelization", "rules-roles-end-to-end",
    }  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name, indirect=True)
def test_an_older_folder_replays_to_the_byte(folder: Path) -> None:
    assert replay(folder).result == RunFolder(folder).scores()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name, indirect=True)
def test_a_replay_elsewhere_writes_the_same_predictions_and_scores(folder: Path) -> None:
    replay(folder, out="again")
    for name in ("predictions.jsonl", "scores.json", "gold.jsonl"):
        assert Path("again", name).read_bytes() == (folder / name).read_bytes()
