"""The bundled corpus: what it promises, and that it is what its generator makes."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from fewshot import data, discovery, tasks
from fewshot.demo.synthesis import bundled, generate
from fewshot.demo.synthesis.lexicon import load
from fewshot.records import Example
from fewshot.schema import example_to_json

EXAMPLES = data.read("demo")


def figures(split: str) -> list[Example]:
    return [example for example in EXAMPLES if example.split == split and example.panels is not None]


def surfaces(split: str) -> set[str]:
    return {span.cut(example.text) for example in figures(split) for span in example.entities or ()}


def templates(split: str) -> set[str]:
    return {key for example in figures(split) for key in example.extra["templates"]}


def test_the_file_is_what_the_generator_makes() -> None:
    lines = data.DEMO.read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [example_to_json(example) for example in bundled()]


def test_splits_and_groups() -> None:
    assert [len(figures(split)) for split in ("train", "validation", "test")] == [60, 30, 60]
    groups = {split: {e.group for e in EXAMPLES if e.split == split} for split in ("train", "validation", "test")}
    assert not groups["train"] & groups["test"]
    assert not groups["train"] & groups["validation"]
    assert not groups["validation"] & groups["test"]


def test_the_test_split_is_held_out() -> None:
    unseen = surfaces("test") - surfaces("train")
    assert len(unseen) >= 0.5 * len(surfaces("test"))
    assert len(templates("test") - templates("train")) >= 0.5 * len(templates("test"))
    open_ = {surface.lower() for _, surface in load("lexicon").every()}
    assert not {surface.lower() for surface in surfaces("test")} & open_


@pytest.mark.parametrize("task", discovery.own_names("fewshot.tasks"))
def test_every_task_has_gold_in_every_split(task: str) -> None:
    chosen = tasks.get(task)
    for split in ("train", "validation", "test"):
        assert sum(chosen.gold(e) is not None for e in EXAMPLES if e.split == split) >= 30


def test_panel_records_are_panels_of_a_figure_of_their_paper() -> None:
    texts = {
        (e.group, span.cut(e.text))
        for s in ("train", "validation", "test")
        for e in figures(s)
        for span in e.panels or ()
    }
    records = [example for example in EXAMPLES if example.hypothesis is not None]
    assert len(records) > 100
    for record in records:
        assert (record.group, record.text) in texts
        assert record.hypothesis is not None
        for _, members in record.hypothesis.roles():
            assert members
            assert all(member.text in record.text for member in members)


def test_labels_are_written_in_many_ways_and_decoys_are_there() -> None:
    every = [example for split in ("train", "validation", "test") for example in figures(split)]
    heads = Counter(
        "".join("A" if c.isalpha() else c for c in span.cut(e.text)[:4].split(" ")[0])
        for e in every
        for span in e.panels or ()
        if span.labels
    )
    for head in ("(A)", "A.", "A)", "A,", "A"):
        assert heads[head] > 5, heads
    assert any(len(span.labels or ()) > 1 for e in every for span in e.panels or ())
    assert any(span.labels == () for e in every for span in e.panels or ())
    assert any(e.inline_labels for e in every)
    text = "\n".join(e.text for e in every)
    for odd in ("\u2009", "µ", "μ", "Δ", "∆", "&lt;", "Data information:", "as in A", "Fig. 2B", "’"):
        assert odd in text, odd
    assert re.search(r"\(([A-Z])\) and \([A-Z]\)", text)


def test_more_can_be_generated_and_the_seed_decides() -> None:
    made = generate(50, seed=3)
    assert sum(example.panels is not None for example in made) == 50
    assert made == generate(50, seed=3)
    assert made != generate(50, seed=4)
    assert len({example.id for example in made}) == len(made)
