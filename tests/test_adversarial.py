"""Nothing that repeats a sign takes more than linear time, in any format, task, data reader or rule.

The bounded part of `benchmarks/adversarial.py`, which sends 100 kB. Here a text of 4,000 characters that takes more
than a few milliseconds is sent at four times the size as well: linear time takes 4 times as long, quadratic time 16
times. Times are CPU seconds, the best of several, so that a busy machine is no failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import process_time

import pytest

from benchmarks.doors import Door, answer_doors, data_doors, legend_doors
from benchmarks.hostile import HOLE, PAYLOADS, repeated
from fewshot import data
from fewshot.errors import FewshotError

SIZE = 4_000
TIMES = 4
QUICK = 0.003
"""CPU seconds. What takes less for 4,000 characters takes less than 1.9 s for 100,000, if it grows as their square."""

MOST_GROWTH = 9.0
"""How much more time four times the size may take: between 4 (linear) and 16 (quadratic)."""

TRIES = 5
ANSWERS, LEGENDS = list(answer_doors()), list(legend_doors())


def seconds(door: Door, text: str) -> float:
    """CPU seconds that a text takes; what is wrong with the result is a failure."""
    began = process_time()
    with suppress(FewshotError):
        assert door.send(text) == []
    return process_time() - began


def growth(door: Door, around: str, piece: str) -> float:
    """How much more time four times the size takes; 1.0 where the text is quick, or a try says that it is little."""
    texts = [around.replace(HOLE, repeated(piece, size)) for size in (SIZE, TIMES * SIZE)]
    small = seconds(door, texts[0])
    large = float("inf")
    for _ in range(TRIES):
        if small < QUICK or large < MOST_GROWTH * small:
            return 1.0
        large = min(large, seconds(door, texts[1]))
        if large >= MOST_GROWTH * small:
            small = min(small, seconds(door, texts[0]))
    return large / small


def slow(door: Door) -> Sequence[str]:
    """The payloads that grow too fast. Each stands in one of the places of its door, in turn."""
    shapes = list(door.shapes.items())
    found = []
    for number, (name, piece) in enumerate(PAYLOADS.items()):
        shape, around = shapes[number % len(shapes)]
        if growth(door, around, piece) >= MOST_GROWTH:
            found.append(f"{name!r} {shape}")
    return found


@pytest.mark.parametrize("door", ANSWERS, ids=[door.name for door in ANSWERS])
def test_answers(door: Door) -> None:
    assert slow(door) == []


@pytest.mark.parametrize("door", LEGENDS, ids=[door.name for door in LEGENDS])
def test_legends(door: Door) -> None:
    assert slow(door) == []


@pytest.mark.parametrize("name", data.readable())
def test_files(name: str, tmp_path: Path) -> None:
    (door,) = (door for door in data_doors(tmp_path) if door.name == f"data {name}")
    assert slow(door) == []


def test_quadratic_time_is_seen() -> None:
    def compare_all(text: str) -> list[str]:
        return ["y"] if any(text.count("xxy", at) for at in range(len(text))) else []

    def read_once(text: str) -> list[str]:
        return ["y"] if any(letter == "y" for letter in text * 50) else []

    quadratic = Door("all against all", compare_all, {"alone": HOLE})
    linear = Door("once", read_once, {"alone": HOLE})
    assert growth(quadratic, HOLE, "xx ") >= MOST_GROWTH
    assert growth(linear, HOLE, "xx ") == 1.0


def test_every_format_task_and_reader_is_covered(tmp_path: Path) -> None:
    names = {door.name for door in (*ANSWERS, *LEGENDS, *data_doors(tmp_path))}
    assert {"answer copy_tag/ner", "answer list/panelization", "answer json/causal", "answer sentence/causal",
            "answer list/roles", "answer json/ner/once", "legend rules/panelization", "data conll", "data hub",
            "data study_csv", "data sourcedata_xml", "data jsonl", "data text"} <= names  # fmt: skip
