"""A run at a local server, as the tests of the command line type it: its folder, its keys, its prices, its process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEY = "sk-proj-a1B2c3D4e5F6g7H8"
HF = "hf_ZyXwVuTsRqPoNmLk"
PRICES = '["127.0.0.1".m]\ninput = 1000.0\noutput = 1000.0\ndate = 2026-11-25\nsource = "made up"\n'


def in_a_folder_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch, legends: int) -> None:
    """Goes into an empty folder with `gold.jsonl`, with keys and without the settings of this machine."""
    monkeypatch.chdir(folder)
    for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "FEWSHOT_PRICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("HF_TOKEN", HF)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    rows = [{"id": f"f{i}", "text": f"(A) Blot of p53 number {i}.", "entities": []} for i in range(legends)]
    Path("gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def command(url: str, *more: str, out: str = "runs/one") -> list[str]:
    """The words of a run of `gold.jsonl` at a server."""
    argv = ["run", "--task", "ner", "--data", "gold.jsonl", "--backend", "gpt3", "--model", "m", "--base-url", url]
    return [*argv, "--out", out, *more]


def started(words: Sequence[str]) -> subprocess.Popen[str]:
    """A process of its own."""
    argv = [sys.executable, "-m", "fewshot", *words]
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def until(true: Callable[[], bool]) -> None:
    """Waits until something is so, half a minute at most."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)
