"""Signals that come while an event loop opens, runs and closes."""

from __future__ import annotations

import asyncio
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fewshot.cassette import Cassette
from fewshot.engine import Job, ask
from fewshot.errors import Terminated
from fewshot.interrupts import handed, held
from tests.engine.scripted import QUICK, Scripted, asked


class Told:
    """A session that notes what it was told."""

    def __init__(self) -> None:
        self.of: list[str] = []

    def interrupt(self) -> None:
        self.of.append("Ctrl-C")

    def terminate(self) -> None:
        self.of.append("SIGTERM")


def test_a_signal_waits_for_the_end_of_the_block() -> None:
    done: list[object] = []
    usual = signal.getsignal(signal.SIGINT)

    def block() -> None:
        with held() as arrived:
            signal.raise_signal(signal.SIGINT)
            done.extend(arrived)

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is usual


def test_a_second_one_does_not_wait() -> None:
    done: list[str] = []

    def block() -> None:
        with held():
            signal.raise_signal(signal.SIGINT)
            done.append("first")
            signal.raise_signal(signal.SIGINT)
            done.append("second")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == ["first"]


def test_what_the_parent_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held() as arrived:
            signal.raise_signal(signal.SIGINT)
        assert arrived == []
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_hold_nothing() -> None:
    usual, found = signal.getsignal(signal.SIGINT), list[object]()

    def inside() -> None:
        with held():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert found == [usual]


async def test_a_session_is_told_of_those_that_wait() -> None:
    told = Told()
    with handed(told, [signal.SIGTERM]) as received:
        assert (told.of, received) == (["SIGTERM"], [signal.SIGTERM])


def test_a_signal_before_the_loop_runs_ends_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run: Any = asyncio.run

    def late(main: object) -> object:
        signal.raise_signal(signal.SIGTERM)
        found: object = run(main)
        return found

    monkeypatch.setattr("asyncio.run", late)
    before = signal.signal(signal.SIGTERM, lambda number, frame: pytest.fail("raised outside the session"))
    backend = Scripted(wait=60)
    try:
        with Cassette.open(tmp_path / "responses.jsonl") as cassette, pytest.raises(Terminated):
            ask(Job([asked("a")], backend, cassette, pace=QUICK))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert backend.closed


def test_a_signal_while_the_loop_closes_does_not_hide_how_the_run_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Any = asyncio.run

    def late(main: object) -> object:
        found: object = run(main)
        signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr("asyncio.run", late)
    threading.Timer(0.2, signal.raise_signal, (signal.SIGTERM,)).start()
    before = signal.signal(signal.SIGTERM, lambda number, frame: pytest.fail("raised outside the session"))
    try:
        with Cassette.open(tmp_path / "responses.jsonl") as cassette, pytest.raises(Terminated):
            ask(Job([asked("a")], Scripted(wait=60), cassette, pace=replace(QUICK, grace=0.1)))
    finally:
        signal.signal(signal.SIGTERM, before)
