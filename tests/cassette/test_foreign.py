"""A run folder from someone else: links are not followed, nothing is cut that is not a torn line of a cassette."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fewshot.cassette import Cassette
from fewshot.cassette.lock import Lock
from fewshot.errors import DataError, RunFolderError
from fewshot.records import Completion
from tests.cassette.test_cassette import asked, record

VICTIM = "a thesis, which has no line end"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_text(VICTIM)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run" / "responses.jsonl"


def test_a_link_in_place_of_the_lock_is_refused(path: Path, victim: Path) -> None:
    path.with_name("responses.jsonl.lock").symlink_to(victim)
    with pytest.raises(RunFolderError, match=r"cannot write .*\.lock: it is a link, which is not followed"):
        Lock(path)
    assert victim.read_text() == VICTIM


def test_a_second_name_of_a_file_is_refused_as_well(path: Path, victim: Path) -> None:
    os.link(victim, path.with_name("responses.jsonl.lock"))
    with pytest.raises(RunFolderError, match="it has a second name"):
        Lock(path)
    assert victim.read_text() == VICTIM


@pytest.mark.parametrize("content", [VICTIM, '{"key": "', "{}\n" + VICTIM])
def test_a_link_in_place_of_the_answers_is_refused(path: Path, victim: Path, content: str) -> None:
    victim.write_text(content)
    path.symlink_to(victim)
    with pytest.raises(RunFolderError, match=r"responses\.jsonl: it is a link"):
        Cassette.open(path)
    assert victim.read_text() == content
    assert not path.with_name("responses.jsonl.lock").exists()


def test_a_link_may_be_read(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    record(elsewhere, "a")
    path.symlink_to(elsewhere)
    with Cassette.open(path, readonly=True) as cassette:
        assert cassette.ids() == ("a",)


def test_a_named_pipe_is_refused_and_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(RunFolderError, match="it is not a plain file"):
        Cassette.open(path)


@pytest.mark.parametrize("content", [VICTIM, "first\nsecond", '{"id": "a", "text": "x"}\n{"id', "[1, 2", '{"k": "'])
def test_what_is_not_a_cassette_is_not_cut(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(DataError):
        Cassette.open(path)
    assert path.read_text() == content


def test_a_torn_line_behind_a_damaged_one_is_not_cut(path: Path) -> None:
    record(path, "a")
    content = b"xyz\n" + path.read_bytes()[:-30]
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"jsonl:1: this line is not a JSON object"):
        Cassette.open(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("position", [80, 150, -3])
def test_a_whole_last_line_with_a_wrong_byte_is_an_error(path: Path, position: int) -> None:
    record(path, "a", "b")
    content = bytearray(path.read_bytes())
    start = content.rindex(b"\n", 0, -1) + 1
    content[start + position if position > 0 else position] = 0xFF
    path.write_bytes(content)
    for readonly in (False, True):
        with pytest.raises(DataError, match=r"jsonl:4: this line is not a JSON object; restore the line"):
            Cassette.open(path, readonly=readonly)
    assert path.read_bytes() == content


@pytest.mark.parametrize("rest", [b'{"key": "3f', b"{", b"\0" * 40, b'{"key": "' + b"0" * 64 + b'", "id": "b\xff'])
def test_what_has_no_line_end_is_torn(path: Path, rest: bytes) -> None:
    record(path, "a")
    whole = path.read_bytes()
    for before, ids in ((b"", ()), (whole, ("a",))):
        path.write_bytes(before + rest)
        with Cassette.open(path, readonly=True) as cassette:
            assert (cassette.ids(), cassette.torn) == (ids, len(rest))
        assert path.read_bytes() == before + rest
        with Cassette.open(path) as cassette:
            assert cassette.torn == len(rest)
            cassette.append(asked("c"), Completion("x"), [])
            assert cassette.ids() == (*ids, "c")
        assert path.read_bytes().startswith(before)
