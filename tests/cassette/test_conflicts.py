"""One key, two lines: the same answer twice is fine, two answers are a conflict that names both lines."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fewshot.cassette import Cassette, key
from fewshot.errors import DataError
from fewshot.records import Completion, Request

ASKED = Request("gpt3", "https://x/v1", "m", "completions", None, "Tag: p53", 9, 0.0, id="a")
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "responses.jsonl"
    with Cassette.open(path) as cassette:
        answer = Completion("p53", "stop", 3, 1, 0.5, adapted={"max_tokens": "max_completion_tokens"})
        cassette.append(ASKED, answer, ["d1"])
        cassette.append_prediction("ab" * 32, "b", {"id": "b", "entities": []})
    return path


def add(path: Path, number: int, change: Change) -> None:
    """One more line: that of this number, changed."""
    row = json.loads(path.read_text().splitlines()[number])  # the first one holds what requests share
    change(row)
    path.write_text(path.read_text() + json.dumps(row) + "\n")


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (1, lambda row: row["completion"].update(text="p21")),
        (1, lambda row: row["completion"].update(finish_reason="length")),
        (1, lambda row: row["completion"].update(prompt_tokens=4)),
        (1, lambda row: row["completion"].update(completion_tokens=None)),
        (1, lambda row: row.update(adapted={})),
        (1, lambda row: row.update(adapted={"max_tokens": "dropped"})),
        (1, lambda row: row["adapted"].update(seed="dropped")),
        (2, lambda row: row.update(prediction={"id": "b", "entities": [{"start": 0, "end": 1, "label": "X"}]})),
    ],
)
def test_another_answer_is_a_conflict(path: Path, number: int, change: Change) -> None:
    add(path, number, change)
    with pytest.raises(DataError, match=rf"jsonl:4: the same key as line {number + 1}, with another answer"):
        Cassette.open(path)


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (1, lambda row: None),
        (1, lambda row: row["completion"].update(seconds=0.7)),  # how long it took is not part of an answer
        (1, lambda row: row.update(id="twin")),  # another legend of the same words
        (2, lambda row: row.update(id="twin")),
    ],
)
def test_the_same_answer_twice_is_fine(path: Path, number: int, change: Change) -> None:
    add(path, number, change)
    with Cassette.open(path) as cassette:
        assert len(cassette) == 2
        assert cassette.ids() == ("a", "b"), "the first line counts"


def test_a_line_with_two_keys_is_refused(path: Path) -> None:
    """The first is read at its place, JSON takes the last."""
    part, line, *_ = path.read_text().splitlines()
    path.write_text(f"{part}\n" + line.removesuffix("}") + ', "key": "' + "cd" * 32 + '"}\n')
    with Cassette.open(path) as cassette, pytest.raises(DataError, match="the key does not match its request"):
        cassette.get(key(ASKED))


@pytest.mark.parametrize("temperature", [0, 1])
def test_a_temperature_is_a_number_however_it_is_written(temperature: int) -> None:
    assert key(replace(ASKED, temperature=temperature)) == key(replace(ASKED, temperature=float(temperature)))


@pytest.mark.parametrize("name", ["ab" * 31, "ab" * 33, "AB" * 32, "xy" * 32, 7])
def test_a_key_of_another_program_has_64_digits(path: Path, name: object) -> None:
    path.write_text(path.read_text() + json.dumps({"id": "c", "key": name}) + "\n")
    with pytest.raises(DataError, match=r"jsonl:4: key must be 64 hexadecimal digits"):
        Cassette.open(path)


def test_a_cassette_that_could_not_be_opened_closes_nothing_else(tmp_path: Path) -> None:
    def files() -> list[int]:
        return [os.fstat(descriptor).st_ino for descriptor in (0, 1, 2)]

    before = files()
    with pytest.raises(DataError, match="no such file"):
        Cassette.open(tmp_path / "none.jsonl", readonly=True)
    assert files() == before
