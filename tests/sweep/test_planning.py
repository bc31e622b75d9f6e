"""How long the rest of a sweep takes, as it is estimated while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewshot.experiment.settings import Settings
from fewshot.sweep.bases import base_of
from fewshot.sweep.cells import Cell, Done
from fewshot.sweep.grid import Grid
from fewshot.sweep.planning import seconds_left

GRID = Grid(
    Settings(task="ner"),
    backends=("rules",),
    shots=(0, 1, 3),
    bases=(base_of("tiny-tagger", ["--max_steps", "10"]), base_of("tiny-bart", ["--max_steps", "30"])),
    sizes=(60,),
    seeds=1,
)
SHORT, LONG = GRID.trained
HERE = Path()


def ended(cell: Cell, seconds: float | None) -> Done:
    return Done(cell, HERE, seconds)


@pytest.mark.parametrize(
    ("done", "jobs", "left"),
    [
        ([ended(GRID.prompted[0], 4.0)], 1, None),  # no training has ended
        ([ended(SHORT, 20.0)], 1, None),  # nothing was asked
        ([ended(GRID.prompted[0], 4.0), ended(SHORT, 20.0)], 1, 60.0),  # 30 steps of 2 s, beside 2 runs of 4 s
        ([ended(GRID.prompted[0], 4.0), ended(SHORT, 20.0)], 2, 60.0),  # one training cannot be shared
        ([ended(GRID.prompted[0], 90.0), ended(SHORT, 20.0)], 1, 180.0),
        ([*(ended(cell, None) for cell in GRID.prompted), ended(LONG, 60.0)], 1, 20.0),  # complete ones took nothing
        ([ended(GRID.prompted[0], 4.0), Done(SHORT, HERE, 1.0, "failed", 2)], 1, None),
    ],
)
def test_what_is_left_is_the_longer_of_asking_and_training(done: list[Done], jobs: int, left: float | None) -> None:
    assert seconds_left(done, GRID, jobs) == left


def test_nothing_is_left_at_the_end() -> None:
    cells: list[Cell] = [*GRID.prompted, *GRID.trained]
    assert seconds_left([ended(cell, None) for cell in cells], GRID, 1) == 0
