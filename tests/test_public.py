"""The public face: what is exported, that it is light, and that settings are typed and checked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

import fewshot
from fewshot.errors import InputError, UnknownSettingError
from fewshot.experiment.settings import Keywords, Settings

ROOT = Path(fewshot.__file__).parent
ARCHITECTURE = ROOT.parent / "docs" / "architecture.md"


def test_the_exported_names() -> None:
    assert fewshot.__all__ == [
        "Example", "FewshotError", "FewshotWarning", "Hypothesis", "Prediction", "Predictions", "Run", "Settings",
        "Span", "__version__", "compare", "evaluate", "load", "predict", "replay", "run",
    ]  # fmt: skip
    assert dir(fewshot) == fewshot.__all__
    for name in fewshot.__all__:
        assert getattr(fewshot, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'shoot'"):
        _ = fewshot.shoot


def test_every_other_top_level_name_is_private_or_documented_as_internal() -> None:
    internal = ARCHITECTURE.read_text("utf-8").partition("## Public and internal")[2].partition("\n## ")[0]
    for entry in ROOT.iterdir():
        name = entry.name.removesuffix(".py")
        if entry.suffix in ("", ".py") and not name.startswith("_"):
            assert f"`{name}`" in internal, f"fewshot.{name} is neither exported nor named as internal"


def test_importing_it_imports_nothing_else() -> None:
    code = "import fewshot, sys; print([m for m in sys.modules if m.startswith('fewshot.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_keywords_are_the_fields_of_settings() -> None:
    keywords, settings = get_type_hints(Keywords), get_type_hints(Settings)
    assert keywords.pop("labels") == str | Collection[str] | Mapping[str, str | None]  # made a tuple, and definitions
    assert keywords == {name: kind for name, kind in settings.items() if name not in ("task", "labels")}
    assert Keywords.__required_keys__ == frozenset()


@pytest.mark.parametrize("call", [fewshot.run, lambda task, **more: fewshot.run(Settings(task=task), **more)])
def test_a_wrong_setting_is_named_with_the_nearest(call: object, tmp_path: Path) -> None:
    for kind in (InputError, TypeError, UnknownSettingError):
        with pytest.raises(kind, match=r"^run\(\) has no setting 'shotz'; did you mean 'shots'\?$"):
            call("ner", shotz=2, out=tmp_path / "x")  # type: ignore[operator]
    assert not (tmp_path / "x").exists()


def test_keywords_override_whole_settings(tmp_path: Path) -> None:
    done = fewshot.run(Settings(task="panelization", shots=0), shots=2, limit=2, out=tmp_path / "run")
    assert done.result.signature["shots"]["asked"] == 2


def test_a_replay_refuses_a_wrong_setting(tmp_path: Path) -> None:
    fewshot.run("panelization", limit=2, out=tmp_path / "run")
    with pytest.raises(TypeError, match=r"replay\(\) has no setting 'modell'; did you mean 'model'"):
        fewshot.replay(tmp_path / "run", modell="m")  # type: ignore[call-arg]


def test_what_the_docstring_says(tmp_path: Path) -> None:
    done = fewshot.run("ner", backend="rules", shots=3, limit=3, out=tmp_path / "run")
    assert fewshot.load(tmp_path / "run").result == done.result
    assert fewshot.replay(tmp_path / "run").result == done.result
    frame = fewshot.compare([done.folder.path]).frame
    assert list(frame["system"]) == ["all-empty", "rules-2"]
    again = fewshot.evaluate("ner", data=tmp_path / "run" / "gold.jsonl", out=tmp_path / "mine",
                             predictions=tmp_path / "run" / "predictions.jsonl")  # fmt: skip
    assert again.result.scores == done.result.scores
    assert len(fields(Settings)) == len(Keywords.__optional_keys__) + 1
