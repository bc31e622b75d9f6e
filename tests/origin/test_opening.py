"""Files packed by gzip, and standard input."""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading
from pathlib import Path

import pytest

from fewshot import data
from fewshot.errors import DataError, InputError
from fewshot.origin import Origin, opening

LINE = '{"id": "a", "text": "(A) Blot."}\n'


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINE.encode())))
    return monkeypatch


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl"])
def test_a_packed_file_reads_as_the_file_in_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("(A) Blot.\n")
    (tmp_path / "plain.txt.gz").write_bytes(gzip.compress(b"(A) Blot.\n"))
    assert data.read(str(tmp_path / "plain.txt")) == data.read(str(tmp_path / "plain.txt.gz"))
    (tmp_path / name).write_bytes(gzip.compress(LINE.encode()))  # by its content, whatever its name
    assert [example.id for example in data.read(str(tmp_path / name))] == ["a"]


@pytest.mark.parametrize(
    "content", [gzip.compress(LINE.encode() * 500, mtime=0)[:-40], b"\x1f\x8bnothing", b"\x1f\x8b"]
)
def test_a_broken_gzip_file_is_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.jsonl\.gz: not a sound gzip file \(.+\); pack it again"):
        data.read(str(path))


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(LINE.encode() + b" " * (1 << 25)))
    with pytest.raises(DataError, match=r"unpacks to more than 16,777,216 bytes; FEWSHOT_MOST_BYTES=N allows more"):
        data.read(str(path))


def test_what_is_read_whole_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEWSHOT_MOST_BYTES", "20")
    path = tmp_path / "a.json"
    path.write_text(f"[\n{LINE}]")
    with pytest.raises(DataError, match=r"a\.json: more than 20 bytes; FEWSHOT_MOST_BYTES=N allows more"):
        data.read(str(path))


@pytest.mark.usefixtures("stdin")
def test_standard_input_is_recognised_and_read_once() -> None:
    assert [example.id for example in data.read("-")] == ["a"]
    with pytest.raises(InputError, match=r"standard input \(-\) can be read once; save it"):
        data.read("-")


def test_ids_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress("(A) Blot.\n(B) µ.\n".encode()))))
    assert [(example.id, example.text) for example in data.read("-")] == [
        ("stdin:1", "(A) Blot."), ("stdin:2", "(B) µ."),
    ]  # fmt: skip


def test_what_was_said_is_said_once() -> None:
    origin = Origin("a.csv")
    origin.say("text is the column x")
    origin.say("text is the column x")
    assert origin.said == ["text is the column x"]


def test_a_pipe_is_recognised_and_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    rows = "".join(LINE.replace('"a"', f'"a{number}"') for number in range(50_000))  # more than is looked at
    thread = threading.Thread(target=pipe.write_text, args=(rows,))
    thread.start()
    assert [example.id for example in data.read(str(pipe))] == [f"a{number}" for number in range(50_000)]
    thread.join()
    assert opening._streams[str(pipe)].file.closed
    with pytest.raises(InputError, match="pipe can be read once; save it to a file"):
        data.read(str(pipe))
