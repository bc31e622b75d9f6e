"""Waiting: whatever a server asks for, nobody is asked again at once; a silent run ends; SIGTERM waits a while."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fewshot.cassette import Cassette
from fewshot.engine import Job, Outcome, Pace, aask, ask
from fewshot.errors import BackendError, BlockedError, IncompleteError, Terminated
from tests.engine.scripted import QUICK, Scripted, asked, busy


def go(path: Path, backend: Scripted, *ids: str, pace: Pace = QUICK) -> Outcome:
    with Cassette.open(path / "responses.jsonl") as cassette:
        return ask(Job([asked(id) for id in ids], backend, cassette, pace=pace))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", [0.0, -3.0, float("nan"), 1e-9])
def test_again_in_no_time_is_a_growing_back_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, wait: float
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    backend = Scripted(lambda name, n: busy(n, status=status, retry_after=wait) if n <= 5 else None)
    start = time.monotonic()
    outcome = go(tmp_path, backend, "a", pace=Pace(base=0.02, cap=0.1))
    assert len(outcome.answers) == 1
    assert time.monotonic() - start > 0.02 + 0.04 + 0.08 + 0.1 + 0.1


def test_the_longer_of_the_two_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: low)
    start = time.monotonic()
    go(tmp_path, Scripted(lambda name, n: busy(n, status=503, retry_after=0.2) if n == 1 else None), "a")
    assert time.monotonic() - start > 0.19


def test_the_wait_of_an_error_is_a_number_or_nothing() -> None:
    waits = [BackendError("x", retry_after=value).retry_after for value in (float("nan"), -1.0, 2.5, None)]
    assert waits == [None, 0.0, 2.5, None]


def test_a_run_in_which_nothing_is_answered_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewshot.engine.session._TICK_SECONDS", 0.01)
    start = time.monotonic()
    outcome = go(tmp_path, Scripted(wait=60), "a", "b", "c", pace=replace(QUICK, patience=0.1, grace=0.1))
    assert time.monotonic() - start < 10
    assert (outcome.stopped, outcome.unsent) == ("nothing was answered for 0.1 s", 3)
    assert not outcome.interrupted
    assert not outcome.blocked


def test_a_silent_run_names_its_last_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewshot.engine.session._TICK_SECONDS", 0.01)
    backend = Scripted(lambda name, n: busy(0, status=500, retry_after=0.15))
    outcome = go(tmp_path, backend, "a", pace=replace(QUICK, patience=0.2, attempts=1000))
    assert outcome.stopped == "nothing was answered for 0.2 s, the last error: busy 0"


def test_waiting_for_ones_own_pace_is_not_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewshot.engine.session._TICK_SECONDS", 0.01)
    outcome = go(tmp_path, Scripted(), "a", "b", "c", pace=Pace(concurrency=2, rpm=150, patience=0.2))
    assert (len(outcome.answers), outcome.stopped) == (3, None)


def test_an_answer_ends_the_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewshot.engine.session._TICK_SECONDS", 0.01)
    outcome = go(tmp_path, Scripted(wait=0.2), *"abcdef", pace=Pace(concurrency=1, patience=0.5))
    assert (len(outcome.answers), outcome.stopped) == (6, None)


@pytest.mark.parametrize(("status", "code"), [(401, 4), (402, 4), (403, 4), (404, 4), (429, 3), (500, 3), (400, 3)])
def test_what_only_a_person_can_mend(tmp_path: Path, status: int, code: int) -> None:
    error = BackendError("no", status=status, retryable=status in (429, 500))
    assert error.exit_code == code
    outcome = go(tmp_path, Scripted(lambda name, n: error), *"abcdefghij", pace=replace(QUICK, patience=0.05))
    assert outcome.stopped is not None
    assert outcome.blocked == (code == 4)
    assert (BlockedError("x").exit_code, IncompleteError("x").exit_code) == (4, 3)


def test_no_more_workers_than_requests(tmp_path: Path) -> None:
    backend = Scripted(wait=0.01)
    assert len(go(tmp_path, backend, "a", "b", "c", pace=replace(QUICK, concurrency=10**11)).answers) == 3
    with Cassette.open(tmp_path / "other.jsonl") as cassette:
        few = ask(Job((asked(id) for id in "abcdef"), Scripted(), cassette, pace=Pace(concurrency=10**11)))
    assert len(few.answers) == 6


def test_sigterm_waits_for_what_is_in_flight(tmp_path: Path) -> None:
    backend = Scripted(wait=0.5)
    _send(signal.SIGTERM, 0.2)
    with Cassette.open(tmp_path / "responses.jsonl") as cassette, pytest.raises(Terminated):
        ask(Job([asked(id) for id in "abcdefgh"], backend, cassette, pace=QUICK))
    with Cassette.open(tmp_path / "responses.jsonl", readonly=True) as cassette:
        assert sorted(cassette.ids()) == ["a", "b", "c", "d"]


def test_sigterm_waits_no_longer_than_grace(tmp_path: Path) -> None:
    start = time.monotonic()
    _send(signal.SIGTERM, 0.2)
    with pytest.raises(Terminated):
        go(tmp_path, Scripted(wait=60), "a", pace=replace(QUICK, grace=0.2))
    assert 0.25 < time.monotonic() - start < 20
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_ctrl_c_while_the_backend_closes_is_one_exception(tmp_path: Path) -> None:
    class Slow(Scripted):
        async def close(self) -> None:
            await asyncio.sleep(60)

    start = time.monotonic()
    _send(signal.SIGINT, 0.2)
    with pytest.raises(KeyboardInterrupt) as caught:
        go(tmp_path, Slow(), "a")
    assert time.monotonic() - start < 20
    assert not isinstance(caught.value, Terminated)


async def test_inside_a_loop_of_the_caller_the_outcome_says_so(tmp_path: Path) -> None:
    with Cassette.open(tmp_path / "responses.jsonl") as cassette:
        _send(signal.SIGTERM, 0.2)
        pace = replace(QUICK, grace=0.1)
        outcome = await aask(Job([asked("a")], Scripted(wait=60), cassette, pace=pace))
    assert (outcome.interrupted, outcome.unsent) == (True, 1)


def _send(number: signal.Signals, seconds: float) -> None:
    """Sends this process a signal after a while."""
    threading.Timer(seconds, os.kill, (os.getpid(), number)).start()
