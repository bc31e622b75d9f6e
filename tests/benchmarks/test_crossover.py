"""The simulation of crossovers in small: the truth is the truth, three seeds hold it, one seed does not."""

from __future__ import annotations

import pytest

from benchmarks.crossover import CASES, SIZES, main, simulated

CROSSES, NEVER = CASES[0], CASES[-1]


def test_the_truth_is_where_the_curve_passes_the_row() -> None:
    assert CROSSES.truth is not None
    assert CROSSES.expected(CROSSES.truth) == pytest.approx(CROSSES.rows[0])
    assert NEVER.truth is None
    assert NEVER.expected(SIZES[-1]) < NEVER.rows[0]


def test_three_seeds_hold_the_truth_and_one_is_too_narrow() -> None:
    three = simulated(CROSSES, 20, 3, 150)
    assert three.covered >= 0.92
    assert three.claimed == 1.0
    one = simulated(CASES[2], 60, 1, 150)
    assert one.covered < 0.75
    assert one.width < three.width


def test_a_curve_that_stays_below_is_never_certain_to_cross() -> None:
    found = simulated(NEVER, 12, 3, 100)
    assert found.certain <= 0.02
    assert found.claimed < 0.3


def test_a_row_for_each_case_and_number_of_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--repetitions", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 3 * (3 * (len(CASES) - 1) + 2)
    assert len({line.count("|") for line in lines}) == 1
