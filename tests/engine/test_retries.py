"""Retries: busy is not broken, and what may have been paid is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fewshot.cassette import Cassette
from fewshot.engine import Job, Outcome, Pace, ask
from fewshot.errors import BackendError
from tests.engine.scripted import QUICK, Scripted, asked, busy


def go(path: Path, backend: Scripted, *ids: str, pace: Pace = QUICK) -> Outcome:
    with Cassette.open(path / "responses.jsonl") as cassette:
        return ask(Job([asked(id) for id in ids], backend, cassette, pace=pace))


@pytest.mark.parametrize(
    "error",
    [
        lambda n: busy(0, status=429),
        lambda n: busy(n, status=429, retry_after=0.001),
        lambda n: busy(0, status=503, retry_after=0.001),
        lambda n: busy(0, status=529, retry_after=0.001),
    ],
)
def test_not_now_is_no_failure(tmp_path: Path, error: object) -> None:
    backend = Scripted(lambda name, n: error(n) if n <= 40 else None)  # type: ignore[operator]
    outcome = go(tmp_path, backend, "a", pace=Pace(base=0.0001, cap=0.0002))
    assert (len(outcome.answers), backend.tries["a"]) == (1, 41)


def test_busy_for_longer_than_our_patience_is_a_failure(tmp_path: Path) -> None:
    backend = Scripted(lambda name, n: busy(0, status=429))
    outcome = go(tmp_path, backend, "a", pace=replace(QUICK, patience=0.05))
    assert list(outcome.failed) == ["a"]
    assert backend.tries["a"] > 6


def test_429s_between_failures_do_not_make_them_fewer(tmp_path: Path) -> None:
    backend = Scripted(lambda name, n: busy(n, status=429 if n % 2 else 500))
    go(tmp_path, backend, "a")
    assert backend.tries["a"] == 12, "six failures, and as many 429s between them"


def test_the_same_words_between_429s_are_the_same_words(tmp_path: Path) -> None:
    backend = Scripted(lambda name, n: busy(0, status=429 if n % 2 else 500))
    go(tmp_path, backend, "a")
    assert backend.tries["a"] == 8


def test_a_429_is_counted_and_slows_everybody_down(tmp_path: Path) -> None:
    ids = [f"f{i}" for i in range(40)]
    backend = Scripted(lambda name, n: busy(n, status=429) if n == 1 else None, wait=0.002)
    outcome = go(tmp_path, backend, *ids, pace=Pace(concurrency=16, base=0.001, cap=0.002))
    assert outcome.stats.pushbacks == 40
    assert len(outcome.answers) == 40


def test_possibly_paid_twice(tmp_path: Path) -> None:
    lost = BackendError("did not answer in time", retryable=True, maybe_paid=True)
    backend = Scripted(lambda name, n: lost if n == 1 else busy(n) if n == 2 else None)
    outcome = go(tmp_path, backend, "a", "b")
    assert (outcome.stats.retries, outcome.stats.maybe_twice) == (4, 2)
    once = Scripted(lambda name, n: lost if name == "c" else None)
    outcome = go(tmp_path, once, "c", pace=replace(QUICK, alike=1))
    assert outcome.stats.maybe_twice == 0, "it was not sent again"
