"""The recorded language model: complete, small, replayed to the byte; and whether it is stale."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fewshot import demo
from fewshot.demo import language_model
from fewshot.errors import ReplayError
from fewshot.experiment import record
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.replaying import replay
from fewshot.prompt import wording
from tests.servers.openai_server import OpenAiServer

RECORDED = language_model.recordings()
MOST_BYTES = 4_000_000


def test_there_is_one_for_each_task_with_0_and_3_shots() -> None:
    asked = [record.read(RunFolder(path)).settings for path in RECORDED]
    assert {(s.task, s.shots) for s in asked} == {(t, n) for t in language_model.TASKS for n in language_model.SHOTS}
    assert {s.backend for s in asked} == {"gpt3"}
    for task in language_model.TASKS:
        assert len({(s.limit, s.model, s.format) for s in asked if s.task == task}) == 1, "rows of one table"


def test_all_of_them_are_small_and_without_secrets() -> None:
    files = [file for path in RECORDED for file in path.iterdir()]
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    for file in files:
        assert "/root/" not in file.read_text("utf-8"), f"{file} names a path of the machine it was recorded on"


@pytest.mark.parametrize("folder", RECORDED, ids=lambda path: path.name)
def test_a_recording_replays_to_the_byte(folder: Path) -> None:
    assert replay(folder).result == RunFolder(folder).scores()


@pytest.mark.parametrize("folder", RECORDED, ids=lambda path: path.name)
def test_no_recording_is_stale(folder: Path) -> None:
    """A failure names what a change of prompts, corpus or selectors made stale: `make llm ARGS=--record`."""
    assert language_model.why_stale(folder) is None


@pytest.fixture
def one() -> Path:
    return next(path for path in RECORDED if path.name.startswith("ner") and path.name.endswith("3shot"))


def test_another_wording_makes_it_stale_and_it_still_replays(one: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = wording.load_template

    def reworded(*args: Any, **more: Any) -> wording.Template:
        template = real(*args, **more)
        return replace(template, system="Please. " + template.system)

    monkeypatch.setattr(wording, "load_template", reworded)
    said = language_model.why_stale(one)
    assert said is not None
    assert "turns[0] (system)" in said
    assert replay(one).result == RunFolder(one).scores()


def test_another_selector_makes_it_stale(one: Path, tmp_path: Path) -> None:
    folder = tmp_path / one.name
    shutil.copytree(one, folder)
    text = (folder / "run.toml").read_text("utf-8")
    (folder / "run.toml").write_text(text.replace('selector = "nearest"', 'selector = "random"'), "utf-8")
    assert language_model.why_stale(folder) is not None


def test_an_answer_that_was_changed_is_noticed(one: Path, tmp_path: Path) -> None:
    folder = tmp_path / one.name
    shutil.copytree(one, folder)
    lines = (folder / "responses.jsonl").read_text("utf-8").splitlines()
    row = json.loads(lines[0])
    row["completion"]["text"] = "GENEPROD: nothing"
    (folder / "responses.jsonl").write_text(
        "\n".join([json.dumps(row, ensure_ascii=False), *lines[1:]]) + "\n", "utf-8"
    )
    with pytest.raises(ReplayError, match="differs"):
        replay(folder)


def test_every_system_of_a_task_is_scored_on_the_legends_that_the_model_was_asked(tmp_path: Path) -> None:
    made = {comparison.task.name: comparison for comparison in demo.comparisons(tmp_path)}
    panels = made["panelization"]
    assert [row.label for row in panels.rows][:2] == ["all-empty", "rules-2"], "0, 2 and 3 shots say the same"
    assert [row.name for row in panels.rows][2:] == ["SmolLM2-135M-Instruct"] * 2
    for comparison in made.values():
        assert len(set(comparison.frame["n"])) == 1
    assert panels.captions[0] == "the first 20 of the test split"
    assert any(caption.startswith("SmolLM2-135M-Instruct recorded 2026-") for caption in panels.captions)
    assert "truncated" in panels.frame.columns


def test_a_live_model_takes_the_place_of_the_recorded_one(tmp_path: Path) -> None:
    with OpenAiServer(answers="(none)") as server:
        live = demo.Live(server.base_url, "tiny", limit=2)
        made = [comparison for comparison in demo.comparisons(tmp_path, live) if len(comparison.rows) > 2]
        assert len(server.posts) == 2 * len(language_model.TASKS) * len(language_model.SHOTS)
    assert [comparison.task.name for comparison in made] == list(language_model.TASKS)
    for comparison in made:
        assert comparison.rows[-1].name == "tiny"
        assert set(comparison.frame["n"]) == {2}
