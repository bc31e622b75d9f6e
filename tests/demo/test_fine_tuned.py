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
    for train in (False, True):
        assert "fewshot[local]" in (fine_tuned.missing(train=train) or "")


@pytest.mark.local
def test_the_models_of_the_package_are_small() -> None:
    for name in model_folder.bundled():
        assert (model_folder.BUNDLED / name / "model.safetensors").stat().st_size <= 2 * 1_200_000 + 20_000
    files = [path for path in model_folder.BUNDLED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 6_000_000


@pytest.mark.local
def test_the_shipped_models_are_whole_small_and_name_no_path_of_their_machine() -> None:
    assert set(model_folder.fine_tuned()) == {recipe.name for recipe in fine_tuned.RECIPES}
    files = [path for path in model_folder.FINE_TUNED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 10_500_000
    for recipe in fine_tuned.RECIPES:
        folder = model_folder.resolve(recipe.name)
        manifest = model_folder.read_manifest(folder)
        assert manifest is not None
        assert manifest.task == recipe.task
        assert manifest.labelled >= 60 + fine_tuned.GENERATED, "figures; entities are counted by panel"
        text = (folder / model_folder.MANIFEST).read_text("utf-8")
        assert "/tmp/" not in text
        assert "/work/" not in text


@pytest.mark.slow
@pytest.mark.local
def test_they_train_and_land_in_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fine_tuned, "RECIPES", tuple(replace(r, steps=2) for r in fine_tuned.RECIPES))
    monkeypatch.setattr(fine_tuned, "GENERATED", 10)
    monkeypatch.setattr(fine_tuned, "BATCH", 2)
    said: list[str] = []
    monkeypatch.setattr(demo, "TASKS", ("ner", "causal"))
    ner, causal = demo.comparisons(tmp_path, models="trained", say=said.append)
    assert [line.partition(":")[0] for line in said] == [
        "tiny-bart learns ner",
        "tiny-tagger learns ner",
        "tiny-bart learns causal",
    ]
    assert [row.label for row in ner.systems][-2:] == ["tiny-bart fine-tuned", "tiny-tagger fine-tuned"]
    assert causal.systems[-1].label == "tiny-bart fine-tuned"
    run = RunFolder(tmp_path / "ner-tiny-bart")
    assert run.scores().complete
    assert list(ner.frame["labelled"])[-1] == 60 + 10, "the train split and what was generated"
