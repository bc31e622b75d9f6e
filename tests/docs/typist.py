"""Types commands as a reader would, in a folder of its own, and looks at what they print.

`fewshot` and `finetune` run in this process, which is fast; what needs a shell (pipes, patterns, variables) gets one. A
server of tests stands in for every server that a command names. What only prepares a machine (`pip`, `make`, `git`) is
not run: the targets, the extras and the files that it names must be there. A training ends after two steps: the line is
tried, not the model.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fewshot import cli
from tests.docs.recipes import ROOT, Command
from tests.servers.tgi_server import TgiServer

PREPARES = ("pip", "make", "git", "cd", "python3.11", ".", "chromium")
_SHELL = re.compile(r"[|<>*;&`]|\$\(|\$\w")
_URL = re.compile(r"https?://[^\s'\"]+")
_STEPS = re.compile(r"--max_steps \d+")
_ELSEWHERE = ("--base-url", "OPENAI_BASE_URL")


class Typist:
    """Someone at a keyboard in the current folder."""

    def __init__(self, server: TgiServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.server = server
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def types(self, command: Command) -> None:
        """Types one command: it must succeed, and print what the page says."""
        text = self._on_this_machine(command.text)
        words = shlex.split(text, comments=True)
        if words[0] == "export":
            for word in words[1:]:
                name, _, value = word.partition("=")
                self._monkeypatch.setenv(name, value if value != "…" else "key-of-mine")
            return
        if words[0] in PREPARES:
            _prepares(words)
            return
        self._capfd.readouterr()
        code = self._run(text, words)
        said = self._capfd.readouterr()
        assert code == 0, f"{command.text}\nexit code {code}\n{said.out}{said.err}"
        if command.printed is not None:
            assert agree(said.err + said.out, command.printed) or agree(said.out, command.printed), (
                f"{command.text}\nprints\n{said.out}\n(stderr:)\n{said.err}\nand the page says\n{command.printed}"
            )

    def _on_this_machine(self, text: str) -> str:
        text = _STEPS.sub("--max_steps 2", text)
        if not any(word in text for word in _ELSEWHERE):
            return text
        url = self.server.url if re.search(r"--backend (bloom|tgi)", text) else self.server.base_url
        return _URL.sub(url, text)

    def _run(self, text: str, words: list[str]) -> int:
        if not _SHELL.search(text) and words[0] == "fewshot":
            if words[1] == "finetune":
                return _finetune(words[2:])
            return _main(words[1:])
        if not _SHELL.search(text) and words[:3] == ["python", "-m", "finetune"]:
            return _finetune(words[3:])
        return _in_a_shell(text)


def _main(argv: list[str]) -> int:
    try:
        return cli.main(argv)
    except SystemExit as left:  # argparse, after --help and --version
        return int(left.code or 0)


def _finetune(argv: list[str]) -> int:
    from finetune.__main__ import main

    return main(argv)


def _in_a_shell(text: str) -> int:
    """Runs a line in bash, where `fewshot` and `python` are those of this checkout."""
    tools = Path(".tools").absolute()
    tools.mkdir(exist_ok=True)
    for name, starts in (("fewshot", "-m fewshot"), ("python", "")):
        tool = tools / name
        tool.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {starts} "$@"\n')
        tool.chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": ""}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], env=environment, check=False, timeout=120
    ).returncode


def _prepares(words: list[str]) -> None:
    """Looks whether what a preparing command names is there."""
    if words[0] == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        assert set(words[1:2]) <= set(targets), f"no such target: {words}"
    if words[0] == "pip":
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
        for extra in re.findall(r"\[([\w,]+)\]", " ".join(words)):
            assert set(extra.split(",")) <= set(extras), f"no such extra: {words}"
        for file in re.findall(r"-c (\S+)", " ".join(words)):
            assert (ROOT / file).is_file(), f"no such file: {words}"


def agree(printed: str, shown: str) -> bool:
    """Whether a page shows what is printed: `…` alone on a line stands for lines, within a line for characters.

    >>> agree("one 1.5 s\\ntwo\\nthree\\n", "one … s\\n…\\nthree\\n")
    True
    """
    lines = [line.rstrip() for line in shown.strip("\n").splitlines()]
    pattern = "".join(
        r"(?:[^\n]*\n)*?" if line.strip() == "…" else ".*".join(map(re.escape, line.split("…"))) + r"[ ]*\n"
        for line in lines
    )
    return re.fullmatch(r"\n*" + pattern + r"\n*", printed.rstrip("\n") + "\n") is not None
