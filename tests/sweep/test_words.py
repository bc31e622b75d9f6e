"""What a sweep says of a crossover: every case in a sentence that claims no more than the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

import fewshot
from fewshot.report.compare import compare
from fewshot.scoring.crossover import Crossover, Gap
from fewshot.sweep import words
from fewshot.sweep.curves import Curve, Learned, Point

GAPS = (Gap(10, -0.2, -0.3, -0.1), Gap(100, 0.2, 0.1, 0.3))
OPEN = (Gap(10, -0.2, -0.3, 0.1), Gap(100, 0.1, -0.1, 0.3))
BELOW = (Gap(10, -0.2, -0.3, -0.1), Gap(100, -0.1, -0.2, -0.05))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    """A sweep of one base model that is as good as the rules: what is said is put in its place."""
    folder = tmp_path_factory.mktemp("sweep") / "rules"
    fewshot.run("panelization", backend="rules", shots=0, limit=8, out=folder)
    compared = compare([folder])
    row = compared.systems[0]
    fold = row.estimate(compared.headline)
    assert fold is not None
    level = Curve("rules-2", "rules-2", "program", [Point(0, row, fold)])
    trained = Curve("models/tiny", "tiny", "local", [Point(size, row, fold) for size in (10, 100)])
    return Learned(compared, [trained], [level], level)


def seeds(curves: Sequence[Curve], count: int) -> list[Curve]:
    """The curves as if they were means over so many seeds."""
    return [
        replace(one, points=[replace(point, fold=replace(point.fold, seeds=count)) for point in one.points])
        for one in curves
    ]


def said(base: Learned, found: Crossover, count: int = 3) -> str:
    one = Learned(base.comparison, seeds(base.trained, count), base.shown, base.level)
    one.__dict__["crossovers"] = {"models/tiny": found}  # a cached property: what is computed from counts elsewhere
    (sentence,) = words.sentences(one)
    return sentence


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (Crossover(131.7, 60.2, 420.4, False, GAPS), "From about 130 labelled figure legends on (95%: 60 to 420) tiny"),
        (
            Crossover(31.0, None, 90.0, False, GAPS),
            "(95%: less than the smallest size tried to 90) tiny beats the best",
        ),
        (Crossover(31.0, 20.0, 50.0, False, GAPS, seeds=[25.0, None]), "(95%: 20 to 50; by seed 25, none)"),
        (
            Crossover(31.0, None, None, False, OPEN),
            "Whether tiny beats the best program, rules-2 with 1.000, cannot be told within the sizes tried "
            "(10 to 100): the best estimate is about 31.",
        ),
        (
            Crossover(31.0, None, None, False, GAPS, why="2 articles"),
            "with 1.000 from about 31 labelled on within the sizes tried (10 to 100; no interval: 2 articles).",
        ),
        (Crossover(None, None, None, False, BELOW), "tiny does not beat the best program, rules-2 with"),
        (Crossover(None, 50.0, None, False, OPEN), "the best estimate is no crossover, not before 50 (95%)."),
        (Crossover(10, None, 10, True, GAPS), "at the smallest size tried already: 10 labelled."),
        (Crossover(10, None, 40.0, True, GAPS), "10 labelled (95%: from 40 on)."),
        (Crossover(10, None, None, True, OPEN), "cannot be told within the sizes tried (10 to 100): the best estimate"),
    ],
)
def test_each_case_has_its_sentence(base: Learned, found: Crossover, sentence: str) -> None:
    assert sentence in said(base, found)


def test_a_program_that_is_better_than_what_was_prompted_has_to_be_passed_too(base: Learned) -> None:
    program = replace(base.shown[0], name="rules", title="the rules")
    prompted = replace(base.shown[0], kind="prompted", title="model (3 shots)")
    one = Learned(base.comparison, base.trained, [prompted, program], prompted, program)
    one.__dict__["crossovers"] = {"models/tiny": Crossover(31.0, 20.0, 50.0, False, GAPS)}
    one.__dict__["past_the_program"] = {"models/tiny": Crossover(None, 50.0, None, False, BELOW)}
    first, second = words.sentences(one)
    assert "beats the best few-shot row, model (3 shots) with" in first
    assert second.startswith("tiny does not beat the best program, the rules with")


@pytest.mark.parametrize(
    "found",
    [
        Crossover(31.0, 20.0, 50.0, False, GAPS),
        Crossover(10, None, 10, True, GAPS),
        Crossover(10, None, 40.0, True, GAPS),
        Crossover(None, None, None, False, BELOW),
        Crossover(None, None, None, False, OPEN),
    ],
)
def test_one_seed_is_said_to_be_too_few(base: Learned, found: Crossover) -> None:
    assert "one seed: the interval is too narrow" in said(base, found, count=1)
    assert "one seed" not in said(base, found)
    (note,) = [note for note in words.notes(base) if note.startswith("One seed")]
    assert "another draw" in note


def test_what_a_row_had_at_its_disposal_is_said(base: Learned) -> None:
    level = replace(base.shown[0], points=[replace(base.shown[0].points[0], size=4560)])
    one = Learned(base.comparison, base.trained, [level], level)
    one.__dict__["crossovers"] = {"models/tiny": Crossover(131.7, 60.2, 420.4, False, GAPS)}
    assert "rules-2, which had 4,560 labelled at its disposal, with 1.000" in words.sentences(one)[0]


def test_cells_that_are_missing_come_first(base: Learned) -> None:
    one = replace(base, missing=2, cells=1)
    assert words.sentences(one)[0] == "Incomplete: 2 of 3 cells are missing, and what follows may change with them."
    assert words.sentences(base)[0].startswith("tiny does not beat")


def test_a_curve_that_equals_its_level_does_not_beat_it(base: Learned) -> None:
    equal = said(replace(base), base.crossovers["models/tiny"])
    assert equal.startswith("tiny does not beat")
    assert equal.endswith("within the sizes tried (10 to 100).")


def test_without_a_level_nothing_is_claimed(base: Learned) -> None:
    assert "Nothing was prompted" in words.sentences(Learned(base.comparison, base.trained, [], None))[0]
    assert words.sentences(Learned(base.comparison, [], base.shown, base.level)) == []


def test_the_table_has_a_row_a_size_in_their_order(base: Learned) -> None:
    rows = [[cell.text for cell in row] for row in words.table(base).rows]
    assert [row[:2] for row in rows] == [["rules-2", "0"], ["tiny", "10"], ["tiny", "100"]]
    assert [row[4] for row in rows] == ["", ".000 [.000, .000]", ".000 [.000, .000]"]
