"""A function that is computed by a process beside this one."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from fewshot.aside import Aside

forks = pytest.mark.skipif(sys.platform != "linux" or os.cpu_count() == 1, reason="computed in this process here")


@forks
def test_another_process_computes_it_once() -> None:
    aside = Aside(os.getpid)
    aside.begin()
    first = aside.result()
    assert first != os.getpid()
    aside.begin()
    assert aside.result() == first, "begun once"
    aside.end()
    assert aside.result() == os.getpid(), "ended: here, each time"


def test_without_a_beginning_it_is_computed_here() -> None:
    aside = Aside(os.getpid)
    assert aside.result() == os.getpid()
    aside.end()


def test_what_it_raises_is_raised_here(capfd: pytest.CaptureFixture[str]) -> None:
    aside = Aside(lambda: int("missing"))
    aside.begin()
    with pytest.raises(ValueError, match="missing"):
        aside.result()
    aside.end()
    assert capfd.readouterr().err == ""


@forks
def test_a_process_that_was_killed_is_done_without() -> None:
    here = os.getpid()

    def found() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return 7

    aside = Aside(found)
    aside.begin()
    assert aside.result() == 7
    aside.end()


@forks
def test_ctrl_c_does_not_reach_it() -> None:
    def found() -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return os.getpid()

    aside = Aside(found)
    aside.begin()
    assert aside.result() != os.getpid()
    aside.end()


@forks
def test_the_end_does_not_wait() -> None:
    aside = Aside(signal.pause)
    aside.begin()
    aside.end()


def test_nothing_is_forked_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    aside = Aside(os.getpid)
    aside.begin()
    assert aside.result() == os.getpid()
