"""A fifth of all that is sent goes wrong, in nine ways: each request ends exactly once, and nothing is asked again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.soak import EVERY
from tests.recorded import answers
from tests.servers.swift_server import FAULTS, ROOT, Running, swift

GROWTH_MB = 50


def soak(server: Running, folder: Path, count: int) -> Any:
    argv = [sys.executable, "-m", "tests.engine.soak", server.base_url, str(folder), str(count)]
    env = dict(os.environ, OPENAI_API_KEY="sk-soak-0123456789")
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("count", [600, pytest.param(20_000, marks=pytest.mark.slow)])
def test_each_request_ends_exactly_once(tmp_path: Path, count: int) -> None:
    never = count // EVERY
    with swift(latency=0.002, faults=0.2) as server:
        said = soak(server, tmp_path, count)
        stats = server.stats()
        assert (said["answered"], said["right"], said["failed"]) == (count - never, count - never, never)
        assert (said["both"], said["unsent"], said["stopped"], said["done"]) == (0, 0, None, count)
        assert len(said["reasons"]) == 1
        assert "this one never" in said["reasons"][0]
        assert set(stats["spoilt"]) == set(FAULTS)
        assert sum(stats["spoilt"].values()) > count / 6
        assert stats["posts"] <= count + said["retries"]
        assert said["growth_mb"] < GROWTH_MB
        keys = [line["key"] for line in answers(tmp_path / "responses.jsonl")]
        assert len(keys) == len(set(keys)) == count - never, "a line an answer"
        again = soak(server, tmp_path, count)
        assert again["replayed"] == count - never
        assert "5 requests in a row failed for good" in again["stopped"]
        # Posts less refusals: on a busy machine a refusal may come too late, be asked for again or not at all.
        later = server.stats()
        assert later["refused"] >= stats["refused"] + again["failed"]
        assert later["posts"] - later["refused"] == stats["posts"] - stats["refused"], "nothing but those is asked"
