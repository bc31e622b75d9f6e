"""Files: whole or not at all, JSON lines with their numbers, one canonical form."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot import files
from fewshot.errors import DataError, InputError, RunFolderError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class TestWriting:
    @pytest.mark.parametrize("content", ["µ\r\n\n", b"\xb5\r\n"])
    def test_the_content_as_it_is(self, content: str | bytes, tmp_path: Path) -> None:
        files.write(tmp_path / "a", content, error=InputError)
        assert (tmp_path / "a").read_bytes() == (content.encode() if isinstance(content, str) else content)
        assert [path.name for path in tmp_path.iterdir()] == ["a"]

    @pytest.mark.parametrize("method", ["write_text", "replace"])
    def test_a_failure_keeps_the_old_file_and_leaves_nothing(
        self, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(self: Path, *_: object, **__: object) -> int:
            raise OSError(28, "No space left on device")

        (tmp_path / "a").write_text("before")
        monkeypatch.setattr(Path, method, fail)
        with pytest.raises(RunFolderError, match=r"^cannot write .*/a: No space left on device$"):
            files.write(tmp_path / "a", "after", error=RunFolderError)
        assert (tmp_path / "a").read_text() == "before"
        assert [path.name for path in tmp_path.iterdir()] == ["a"]

    def test_the_old_file_is_there_until_the_end(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.write_text("before")
        with files.whole(path) as part:
            part.write_text("after")
            assert path.read_text() == "before"
        assert path.read_text() == "after"

    def test_an_interrupted_writer_leaves_nothing(self, tmp_path: Path) -> None:
        def interrupted() -> None:
            with files.whole(tmp_path / "a") as part:
                part.write_text("half")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert list(tmp_path.iterdir()) == []

    def test_two_writers_of_one_file_do_not_mix(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        with files.whole(path) as first, files.whole(path) as second:
            first.write_text("first")
            second.write_text("second")
        assert path.read_text() == "first"
        assert [p.name for p in tmp_path.iterdir()] == ["a"]

    def test_a_name_as_long_as_the_disk_allows(self, tmp_path: Path) -> None:
        files.write(tmp_path / ("a" * 255), "x", error=InputError)
        assert (tmp_path / ("a" * 255)).read_text() == "x"

    @pytest.mark.parametrize("exists", [True, False])
    def test_a_link_stays_a_link(self, exists: bool, tmp_path: Path) -> None:
        if exists:
            (tmp_path / "file").write_text("before")
        (tmp_path / "link").symlink_to(tmp_path / "file")
        files.write(tmp_path / "link", "after", error=InputError)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "file").read_text() == "after"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]

    def test_a_pipe_is_written_to(self, tmp_path: Path) -> None:
        pipe, read = tmp_path / "pipe", list[str]()
        os.mkfifo(pipe)
        reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
        reader.start()
        files.write(pipe, "through", error=InputError)
        reader.join(10)
        assert read == ["through"]
        assert pipe.is_fifo()

    def test_standard_output_is_written_to(self) -> None:
        code = (
            "from fewshot import files; from fewshot.errors import InputError; "
            "files.write('/dev/stdout', 'out', error=InputError)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "out"

    @pytest.mark.parametrize(
        ("target", "reason"),
        [(".", "Is a directory"), ("nowhere/x", "No such file or directory"), ("file/x", "Not a directory")],
    )
    def test_where_nothing_can_be_written(self, target: str, reason: str, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with pytest.raises(InputError) as caught:
            files.write(tmp_path / target, "y", error=InputError)
        assert str(caught.value) == f"cannot write {tmp_path / target}: {reason}"
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    def test_half_of_a_surrogate_pair_in_a_text(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"cannot write .*/a: half of a surrogate pair \(\\ud83d\)"):
            files.write(tmp_path / "a", "x\ud83d", error=InputError)
        assert list(tmp_path.iterdir()) == []


class TestLines:
    def test_ends_are_kept_and_a_byte_order_mark_is_not(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes("\ufeffµ\r\n\u2028b\n\nc".encode())
        assert list(files.lines(tmp_path / "a")) == ["µ\r\n", "\u2028b\n", "\n", "c"]

    def test_what_is_not_utf_8_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"ok\n caf\xe9\n")
        with pytest.raises(DataError, match=r"a:2: not UTF-8 \(byte 0xe9 at position 5 of the line\)"):
            list(files.lines(tmp_path / "a"))


class TestJsonLines:
    @given(st.lists(JSON))
    def test_what_is_written_is_read(self, rows: list[object]) -> None:
        text = files.json_lines(rows)
        assert text.count("\n") == len(rows)
        assert list(files.json_values(io.StringIO(text), "x")) == list(enumerate(rows, 1))

    def test_blank_lines_are_counted_and_byte_order_marks_skipped(self) -> None:
        lines = ["\ufeff\n", '\ufeff{"a": 1}\n', " \r\n", '{"a": 2}']
        assert list(files.json_objects(lines, "x")) == [(2, {"a": 1}), (4, {"a": 2})]

    def test_null_is_a_value(self) -> None:
        assert list(files.json_values(["null\n", "0"], "x")) == [(1, None), (2, 0)]

    @pytest.mark.parametrize("kind", [files.json_values, files.json_objects])
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ('{"a": 1', ": expecting ',' delimiter at character 8;"),
            ("nonsense", ": expecting value at character 1;"),
            ("[" * 100_000, ": nested too deeply;"),
            ("9" * 5_000, ": "),
        ],
    )
    def test_a_broken_line_is_named(self, kind: object, line: str, reason: str) -> None:
        read = {files.json_values: "not JSON", files.json_objects: "not a JSON object"}
        with pytest.raises(DataError) as caught:
            list(kind(['{"a": 1}\n', "\n", line], "x.jsonl"))  # type: ignore[operator]
        assert str(caught.value).startswith(f"x.jsonl:3: {read[kind]}{reason}")  # type: ignore[index]
        assert caught.value.line == 3

    @pytest.mark.parametrize("line", ["[]", "null", '"a"', "1"])
    def test_an_object_is_asked_for(self, line: str) -> None:
        with pytest.raises(DataError, match=r"^x:2: not a JSON object; each line must be one JSON object$"):
            list(files.json_objects(["{}", line], "x"))

    def test_rows_are_written_one_at_a_time(self, tmp_path: Path) -> None:
        with (tmp_path / "a").open("w", encoding="utf-8") as file:
            assert files.write_json_lines(({"n": n} for n in range(3)), file) == 3
            assert files.write_json_lines((), file) == 0
        assert (tmp_path / "a").read_text() == '{"n": 0}\n{"n": 1}\n{"n": 2}\n'


class TestCanonical:
    def test_the_digest_of_a_text_of_fixed_bytes(self) -> None:
        assert (
            files.digest({"b": "é", "a": [1.0, None]})
            == hashlib.sha256('{"a":[1.0,null],"b":"é"}'.encode()).hexdigest()
        )

    def test_half_of_a_surrogate_pair_escapes_the_row_whole(self) -> None:
        row = {"b": "é\ud83d", "a": 1}
        assert files.canonical(row) == b'{"a":1,"b":"\\u00e9\\ud83d"}'
        assert files.encoded(row) == '{"b": "\\u00e9\\ud83d", "a": 1}'

    @given(JSON)
    def test_what_is_encoded_says_the_same(self, row: object) -> None:
        assert json.loads(files.canonical(row)) == json.loads(files.encoded(row)) == row

    def test_the_whole_pair_is_a_letter(self) -> None:
        assert files.canonical("\U0001f600") == '"\U0001f600"'.encode()


def test_importing_it_is_cheap() -> None:
    """`fewshot --help` finds commands without it, and what imports it must stay light."""
    code = "import sys; import fewshot.files; print(*{'jsonlines', 'hashlib', 'tempfile'}.intersection(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
