"""No article is trained on and predicted, and every example is predicted once."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.articles_in_turn import Row, scored, write_folds
from fewshot import data, tasks
from fewshot.records import PANEL, Example, Prediction, Span

pytestmark = pytest.mark.local
TASK = tasks.get("panelization")


def example(article: str, number: int) -> Example:
    panels = (Span(0, 9, PANEL, labels=("A",)), Span(10, 19, PANEL, labels=("B",)))
    return Example(f"{article}/{number}", article, "(A) Blot. (B) Stain", panels=panels)


def test_each_article_is_held_out_once(tmp_path: Path) -> None:
    examples = [example(article, number) for article in ("x", "y", "z") for number in range(2)]
    folds = write_folds(examples, tmp_path)
    seen = []
    for article, fold in folds.items():
        held_out = data.read(str(fold / "held_out.jsonl"), TASK.name)
        others = data.read(str(fold / "others.jsonl"), TASK.name)
        assert {e.group for e in held_out} == {article}
        assert article not in {e.group for e in others}
        assert len(held_out) + len(others) == len(examples)
        seen += [e.id for e in held_out]
    assert sorted(seen) == sorted(e.id for e in examples)


def test_the_score_of_all_and_of_each_article() -> None:
    examples = [example("x", 1), example("y", 1)]
    right = Prediction(id="x/1", value=examples[0].panels or ())
    nothing = Prediction(id="y/1", value=())
    assert scored(TASK, examples, Row("half", [right, nothing])) == [pytest.approx(2 / 3), 1.0, 0.0]
