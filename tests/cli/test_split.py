"""`fewshot split`: folders that `--data` names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fewshot import cli, data
from tests.cli.conftest import Fails


@pytest.fixture(autouse=True)
def legends() -> None:
    row = {"text": "p53", "entities": [{"start": 0, "end": 3, "label": "GENE"}]}
    rows = [row | {"id": f"f{n}", "group": f"article {n // 2}", "journal": f"j{n % 4}"} for n in range(40)]
    Path("mine.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))


def test_what_is_written_is_one_source_with_splits(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["split", "mine.jsonl", "out/mine", "--fractions", "0.8", "0.1", "0.1", "--by", "group"]) == 0
    found = data.read("out/mine")
    assert sorted(path.name for path in Path("out/mine").iterdir()) == ["test.jsonl", "train.jsonl", "validation.jsonl"]
    assert {one.id for one in found} == {f"f{n}" for n in range(40)}
    places = {(one.group, one.split) for one in found}
    assert len(places) == 20
    assert [sum(one.split == name for one in found) for name in ("train", "validation", "test")] == [32, 4, 4]
    said = capsys.readouterr().out
    assert "32 (80%)" in said
    assert "articles" in said
    assert cli.main(["run", "--task", "ner", "--data", "out/mine", "--shots", "0"]) == 0
    assert "n = 4" in capsys.readouterr().out


def test_by_another_key() -> None:
    assert cli.main(["split", "mine.jsonl", "out", "--by", "journal", "--fractions", "0.5", "0.25", "0.25"]) == 0
    assert len({(one.extra["journal"], one.split) for one in data.read("out")}) == 4


def test_the_seed_decides() -> None:
    for folder, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert cli.main(["split", "mine.jsonl", folder, "--seed", seed]) == 0
    first, same, other = (Path(folder, "test.jsonl").read_text() for folder in "abc")
    assert first == same != other


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["mine.jsonl", "out", "--fractions", "0.8", "0.1", "0.2"], "fractions 0.8 0.1 0.2 do not sum to 1"),
        (["mine.jsonl", "."], ". is not empty; name a new folder"),
        (["demo", "out"], "demo has splits of its own: test, train, validation; --again makes others"),
        (["mine.jsonl", "out", "--by", "year"], "--by year: f0 has no such key; group, id, or a key of every record"),
        (["mine.jsonl", "mine.jsonl"], "mine.jsonl: File exists"),
        (["nowhere.jsonl", "out"], "nowhere.jsonl: no such file or folder"),
    ],
)
def test_what_cannot_be_split_is_one_clear_line(argv: list[str], said: str, fails: Fails) -> None:
    assert said in fails("split", *argv)
