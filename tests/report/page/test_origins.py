"""The command of a row is a command line: read again, it gives the same settings."""

from __future__ import annotations

import argparse
import shlex
from typing import Any

import pytest

from fewshot.cli import _settings
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
    {"task": "ner", "extra": {"effort": "low", "n": 1, "deep": {"a": [None, True]}}, "unlabelled": True, "rpm": 2.5},
    {"task": "causal", "failed_as_empty": True, "examples_check": "off", "limit": 7},
]


@pytest.mark.parametrize("given", GIVEN)
def test_read_again(given: dict[str, Any]) -> None:
    parser = argparse.ArgumentParser()
    _settings.add_settings(parser)
    words = shlex.split(command(Settings(**given)))
    assert words[:2] == ["fewshot", "run"]
    assert _settings.settings(parser.parse_args(words[2:])) == Settings(**given)


def test_no_credentials() -> None:
    said = command(Settings(task="ner", base_url="https://me:hunter2@h/v1", headers={"X-Key": "hunter2"}))
    assert "hunter2" not in said
    assert "--header-env X-Key=VARIABLE" in said
