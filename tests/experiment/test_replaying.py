"""Folders that an earlier version made: their requests are found again, whatever was rebuilt since."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fewshot.errors import ReplayError
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.replaying import replay
from fewshot.experiment.rescoring import rescore
from fewshot.scoring import SCORING

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
def test_an_older_folder_says_what_its_scoring_moved(folder: Path) -> None:
    """Every request is found under its recorded key; what differs is how answers are read and scored since."""
    with pytest.raises(
        ReplayError, match=rf"^scoring 1 → {SCORING}: \d+ of \d+ predictions differ; .*`fewshot rescore"
    ):
        replay(folder)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name, indirect=True)
def test_a_rescored_folder_replays_to_the_byte_here_and_elsewhere(folder: Path) -> None:
    gold, answers = (folder / "gold.jsonl").read_bytes(), (folder / "responses.jsonl").read_bytes()
    assert rescore(folder).moved is not None
    assert replay(folder).result == RunFolder(folder).scores()
    replay(folder, out="again")
    for name in ("predictions.jsonl", "scores.json", "gold.jsonl"):
        assert Path("again", name).read_bytes() == (folder / name).read_bytes()
    assert ((folder / "gold.jsonl").read_bytes(), (folder / "responses.jsonl").read_bytes()) == (gold, answers)
