"""The vectorised formulas give what `Task.scores` gives, for every score of every task, on any counts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewshot import tasks
from fewshot.metrics import Tally, add
from fewshot.metrics.formulas import Formula, evaluated, prf
from fewshot.scoring.tallies import Tallies

LABELS = ("GENEPROD", "DISEASE", "b.c", "é", "10", "A", "Z", "q", "r", "s")
RECORDED = sorted(Path(tasks.__file__).parent.parent.joinpath("corpus", "recorded").iterdir())


def measures(task: tasks.Task) -> list[str]:
    named = dict.fromkeys(m for formula in task.formulas(LABELS).values() for m in formula.measures)
    return [*named, "label/OTHER"]


@st.composite
def articles(draw: st.DrawFn) -> tuple[str, list[Tally]]:
    """A task and the counts of a few articles: hits never exceed gold and predicted, and many are 0."""
    name = draw(st.sampled_from(tasks.names()))
    numbers = st.integers(0, 4)

    def counts() -> tuple[int, int, int]:
        hits, more, missed = draw(numbers), draw(numbers), draw(numbers)
        return hits, hits + more, hits + missed

    rows: list[Tally] = [{m: counts() for m in measures(tasks.get(name))} for _ in range(draw(st.integers(1, 3)))]
    return name, rows


@settings(max_examples=60, deadline=None)
@given(articles())
def test_arrays_of_totals_give_the_scores_of_the_task(drawn: tuple[str, list[Tally]]) -> None:
    name, rows = drawn
    task, kept = tasks.get(name), measures(tasks.get(name))
    tallies = Tallies(
        name, LABELS, tuple(map(str, range(len(rows)))), tuple(kept), tuple(tuple(r[m] for m in kept) for r in rows),
        grouped=True,
    )  # fmt: skip
    scores = task.scores(rows, LABELS)
    assert tallies.scores() == scores
    assert scores
    for score, value in scores.items():
        formula = tallies.formula(score)
        counts = tallies.of(formula)
        assert formula.over(counts.sum(0)) == pytest.approx(value, abs=1e-12), score
        each = [task.scores([row], LABELS)[score] for row in rows]
        assert formula.over(counts) == pytest.approx(each, abs=1e-12), score


@pytest.mark.parametrize("folder", RECORDED, ids=lambda path: path.name)
def test_recorded_scores_are_those_of_the_formulas_to_the_last_digit(folder: Path) -> None:
    from fewshot.experiment.folder import RunFolder
    from fewshot.experiment.tallying import tallies_of

    run = RunFolder(folder)
    tallies = tallies_of(run, run.scores())
    assert tallies is not None
    recorded = json.loads((folder / "scores.json").read_text("utf-8"))["scores"]
    assert json.dumps(tallies.scores()) == json.dumps(recorded), "names, order and digits"


def test_the_units_of_a_score() -> None:
    counts = np.array([[[3, 5, 4], [1, 1, 2]]])
    assert Formula("f1", ("a", "b"), "mean").units(counts).tolist() == [[9.0, 3.0]]
    assert prf("x", "a")["x.precision"].units(counts[:, :1]).tolist() == [[5.0]]
    assert prf("x", "a")["x.recall"].units(counts[:, :1]).tolist() == [[4.0]]
    relaxed = np.array([[[3, 0, 4], [2, 5, 0]]])
    assert Formula("f1", ("gold", "predicted"), "sides").units(relaxed).tolist() == [[9.0]]


def test_a_count_is_a_count() -> None:
    support = Formula("gold", ("a",))
    assert support.is_count
    assert support.of({"a": (1, 2, 3)}) == 3.0
    assert support.over(np.array([[[1, 2, 3]], [[0, 0, 5]]])).tolist() == [3.0, 5.0]
    assert evaluated({"n": support}, add([])) == {"n": 0.0}
