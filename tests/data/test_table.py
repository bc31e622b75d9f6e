"""Spreadsheets: whatever parts the columns, whatever they are called."""

from __future__ import annotations

import gc
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewshot import data
from fewshot.errors import DataError, InputError, MissingExtraError
from fewshot.records import Example, Hypothesis, Member, Span

SHEET = """DOI,Figure,Caption,Curator
10.1/x,1,"(A) Blot; n = 3.
(B) Same, fixed.",Anna
10.1/x,2,(A) FACS.,Bo
10.1/y,1,Cells.,
,,,
10.1/y,3,,Bo
"""
FULL = Example(
    "f1", "10.1/x", "(A) p53 =blot.",
    panels=(Span(0, 14, "panel", labels=("A",)),), inline_labels=("B",),
    entities=(Span(4, 7, "GENE", role=""),), hypothesis=Hypothesis(assays=(Member("EXP_ASSAY", "blot"),)), split="test",
)  # fmt: skip


def read(path: Path, content: str, **options: str) -> tuple[list[Example], list[str]]:
    path.write_text(content, "utf-8")
    said: list[str] = []
    return data.read(str(path), options=options, said=said), said


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.tsv", "\t"), ("a.txt", "\t")])
def test_a_spreadsheet_of_a_curator(name: str, delimiter: str, tmp_path: Path) -> None:
    content = SHEET.replace('"(A) Blot; n = 3.\n(B) Same, fixed."', "@").replace(",", delimiter)
    path = tmp_path / name
    found, said = read(path, content.replace("@", '"(A) Blot; n = 3.\n(B) Same, fixed."'))
    assert [(e.id, e.group, e.text, dict(e.extra)) for e in found] == [
        ("10.1/x/1", "10.1/x", "(A) Blot; n = 3.\n(B) Same, fixed.", {"Curator": "Anna"}),
        ("10.1/x/2", "10.1/x", "(A) FACS.", {"Curator": "Bo"}),
        ("10.1/y/1", "10.1/y", "Cells.", {}),
    ]
    assert said == [
        f"{path}: text is the column Caption, id Figure, group DOI",
        f"{path}: ids repeat and are joined with DOI",
        f"{path}: 1 row without a text is left out, the first is line 7",
    ]
    assert all(e.entities is None and e.split is None for e in found)


def test_columns_that_the_user_names(tmp_path: Path) -> None:
    content = "n,what,journal,part\n1,p53 blot.,EMBO J,train\n2,FACS.,EMBO R,test\n"
    found, _ = read(
        tmp_path / "a.csv", content, text_column="What", id_column="n", group_column="journal", split_column="part"
    )
    assert [(e.id, e.group, e.text, e.split) for e in found] == [
        ("1", "EMBO J", "p53 blot.", "train"), ("2", "EMBO R", "FACS.", "test"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("n,what\n1,p53\n", {}, r"a\.csv:1: no column looks like text \(columns: n, what\); name one: --text-column"),
        ("n,what\n1,p53\n", {"text_column": "wat"}, r"a\.csv:1: --text-column 'wat': no such column; columns: n, what"),
        ("id,text\n1,p53,x\n", {}, r"a\.csv:2: 3 cells where the header has 2; quote cells that hold a delimiter"),
        ("text,text\na,b\n", {}, r"a\.csv:1: two columns are named 'text'"),
        ('id,text\n1,"p53\n', {}, r"a\.csv:\d: not CSV: unexpected end of data; quote cells"),
        ("id,text,entities\n1,p53,none\n", {}, r"a\.csv:2 \(id 1\): the cell under entities is not JSON: 'none'"),
        ("id,text,entities\n1,p53,[{}]\n", {}, r"a\.csv:2 \(id 1\): entities\[0\]\.start must be a whole number"),
        ("id,text\n1,p53\n", {"sheet": "x"}, r"a\.csv has no sheets: it is CSV; leave out --sheet"),
    ],
)
def test_what_cannot_be_read_is_named(content: str, options: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path / "a.csv", content, **options)


def test_ids_that_repeat_within_an_article_are_numbered(tmp_path: Path) -> None:
    found, said = read(tmp_path / "a.csv", "id,text\nA,one\nA,two\n,three\nB,four\nA,five\n")
    assert [e.id for e in found] == ["A", "A#2", "a.csv:4", "B", "A#3"]
    assert said[-1].endswith("1 ids occur more than once and were numbered (#2, …)")


def test_the_study_keeps_its_reader(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("subset,input_text,output_text\ntest,p53,<GENE>p53</GENE>\n")
    assert data.guess(str(tmp_path / "a.csv")) == "study_csv"
    (tmp_path / "b.csv").write_text("id,caption\n1,p53\n")
    assert data.guess(str(tmp_path / "b.csv")) == "table"


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.xlsx", "a.parquet"])
def test_all_that_is_known_comes_back(name: str, tmp_path: Path) -> None:
    plain = Example("f2", "10.1/x", "Cells – µ 😀.\n(B) “x”", entities=(), split="train")
    assert data.write([FULL, plain], tmp_path / name, "table") == 2
    said: list[str] = []
    assert data.read(str(tmp_path / name), said=said) == [FULL, plain]
    assert said == []
    assert data.writer_for(tmp_path / name) == (
        "study_csv" if name == "a.csv" else "conll" if name == "a.tsv" else "table"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"])).filter(str.strip))
def test_every_text_comes_back_from_csv(text: str, tmp_path: Path) -> None:
    one = Example("f1", "f1", text)
    data.write([one], tmp_path / "a.csv", "table")
    assert data.read(str(tmp_path / "a.csv"), format="table") == [one]


def test_a_file_that_is_not_read_to_its_end_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    gc.disable()  # else it may come just in time
    try:
        with pytest.raises(DataError, match="not CSV"):
            read(path, 'id,caption\na,"(A) Blot" of p53.\n' + "b,Cells.\n" * 9)
        files = [one for one in gc.get_objects() if type(one) is io.BufferedReader]  # isinstance wakes lazy modules
        assert all(file.closed for file in files if file.name == str(path))
    finally:
        gc.enable()


def test_cells_of_excel(tmp_path: Path) -> None:
    import datetime

    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "legends"
    for row in (["Legend", "pmid", "n", "date"], ["p53.", 123, 4.0, datetime.datetime(2026, 11, 26)], [None] * 4):
        book.active.append(row)
    book.create_sheet("notes").append(["x"])
    book.save(tmp_path / "a.xlsx")
    said: list[str] = []
    (one,) = data.read(str(tmp_path / "a.xlsx"), said=said)
    assert (one.id, one.group, one.extra) == ("a.xlsx:2", "123", {"n": "4", "date": "2026-11-26"})
    assert said[0].endswith("the sheet legends of 2 is read (--sheet NAME reads another)")
    with pytest.raises(InputError, match=r"has no sheet 'x' \(it has legends, notes\)"):
        data.read(str(tmp_path / "a.xlsx"), options={"sheet": "x"})
    with pytest.raises(DataError, match=r"a\.xlsx:1: no column looks like text \(columns: x\)"):
        data.read(str(tmp_path / "a.xlsx"), options={"sheet": "notes"})


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet"])
def test_a_broken_spreadsheet_is_one_line(name: str, tmp_path: Path) -> None:
    data.write([FULL], tmp_path / name, "table")
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-60])
    with pytest.raises(DataError, match=rf"{name}: not sound (XLSX|Parquet) \(.+\); save it again, or as CSV"):
        data.read(str(tmp_path / name))


def test_what_xlsx_cannot_hold(tmp_path: Path) -> None:
    for text, said in (("a\x07b", "a control character"), ("x" * 40_000, "more than 32,767 characters")):
        with pytest.raises(DataError, match=f"id f: XLSX cannot hold this text: it h.* {said}; write .csv or .jsonl"):
            data.write([Example("f", "f", text)], tmp_path / "a.xlsx", "table")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet"])
def test_the_extra_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data.write([FULL], tmp_path / name, "table")
    import importlib

    usual = importlib.import_module

    def missing(module: str, *rest: Any) -> Any:
        if module.startswith(("openpyxl", "pyarrow")):
            raise ImportError(module)
        return usual(module, *rest)

    monkeypatch.setattr(importlib, "import_module", missing)
    extra = Path(name).suffix[1:]
    with pytest.raises(MissingExtraError, match=rf"pip install 'fewshot\[{extra}\]'"):
        data.read(str(tmp_path / name))
