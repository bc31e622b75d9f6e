"""The cells of a sweep: which there are, how they are called, what a training is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fewshot.experiment.settings import Settings
from fewshot.sweep.bases import base_of
from fewshot.sweep.grid import Grid, steps_of
from finetune import arguments

BASE = base_of("tiny-tagger", ["--max_steps", "7"])


def grid(**changes: Any) -> Grid:
    asked: dict[str, Any] = {"backends": ("rules",), "shots": (0, 3), "bases": (BASE,), "sizes": (2, 60), "seeds": 2}
    return Grid(Settings(task="ner"), **(asked | changes))


def names_of(asked: Grid) -> list[str]:
    return [*(cell.name for cell in asked.prompted), *(cell.name for cell in asked.trained)]


def test_trainings_have_every_seed_and_small_ones_come_first() -> None:
    cells = grid().trained
    assert [(cell.size, cell.seed) for cell in cells] == [(2, 0), (2, 1), (60, 0), (60, 1)]
    assert {cell.settings.backend for cell in cells} == {"local"}


@pytest.mark.parametrize(
    ("selector", "temperature", "count"),
    [("nearest", 0.0, 1), ("nearest", 0.7, 2), ("random", 0.0, 2), ("fixed", 0.0, 2)],
)
def test_a_seed_is_tried_again_where_it_changes_something(selector: str, temperature: float, count: int) -> None:
    settings = Settings(task="ner", selector=selector, temperature=temperature)
    cells = replace(grid(backends=("gpt3:m",), shots=(3,)), settings=settings).prompted
    assert [cell.settings.seed for cell in cells] == list(range(count))
    assert {cell.settings.model for cell in cells} == {"m"}


def test_names_tell_apart_what_is_not_the_same_and_survive_a_change_of_pace() -> None:
    one = grid()
    names = names_of(one)
    assert len(set(names)) == len(names)
    larger = grid(sizes=(2, 30, 60), shots=(0, 1, 3), seeds=3)
    assert set(names) < set(names_of(larger))
    faster = replace(one, settings=replace(one.settings, concurrency=64))
    assert names_of(faster) == names
    for other in (
        grid(data="other"),
        replace(one, settings=replace(one.settings, limit=5)),
        grid(bases=(replace(BASE, flags=("--max_steps", "8")),)),
    ):
        assert not {cell.name for cell in other.trained} & set(names)


def test_a_cell_is_the_same_beside_another_backend_with_settings_of_its_own() -> None:
    one = grid()
    prompting: dict[str, Any] = {"base_url": "http://127.0.0.1:8808/v1", "api": "chat", "max_tokens": 96, "model": "m"}
    two = replace(grid(backends=("rules", "gpt3")), settings=replace(one.settings, **prompting))
    assert set(names_of(one)) - {cell.name for cell in one.trained} < {cell.name for cell in two.prompted}
    rules, prompted = two.prompted[0].settings, two.prompted[-1].settings
    assert (rules.backend, rules.base_url, rules.max_tokens, rules.model) == ("rules", None, None, None)
    assert (prompted.backend, prompted.base_url, prompted.max_tokens, prompted.model) == (
        "gpt3", prompting["base_url"], 96, "m"
    )  # fmt: skip
    named = replace(one, settings=replace(one.settings, demos="train.jsonl", shots=3, base_url=prompting["base_url"]))
    trained = named.trained[0].settings
    assert (trained.demos, trained.shots, trained.base_url) == ("train.jsonl", None, None)


def test_only_a_backend_with_a_batch_endpoint_is_asked_in_batches() -> None:
    asked = replace(grid(backends=("rules", "gpt3:m"), shots=(0,)), settings=Settings(task="ner", batch=True))
    assert [cell.settings.batch for cell in asked.prompted] == [False, True]
    assert not any(cell.settings.batch for cell in asked.trained)


@pytest.mark.local
def test_the_command_of_a_training_is_one_that_finetune_takes() -> None:
    cell = grid().trained[-1]
    ours, training, _ = arguments.parse(cell.command("pool.jsonl", "models/one"))
    assert (ours.task, ours.kind, ours.limit, ours.base_model) == ("ner", "tagger", 60, "tiny-tagger")
    assert (training.max_steps, training.seed, training.learning_rate) == (7, 1, 2e-3)


def test_epochs_that_are_asked_for_take_the_place_of_steps() -> None:
    base = base_of("tiny-tagger", ["--num-train-epochs", "2", "--learning_rate=0.1"])
    words = grid(bases=(base,)).trained[0].command("pool", "model")
    assert "--max_steps" not in words
    assert words.count("--learning_rate=0.1") == 1
    assert "--learning_rate" not in words
    assert steps_of(base.flags, 60) == 8
