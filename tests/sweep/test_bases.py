"""Models to fine-tune and the flags of their trainings."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewshot.errors import InputError
from fewshot.sweep.bases import base_of, flags_of, names_of, value_of


def test_the_kind_is_that_of_the_architecture() -> None:
    assert [base_of(name).kind for name in ("tiny-bart", "tiny-t5", "tiny-tagger")] == ["seq2seq", "seq2seq", "tagger"]


def test_a_folder_is_a_base_by_its_last_name(tmp_path: Path) -> None:
    folder = tmp_path / "minilm"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert"}')
    base = base_of(f"{folder}/")
    assert (base.kind, base.short, base.rate) == ("tagger", "minilm", 2e-4)


@pytest.mark.parametrize("config", ["", "[]", "{", "[" * 100_000])
def test_a_folder_that_is_no_model_is_one_line(config: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(InputError, match="is it a model"):
        base_of(str(tmp_path))


@pytest.mark.parametrize("flag", ["--task", "--base-model", "--output_dir", "--seed=3", "--do-predict"])
def test_flags_that_a_sweep_sets_are_refused(flag: str) -> None:
    with pytest.raises(InputError, match="for the sweep to set"):
        base_of("tiny-bart", [flag, "x"])


def test_flags_belong_to_all_models_or_to_one() -> None:
    assert flags_of(["--bf16 --lora 8", "a=--max-steps 3", "a=--bf16"]) == {
        "": ("--bf16", "--lora", "8"),
        "a": ("--max-steps", "3", "--bf16"),
    }
    assert names_of(["--max-steps=3", "-x", "7"]) == {"max_steps"}


@pytest.mark.parametrize("word", ["max_steps 3", "tiny-bart=", "tiny-bart=3", "--prompt_init 'open"])
def test_words_that_are_no_flags_are_refused(word: str) -> None:
    with pytest.raises(InputError, match="--train-flags"):
        flags_of([word])


@pytest.mark.parametrize("value", ["none", "0", "-1", "nan", "inf", ""])
def test_a_number_of_steps_is_a_positive_number(value: str) -> None:
    with pytest.raises(InputError, match="a number above 0"):
        value_of(["--max_steps", value], "max_steps")
