"""The command of a row is a command line: read again, it gives the same settings."""

from __future__ import annotations

import argparse
import shlex
from typing import Any

import pytest

from fewshot.cli import _settings, run
from fewshot.experiment.settings import Settings
from fewshot.report.page.origins import command

GIVEN: list[dict[str, Any]] = [
    {"task": "ner"},
    {"task": "ner", "data": "it's; rm -rf ~.jsonl", "labels": ("GENEPROD", "CELL_TYPE"), "shots": 0, "seed": 3},
    {
        "task": "panelization",
        "backend": "gpt3",
        "model": "$(x)",
        "base_url": "http://h/v1",
        "temperature": 0.7,
        "samples": 3,
    },
    {
        "task": "ner",
        "backend": "gpt3",
        "extra": {"effort": "low", "n": 1, "deep": {"a": [None, True]}},
        "unlabelled": True,
        "rpm": 2.5,
    },
    {"task": "ner", "labels": ("GENEPROD", "DOSE"), "definitions": {"DOSE": "amounts, with units = any"}},
    {"task": "ner", "definitions": {"DOSE": "amounts"}, "data": "a.tsv", "reading": {"from": "conll"}},
    {"task": "causal", "failed_as_empty": True, "examples_check": "off", "limit": 7},
]


@pytest.mark.parametrize("given", GIVEN)
def test_read_again(given: dict[str, Any]) -> None:
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    words = shlex.split(command(Settings(**given)))
    assert words[:2] == ["fewshot", "run"]
    assert _settings.settings(parser.parse_args(words[2:])) == Settings(**given)


def test_what_a_backend_does_not_heed_is_left_out() -> None:
    assert command(Settings(task="ner", rpm=5.0)) == "fewshot run --task ner"


def test_predictions_of_others_are_scored_again() -> None:
    given = Settings(task="ner", backend="external", model="mine.jsonl", data="gold.jsonl", shots=0, format="list")
    said = command(given)
    assert said == "fewshot evaluate --predictions mine.jsonl --data gold.jsonl --task ner --format list"


def test_a_backend_that_is_not_installed_here_has_its_command() -> None:
    assert command(Settings(task="ner", backend="nobody")) == "fewshot run --task ner --backend nobody"


def test_no_credentials() -> None:
    said = command(
        Settings(task="ner", backend="gpt3", base_url="https://me:hunter2@h/v1", headers={"X-Key": "hunter2"})
    )
    assert "hunter2" not in said
    assert "--header-env X-Key=VARIABLE" in said
