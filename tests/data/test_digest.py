"""What makes two data sets the same, and what a reader will not take."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from fewshot import data
from fewshot.errors import DataError
from fewshot.records import PANEL, Example, Hypothesis, Member, Span

WHOLE = Example(
    "a", "g", "(A) Blot of p53.", (Span(0, 16, PANEL, ("A",)),), ("C",), (Span(12, 15, "G", role="M"),),
    Hypothesis((Member("G", "p53"),)), "test", {"x": 1, "y": 2},
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"id": "b"}, {"group": "h"}, {"text": "(A) Blot of p54."}, {"panels": None}, {"panels": ()},
        {"panels": (Span(0, 16, PANEL, ("B",)),)}, {"panels": (Span(0, 15, PANEL, ("A",)),)}, {"inline_labels": None},
        {"inline_labels": ("D",)}, {"entities": ()}, {"entities": (Span(12, 15, "G"),)},
        {"entities": (Span(12, 15, "H", role="M"),)}, {"entities": (Span(12, 15, "G", role=""),)},
        {"hypothesis": Hypothesis()}, {"hypothesis": Hypothesis((), (Member("G", "p53"),))}, {"split": "train"},
        {"split": None}, {"extra": {"x": 1}}, {"extra": {"x": 1, "y": 3}},
    ],
)  # fmt: skip
def test_whatever_differs_is_another_digest(change: dict[str, object]) -> None:
    assert data.digest([WHOLE]) != data.digest([replace(WHOLE, **change)])  # type: ignore[arg-type]


def test_the_order_of_records_counts_and_that_of_keys_does_not() -> None:
    other = replace(WHOLE, id="b")
    assert data.digest([WHOLE, other]) != data.digest([other, WHOLE])
    assert data.digest([WHOLE]) == data.digest([replace(WHOLE, extra={"y": 2, "x": 1})])


def write(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_a_split_for_all_or_for_none(tmp_path: Path) -> None:
    one: dict[str, object] = {"id": "a", "text": "x"}
    assert len(data.read(write(tmp_path / "d.jsonl", [one, one | {"id": "b"}]))) == 2
    assert len(data.read(write(tmp_path / "d.jsonl", [one | {"split": "test"}, one | {"id": "b", "split": "x"}]))) == 2
    with pytest.raises(DataError, match=r"1 of 3 records have no split.*|.*\(id b\)"):
        data.read(
            write(tmp_path / "d.jsonl", [one | {"split": "x"}, one | {"id": "b"}, one | {"id": "c", "split": "x"}])
        )


@pytest.mark.parametrize(("copied", "taken"), [(6, True), (5, False)])
def test_a_target_of_which_six_tenths_are_the_source_is_a_copy(copied: int, taken: bool, tmp_path: Path) -> None:
    words = [f"word{n}" for n in range(10)]
    said = [*words[:copied], *(f"{n}{n}{n}{n}{n}" for n in range(copied, 10))]
    said[0] = f"<GENEPROD> {said[0]} </GENEPROD>"
    with (tmp_path / "d.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("subset", "input_text", "output_text"), ("test", " ".join(words), " ".join([*said, "[END]"]))]
        )
    if taken:
        (example,) = data.read(str(tmp_path / "d.csv"))
        assert example.entities == (Span(0, 5, "GENEPROD"),)
        return
    with pytest.raises(DataError, match=r"output_text is not a copy of input_text"):
        data.read(str(tmp_path / "d.csv"))


def test_documents_of_conll_are_parted_where_the_group_changes(tmp_path: Path) -> None:
    examples = [
        Example(id, group, "p53", entities=(Span(0, 3, "G"),))
        for id, group in (("a", "one"), ("b", "one"), ("c", "two"), ("d", "d"))
    ]
    path = tmp_path / "d.tsv"
    assert data.write(examples, path, "conll") == 4
    assert path.read_text() == (
        "-DOCSTART-\tO\n\np53\tB-G\n\np53\tB-G\n\n-DOCSTART-\tO\n\np53\tB-G\n\np53\tB-G\n\n"
    )  # fmt: skip
