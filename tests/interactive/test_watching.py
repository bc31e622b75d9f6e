"""Progress where Python is typed: a bar where somebody looks, nothing in a log; in a notebook's kernel too."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from fewshot.engine import Progress
from fewshot.interactive.watching import listener

CODE = 'import fewshot; fewshot.run("ner", backend="rules", limit=3, out={out!r})'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_no_bar(tmp_path: Path) -> None:
    code = CODE.format(out=str(tmp_path / "run"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == done.stdout == ""


def test_a_terminal_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with listener("asking", None) as told:
        assert told is not None
        told(Progress(done=40, total=200, failed=2, cost=0.5))
    assert "asking:  20%" in screen.getvalue()
    assert "40/200" in screen.getvalue()
    assert "2 failed, $0.5000" in screen.getvalue()


def test_the_callers_own_takes_its_place_or_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Progress] = []
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with listener("asking", heard.append) as told:
        assert told == heard.append
    with listener("asking", None, shown=False) as told:
        assert told is None
    assert not screen.getvalue()
    with listener("asking", heard.append, shown=True) as told:
        assert told is not None
        told(Progress(done=1, total=1))
    assert len(heard) == 1
    assert "1/1" in screen.getvalue()
