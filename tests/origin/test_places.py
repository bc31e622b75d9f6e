"""Folders of files, patterns, and the splits that names tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewshot import data
from fewshot.errors import DataError, InputError
from fewshot.origin import places

WORDS = "p53\tB-GENE\nblot\tO\nhere\tO\n"


def folder(root: Path, *names: str) -> str:
    for name in names:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(WORDS)
    return str(root)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.tsv", "train"), ("TRAIN.conll", "train"), ("trainset_x.txt", "train"), ("CDR_TrainingSet.txt", "train"),
        ("dev.tsv", "validation"), ("devel.tsv", "validation"), ("my-valid.jsonl", "validation"),
        ("evaluation.json", "validation"), ("CDR_DevelopmentSet.PubTator.txt", "validation"),
        ("test.tsv", "test"), ("bc5cdr_test_1.tsv", "test"), ("NCBItestset_corpus.txt", "test"),
        ("latest.tsv", None), ("device.tsv", None), ("trainer.tsv", None), ("contest.tsv", None), ("legends.tsv", None),
    ],
)  # fmt: skip
def test_the_split_that_a_name_tells(name: str, split: str | None) -> None:
    assert places.split_of(name) == split


def test_a_folder_of_train_devel_and_test(tmp_path: Path) -> None:
    source = folder(tmp_path, "train.tsv", "devel.tsv", "test.tsv")
    (tmp_path / "README.md").write_text("About these files.")
    said: list[str] = []
    assert [(e.id, e.split) for e in data.read(source, said=said)] == [
        ("devel.tsv:1", "validation"), ("test.tsv:1", "test"), ("train.tsv:1", "train"),
    ]  # fmt: skip
    assert said == [f"{source}: 1 file of another format is left out: README.md"]


def test_files_of_the_same_name_in_folders_that_are_splits(tmp_path: Path) -> None:
    source = folder(tmp_path, "train/a.tsv", "test/a.tsv")
    assert [(e.id, e.group, e.split) for e in data.read(source)] == [
        ("test/a.tsv:1", "test/a.tsv:1", "test"), ("train/a.tsv:1", "train/a.tsv:1", "train"),
    ]  # fmt: skip


def test_a_pattern(tmp_path: Path) -> None:
    folder(tmp_path, "train_1.tsv", "train_2.tsv", "test_1.tsv")
    found = data.read(str(tmp_path / "*_1.tsv"))
    assert [(e.id, e.split) for e in found] == [("test_1.tsv:1", "test"), ("train_1.tsv:1", "train")]
    assert data.guess(str(tmp_path / "*_1.tsv")) == "conll"
    with pytest.raises(InputError, match=r"\*\.xyz: nothing in this folder is one that a reader knows"):
        data.read(str(tmp_path / "*.xyz"))


def test_a_name_that_tells_no_split_among_others(tmp_path: Path) -> None:
    source = folder(tmp_path, "train.tsv", "more.tsv")
    with pytest.raises(DataError, match=r"more\.tsv: its name tells no split, that of train\.tsv does; rename it"):
        data.read(source)


def test_one_file_is_no_split(tmp_path: Path) -> None:
    folder(tmp_path, "test.tsv")
    assert [e.split for e in data.read(str(tmp_path / "test.tsv"))] == [None]


def test_a_file_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    folder(tmp_path, "a[1].tsv")
    assert len(data.read(str(tmp_path / "a[1].tsv"))) == 1


def test_a_folder_is_what_most_of_it_is(tmp_path: Path) -> None:
    (tmp_path / "about.txt").write_text("Legends of 2026.\n")
    (tmp_path / "legends.jsonl").write_text('{"text": "(A) Blot of p53 and MDM2."}\n')
    assert data.guess(str(tmp_path)) == "jsonl"
    (tmp_path / "words.dat").write_text(WORDS)
    assert data.guess(str(tmp_path)) == "conll"
