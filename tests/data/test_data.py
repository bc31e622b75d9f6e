"""What holds for every source: format by name, ids, splits, whole files or none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fewshot import data
from fewshot.errors import DataError, InputError
from fewshot.records import Example, Span

ONE = Example("f1", "10.1000/x", "(A) Blot of p53.", entities=(Span(12, 15, "GENEPROD"),), split="test")


@pytest.mark.parametrize(
    ("source", "format"),
    [
        ("demo", "jsonl"), ("a.jsonl", "jsonl"), ("a.JSON", "jsonl"), ("a.csv", "study_csv"), ("a.tsv", "conll"),
        ("a.conll", "conll"), ("a.iob", "conll"), ("a.xml", "sourcedata_xml"), ("a.txt", "text"),
        ("hub:EMBO/SourceData:NER", "hub"),
    ],
)  # fmt: skip
def test_the_format_is_seen_from_the_name(source: str, format: str) -> None:
    assert data.guess(source) == format


def test_a_folder_is_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "a.xml").write_text("<article/>")
    assert data.guess(str(tmp_path)) == "sourcedata_xml"


@pytest.mark.parametrize(("name", "said"), [("a.docx", ".docx"), ("a", "(none)"), (".", "folder")])
def test_an_ending_that_nobody_knows(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reader knows") as caught:
        data.guess(str(tmp_path / name))
    assert said in str(caught.value)
    assert "--from {" in str(caught.value)


def test_every_format_reads_or_writes() -> None:
    assert {"jsonl", "text", "study_csv", "conll", "sourcedata_xml", "hub"} <= set(data.names())
    for name in data.readable():
        known = type(data.reader(name)).recognises is not data.Reader.recognises  # by content
        assert known or data.reader(name).suffixes or data.reader(name).prefix.endswith(":")
    assert {*data.readable(), *data.writable()} == set(data.names())
    with pytest.raises(InputError, match="text cannot be written to; use bioc, brat, conll, doccano, jsonl"):
        data.writer("text")
    with pytest.raises(InputError, match="did you mean 'jsonl'"):
        data.reader("jsnl")


def test_the_name_of_a_source_that_is_not_a_path_tells_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    class Box(data.Reader):
        prefix = "box:"

        def read(self, source: data.Origin, task: str | None) -> list[Example]:
            return [ONE]

    ours = tuple(data._readers())
    monkeypatch.setattr(data, "_readers", lambda: iter((*ours, ("box", Box()))))
    monkeypatch.setattr(data, "reader", lambda name: dict((*ours, ("box", Box())))[name])
    assert data.guess("box:one") == "box"
    assert not data.is_path("box:one")
    assert data.is_path("c:/one.jsonl")
    assert data.read("box:one") == [ONE]


@pytest.mark.parametrize("name", ["nowhere.jsonl", "nowhere.csv", "nowhere.tsv", "nowhere.xml", "nowhere.txt"])
def test_a_missing_file(name: str) -> None:
    with pytest.raises(InputError, match=f"{name}: no such file or folder"):
        data.read(name)


@pytest.mark.parametrize("name", ["e.jsonl", "e.csv", "e.tsv", "e.txt"])
@pytest.mark.parametrize("content", ["", "\n \n\n"])
def test_an_empty_data_set(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=f"{name}: holds no examples"):
        data.read(str(tmp_path / name))


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.tsv", "a.txt"])
def test_what_is_not_utf_8_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"subset,input_text,output_text\n\n caf\xe9,x,y\n")
    with pytest.raises(DataError, match=r":3: not UTF-8 \(byte 0xe9 at position 5 of the line\)"):
        data.read(str(tmp_path / name), format={"a.jsonl": "text", "a.tsv": "text"}.get(name))


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf(A) Blot.\n")
    assert [example.text for example in data.read(str(path))] == ["(A) Blot."]


def test_some_records_with_a_split_and_some_without(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "text": "x", "split": "test"}\n{"id": "b", "text": "y"}\n')
    with pytest.raises(DataError, match=r"\(id b\): 1 of 2 records have no split"):
        data.read(str(path))


def test_the_same_records_have_the_same_digest(tmp_path: Path) -> None:
    data.write([ONE], tmp_path / "a.jsonl", "jsonl")
    assert data.digest(data.read(str(tmp_path / "a.jsonl"))) == data.digest([ONE])
    assert data.digest([ONE]) != data.digest([ONE, ONE])
    row = json.loads((tmp_path / "a.jsonl").read_text())
    (tmp_path / "b.jsonl").write_text(json.dumps(dict(reversed(row.items())), ensure_ascii=True) + "\n\n")
    assert data.digest(data.read(str(tmp_path / "b.jsonl"))) == data.digest([ONE])


@pytest.mark.parametrize("format", ["jsonl", "study_csv", "conll"])
def test_a_file_is_written_whole_or_not_at_all(format: str, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("before")

    def examples() -> list[Example]:
        raise DataError("the source broke")

    with pytest.raises(DataError):
        data.write((example for _ in range(1) for example in [ONE, *examples()]), path, format)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert data.write([ONE], path, format) == 1
    assert path.read_text() != "before"


def test_half_a_surrogate_pair_is_carried_by_json_alone(tmp_path: Path) -> None:
    """`{"text": "\\ud83d"}` is JSON, and no UTF-8."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "text": "Blot \\ud83d of p53 – µ", "entities": []}\n', "utf-8")
    (example,) = data.read(str(path))
    data.write([example], tmp_path / "b.jsonl", "jsonl")
    assert data.read(str(tmp_path / "b.jsonl")) == [example]
    for format in ("conll", "study_csv"):
        with pytest.raises(DataError, match=rf"{format} cannot carry half a surrogate pair \(\\ud83d\)"):
            data.write([example], tmp_path / "c", format)


@pytest.mark.parametrize("target", ["nowhere/out.jsonl", "file/out.jsonl", "."])
def test_where_nothing_can_be_written(target: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        data.write([ONE], tmp_path / target, "jsonl")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    """As root, replacing /dev/stdout by a file breaks the machine."""
    (tmp_path / "file").write_text("before")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    data.write([ONE], tmp_path / "link", "jsonl")
    assert (tmp_path / "link").is_symlink()
    assert data.read(str(tmp_path / "file"), format="jsonl") == [ONE]
