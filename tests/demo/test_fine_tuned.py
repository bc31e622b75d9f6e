"""The demo's fine-tuned rows: each is trained, predicts the bundled test split, and is named by what is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fewshot import demo
from fewshot.demo import fine_tuned
from fewshot.experiment.folder import RunFolder
from fewshot.models import model_folder


def test_a_row_for_each_model_and_task_but_no_tagger_of_hypotheses() -> None:
    assert {(r.task, r.base) for r in fine_tuned.RECIPES} == {
        ("panelization", "tiny-bart"),
        ("panelization", "tiny-tagger"),
        ("ner", "tiny-bart"),
        ("ner", "tiny-tagger"),
        ("causal", "tiny-bart"),
    }


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fine_tuned, "find_spec", lambda name: None)
    assert "fewshot[local]" in (fine_tuned.missing() or "")


@pytest.mark.local
def test_the_models_of_the_package_are_small() -> None:
    for name in model_folder.bundled():
        assert (model_folder.BUNDLED / name / "model.safetensors").stat().st_size <= 2 * 1_200_000 + 20_000
    files = [path for path in model_folder.BUNDLED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 6_000_000


@pytest.mark.slow
@pytest.mark.local
def test_they_train_and_land_in_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fine_tuned, "RECIPES", tuple(replace(r, steps=2) for r in fine_tuned.RECIPES))
    monkeypatch.setattr(fine_tuned, "GENERATED", 10)
    said: list[str] = []
    monkeypatch.setattr(demo, "TASKS", ("ner", "causal"))
    made = list(demo.tables(tmp_path, train=True, say=said.append))
    assert [line.partition(":")[0] for line in said] == [
        "tiny-bart learns ner",
        "tiny-tagger learns ner",
        "tiny-bart learns causal",
    ]
    rows = list(made[0].frame["system"])
    assert len(rows) == 1 + len(demo.SHOTS) + 2
    run = RunFolder(tmp_path / "ner-tiny-bart")
    assert run.scores().complete
    labelled = list(made[0].frame["labelled"])[-1]
    assert labelled == 60 + 10, "the train split and what was generated"
