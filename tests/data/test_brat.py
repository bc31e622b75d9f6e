"""brat: folders of texts and annotations."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewshot import data
from fewshot.errors import DataError, InputError
from fewshot.records import Example, Span


def folder(root: Path, **files: str) -> str:
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_ann", ".ann").replace("_txt", ".txt")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, "utf-8")
    return str(root)


def test_a_corpus_in_folders_that_are_splits(tmp_path: Path) -> None:
    source = folder(
        tmp_path,
        train__a_txt="DCTN4 and breast\nor ovarian cancer",
        train__a_ann="T1\tGene 0 5\tDCTN4\nT2\tDisease 10 16;28 34\tbreast cancer\n\nR1\tx Arg1:T1 Arg2:T2\n",
        test__b_txt="Unlabelled.",
        test__c_txt="Nothing.",
        test__c_ann="",
    )
    said: list[str] = []
    assert data.guess(source) == "brat"
    assert data.read(source, said=said) == [
        Example("b", "b", "Unlabelled.", split="test"),
        Example("c", "c", "Nothing.", entities=(), split="test"),
        Example(
            "a", "a", "DCTN4 and breast\nor ovarian cancer", split="train",
            entities=(Span(0, 5, "Gene"), Span(10, 16, "Disease"), Span(28, 34, "Disease")),
        ),
    ]  # fmt: skip
    assert said == [
        f"{source}: entities of several pieces, read as one entity a piece: 1 (the first: 'breast cancer')",
        f"{source}: annotations that are no entities and are not read: 1 (the first: 'R1\\tx Arg1:T1 Arg2:T2')",
    ]


def test_one_file_of_a_pair(tmp_path: Path) -> None:
    folder(tmp_path, a_txt="p53", a_ann="T1\tGene 0 3\tp53\n")
    assert [one.entities for one in data.read(str(tmp_path / "a.ann"))] == [(Span(0, 3, "Gene"),)]


def test_splits_and_ids_come_back(tmp_path: Path) -> None:
    every = [Example("10.1/x fig 1", "10.1/x fig 1", "p53\r\n", entities=(Span(0, 3, "Gene"),), split="train"),
             Example(".hidden", ".hidden", "p21", entities=(), split="test")]  # fmt: skip
    assert data.write(every, tmp_path / "out", "brat") == 2
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.ann")) == [
        "out/test/%2Ehidden.ann", "out/train/10.1%2Fx%20fig%201.ann",
    ]  # fmt: skip
    assert sorted(data.read(str(tmp_path / "out")), key=lambda one: one.text) == every[::-1]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    good, bad = Example("a", "a", "p53", entities=()), Example("b", "b", "p53", entities=(Span(0, 3, "a label"),))
    with pytest.raises(DataError, match=r"id b: brat cannot hold the label 'a label': white space"):
        data.write([good, bad], tmp_path / "out", "brat")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        data.write([good], tmp_path / "full", "brat")
    assert (tmp_path / "full" / "mine").read_text() == "x"
    with pytest.raises(DataError, match="the id is no name of a file"):
        data.write([Example("x" * 300, "x", "p53")], tmp_path / "out", "brat")


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ("T1\tGene 0 9\tp53\n", r"a\.ann:1 \(id a\): T1 is out of range: 0–9 of a text of 3 characters"),
        ("T1\tGene 0 3\tp21\n", r"a\.ann:1 \(id a\): T1: 0–3 is 'p53' and its text says 'p21'; correct the offsets"),
        ("T1\tGene 0 2\tp53\n", r"a\.ann:1 \(id a\): T1: 0–2 is 'p5' .* --offsets inclusive reads them so"),
        ("\nT1 Gene 0 3 p53\n", r"a\.ann:2 \(id a\): 'T1 Gene 0 3 p53' is no entity; T1, label with start and end"),
        ("T1\tGene 0\tp53\n", r"a\.ann:1 \(id a\): .* is no entity"),
    ],
)
def test_what_cannot_be_read_is_named(marks: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        data.read(folder(tmp_path, a_txt="p53", a_ann=marks))


def test_annotations_without_a_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"b\.ann: there is no b\.txt beside it"):
        data.read(folder(tmp_path, a_txt="p53", b_ann=""))
