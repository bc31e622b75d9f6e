"""What wrong gold does to scores, and to the order of systems."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fewshot import tasks
from fewshot.audit.cleaning import AS_IT_IS, CLEAN, REPAIRED, changed_ranks, clean_ids, doubtful_ids, readings, repaired
from fewshot.records import Example, Prediction
from tests.audit.legends import SIX, marked

RIGHT = [replace(marked(SIX, id=f"f{number}"), group=f"g{number}") for number in range(6)]
DIRTY = [
    replace(example, panels=tuple(panel for panel in example.panels or () if panel.labels != ("B",)))
    if number < 3 else example
    for number, example in enumerate(RIGHT)
]  # fmt: skip


def merged(example: Example) -> Example:
    """B counted to A."""
    first, second, *rest = example.panels or ()
    return replace(example, panels=(replace(first, end=second.end), *rest))


WRONG = [merged(example) if number < 3 else example for number, example in enumerate(RIGHT)]


def answers(examples: list[Example]) -> list[Prediction]:
    return [Prediction(example.id, example.panels or ()) for example in examples]


def test_clean_and_repaired() -> None:
    assert doubtful_ids(WRONG, "panelization", quick=True) == {"f0", "f1", "f2"}
    assert repaired(WRONG, "panelization") == RIGHT
    assert repaired(DIRTY, "panelization") == RIGHT


def test_copies_are_doubtful_and_not_looked_for_quickly() -> None:
    assert doubtful_ids(RIGHT, "panelization", quick=True) == frozenset()
    assert clean_ids(RIGHT, "panelization") == {"f0"}  # the others have its text


def test_the_system_that_is_right_wins_on_repaired_gold() -> None:
    systems = {"right": answers(RIGHT), "as gold": answers(WRONG)}
    found = readings(tasks.get("panelization"), WRONG, systems, labels=("panel",), score="starts.f1")
    by_name = {(reading.system, reading.gold): reading for reading in found}
    assert by_name["as gold", AS_IT_IS].rank == 1
    assert by_name["right", REPAIRED].rank == 1
    assert by_name["right", REPAIRED].value == 1.0
    assert by_name["as gold", REPAIRED].change < 0
    assert by_name["right", AS_IT_IS].n == 6
    assert by_name["right", CLEAN].n < 6
    assert changed_ranks(found)


def test_what_lies_beyond_its_interval() -> None:
    systems = {"right": answers(RIGHT)}
    found = readings(tasks.get("panelization"), WRONG, systems, labels=("panel",), score="starts.f1")
    first, *_, last = found
    assert first.change == 0.0
    assert first.beyond == 0.0
    assert last.beyond == pytest.approx(max(0.0, last.value - (first.interval.high or 1.0)))
    assert not changed_ranks(found)
