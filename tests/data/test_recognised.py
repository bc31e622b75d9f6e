"""Sources are recognised by their content first; options go where they are declared; what is not read is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fewshot import data
from fewshot.errors import DataError, InputError
from fewshot.records import Example, Span


def write(path: Path, *rows: object) -> str:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["a.txt", "a.dat", "a"])
@pytest.mark.parametrize("tag", ["B-GENE", "S-GENE", "I-GENE"])
def test_conll_of_any_name(name: str, tag: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(f"p53\t{tag}\nis\tO\nhere\tO\n\nYes\tO\n")
    assert data.guess(str(tmp_path / name)) == "conll"
    assert [e.text for e in data.read(str(tmp_path / name))] == ["p53 is here", "Yes"]


@pytest.mark.parametrize("content", ["Vitamin B-12\n", "(A) Blood group O\n", "one\ntwo O\nthree four\n", "a\n\nO\n"])
def test_legends_stay_legends(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(content)
    assert data.guess(str(tmp_path / "a.txt")) == "text"


def test_our_records_are_recognised_by_their_gold(tmp_path: Path) -> None:
    row = {"id": "a", "text": "p53", "entities": [{"start": 0, "end": 3, "label": "GENE"}]}
    assert data.guess(write(tmp_path / "a.dat", row)) == "jsonl"
    assert data.guess(write(tmp_path / "a.json", {"id": "a", "text": "p53", "entities": []})) == "jsonl"


def test_numeric_and_missing_ids(tmp_path: Path) -> None:
    rows = [{"id": 7, "text": "one", "group": 12}, {"text": "two"}, {"id": "x", "text": "three"}]
    found = data.read(write(tmp_path / "a.jsonl", *rows))
    assert [(e.id, e.group) for e in found] == [("7", "12"), ("a.jsonl:2", "a.jsonl:2"), ("x", "x")]


def test_another_key_for_the_text_is_read_and_said(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", {"pmid": 5, "figure": "2", "caption": "p53.", "n": 1})
    said: list[str] = []
    (one,) = data.read(source, said=said)
    assert (one.id, one.group, one.text, one.extra) == ("2", "5", "p53.", {"n": 1})
    assert said == [f"{source}: text is the column caption, id figure, group pmid"]
    with pytest.raises(DataError, match=r"a\.jsonl:1: --text-column 'x': no such column; columns: pmid, figure"):
        data.read(source, options={"text_column": "x"})


def test_keys_that_look_like_text_or_gold_are_named(tmp_path: Path) -> None:
    said: list[str] = []
    source = write(tmp_path / "a.jsonl", {"text": "p53", "caption": "p21", "mentions": ["p53"], "label": "GENE"})
    data.read(source, said=said)
    assert said == [
        f"{source}: 'label' is not read: gold is in entities, as start, end and label",
        f"{source}: 'mentions' is not read: gold is in entities, as start, end and label",
        f"{source}: of text and caption, text is read (--text-column caption reads the other)",
    ]


@pytest.mark.parametrize(
    ("start", "end", "unit"), [(3, 6, "utf16"), (5, 8, "bytes"), (2, 4, "inclusive"), (2, 5, "characters")]
)
def test_gold_that_carries_its_text_is_checked(start: int, end: int, unit: str, tmp_path: Path) -> None:
    row = {"id": "a", "text": "😀 p53", "entities": [{"start": start, "end": end, "label": "GENE", "text": "p53"}]}
    source = write(tmp_path / "a.jsonl", row)
    assert data.read(source, options={"offsets": unit})[0].entities == (Span(2, 5, "GENE"),)
    if unit != "characters":
        with pytest.raises(DataError, match=rf"a\.jsonl:1 \(id a\): entities\[0\].*--offsets {unit} reads them so"):
            data.read(source)


def test_gold_that_is_something_else(tmp_path: Path) -> None:
    row = {"id": "a", "text": "p53 p21", "entities": [{"start": 0, "end": 3, "label": "GENE", "text": "p21"}]}
    with pytest.raises(DataError, match=r"entities\[0\]: 0–3 is 'p53' and its text says 'p21'; correct the offsets"):
        data.read(write(tmp_path / "a.jsonl", row))
    with pytest.raises(InputError, match="--offsets must be one of characters, utf16, bytes, inclusive, not 'x'"):
        data.read(write(tmp_path / "a.jsonl", row), options={"offsets": "x"})


def test_an_option_goes_with_formats_that_have_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("p53\n")
    with pytest.raises(
        InputError, match=r"--text-column goes with jsonl, labelstudio, table; .*a\.txt is read as text"
    ):
        data.read(str(tmp_path / "a.txt"), options={"text_column": "x"})
    with pytest.raises(InputError, match=r"unknown option of a data format 'text_colum'.*did you mean 'text_column'"):
        data.read(str(tmp_path / "a.txt"), options={"text_colum": "x"})
    assert data.options_for(str(tmp_path / "a.txt"), {"text_column": "x", "from": "jsonl"}) == {}
    assert data.read(str(tmp_path / "a.txt"), options={"from": "text"})[0].text == "p53"


def test_every_option_is_a_flag_of_its_own() -> None:
    for option in data.options().values():
        assert option.flag == f"--{option.name.replace('_', '-')}"
        assert option.help
        assert option.metavar.isupper() or "," in option.metavar


def test_a_stream_is_read_as_far_as_it_is_asked_for(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", {"id": "a", "text": "p53"}, {"id": "a", "text": "p21"})
    examples: Iterator[Example] = data.stream(source)
    assert next(examples).text == "p53"
    with pytest.raises(DataError, match=r"a\.jsonl:2 \(id a\): duplicate id \(first on line 1\)"):
        next(examples)
