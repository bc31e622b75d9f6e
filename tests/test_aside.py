"""A function that is computed by a process beside this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fewshot import aside as module
from fewshot.aside import Aside, can_fork
from fewshot.cassette.lock import Lock

ROOT = Path(__file__).parents[1]
forks = pytest.mark.skipif(not can_fork(), reason="computed in this process here")


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
    here = os.getpid()

    def found() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGINT)
        return os.getpid()

    aside = Aside(found)
    aside.begin()
    assert aside.result() != here
    aside.end()


@forks
def test_what_a_killed_program_held_is_free_at_once(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, time; from fewshot.aside import Aside; from fewshot.cassette.lock import Lock;"
        "from pathlib import Path\n"
        "with Lock(Path(sys.argv[1])):\n"
        "    Aside(lambda: time.sleep(30)).begin(); print('begun', flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "held"
    path.touch()
    killed = subprocess.run(
        [sys.executable, "-c", code, str(path)], env=dict(os.environ, PYTHONPATH=str(ROOT)), capture_output=True,
        timeout=15, check=False,  # less than the process sleeps, which would hold the output too
    )  # fmt: skip
    assert (killed.stdout, killed.returncode) == (b"begun\n", -signal.SIGKILL)
    with Lock(path):
        pass


def test_no_process_is_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    aside = Aside(os.getpid)
    aside.begin()
    assert aside.result() == os.getpid()
    aside.end()


@forks
def test_a_process_that_is_late_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    aside = Aside(lambda: os.getpid() if os.getpid() == here else signal.pause())
    aside.begin()
    assert aside.result() == here
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
