"""What tests of commands share: a folder of their own, a small data set, and the line that a failure prints."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli

LEGENDS: list[dict[str, Any]] = [
    {
        "id": f"fig-{n}",
        "group": f"10.5555/{n}",
        "text": "(A) Western blot of p53. (B) Cells treated with nutlin.",
        "panels": [{"labels": ["A"], "start": 0, "end": 24}, {"labels": ["B"], "start": 25, "end": 55}],
        "entities": [{"start": 20, "end": 23, "label": "GENEPROD"}],
    }
    for n in range(4)
]

Fails = Callable[..., str]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "FEWSHOT_GPT3_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(random, "uniform", lambda *_: 0.0)  # no back-off before a retry
    Path("gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in LEGENDS))


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Fails:
    """Runs a command that must fail; gives the one line that it prints on stderr."""

    def run(*argv: str, code: int = 2) -> str:
        assert cli.main(argv) == code
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        line = captured.err.strip().splitlines()[-1]
        assert line.startswith("fewshot: ")
        return line

    return run
