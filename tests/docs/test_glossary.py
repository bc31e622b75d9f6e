"""The glossary has an entry for whatever a table, a file of scores or a signature can say."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest

from fewshot import compare, load, run
from fewshot.records import ProblemKind
from fewshot.report import captions, columns
from fewshot.scoring.faults import KINDS
from tests.docs.recipes import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")


def entries(heading: str) -> set[str]:
    """What stands as code in the first cells of the tables below a heading."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", GLOSSARY, re.MULTILINE | re.DOTALL)
    assert section, heading
    first_cells = re.findall(r"^\| (.*?) \|", section[1], re.MULTILINE)
    return {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)}


def words(heading: str) -> str:
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", GLOSSARY, re.MULTILINE | re.DOTALL)
    assert section, heading
    return section[1]


@pytest.fixture(scope="module", params=["causal", "ner", "panelization", "roles"])
def folders(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs of a task that differ in a setting."""
    out = tmp_path_factory.mktemp(request.param)
    return [run(request.param, shots=shots, limit=12, out=out / str(shots)).folder.path for shots in (0, 3)]


def test_every_column(folders: list[Path]) -> None:
    comparison = compare(folders, gpu_hour_usd=1.0)
    known = entries("Columns of the table") | entries("The signature")
    for column in columns.columns(comparison):
        assert column.key in known or _scored(column.key), f"no entry for the column {column.key}"
        assert _scored(column.key) or f"| {column.heading} |" in words("Columns of the table") or column.key in known
    written = {name for record in columns.records(comparison) for name in record}
    told = words("Columns of the table")
    for name in written - {"signature"}:
        plain = re.sub(r"\.(low|high|sd)$", "", name)
        assert f"`{name}`" in told or plain in known or _scored(plain), f"table.csv has {name}"


def test_the_columns_that_need_a_server_or_a_training_are_there_too() -> None:
    assert set(captions.MEANINGS) <= entries("Columns of the table")


def test_every_score(folders: list[Path]) -> None:
    scores = load(folders[0]).result.scores
    assert [name for name in scores if not _scored(name)] == []


def _scored(name: str) -> bool:
    """Whether the glossary has a score: by its name, by a pattern for its last part, or for a label."""
    known = {re.escape(entry).replace(r"\*", r"\w+").replace("NAME", r".+") for entry in entries("Scores")}
    return any(re.fullmatch(entry, name) for entry in known)


def test_every_key_of_scores_and_signature(folders: list[Path]) -> None:
    found = load(folders[0]).result
    assert set(found.to_json()) == entries("Keys of `scores.json`")
    assert set(found.signature) == entries("The signature")


def test_every_problem_and_fault() -> None:
    assert set(typing.get_args(ProblemKind)) == entries("Problems of an answer")
    assert set(KINDS) == entries("Faults")


def test_the_nouns_are_in_order() -> None:
    nouns = [row.split(",")[0] for row in re.findall(r"^\| ([a-z][^|]*?) \|", words("Nouns"), re.MULTILINE)][1:]
    assert nouns == sorted(nouns)
    assert len(nouns) > 30
