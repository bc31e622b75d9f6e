"""`diverse`: each next one far from those before, the same for all. `balanced`: as many kinds as N can show."""

from __future__ import annotations

import pytest

from fewshot import data, tasks
from fewshot.demonstrations import Ground, Pool
from fewshot.demonstrations.balanced import NOTHING, features
from fewshot.records import PANEL, Example, Span

BLOT = "Western blot of p53 in HeLa cells number"
MICE = "Survival of mice after tumour injection series"
YEAST = "Growth curves for yeast strains at thirty degrees run"
EXAMPLES = [
    Example(f"{name}{i}", f"{name}{i}", f"{text} {i}")
    for name, text in (("blot", BLOT), ("mice", MICE), ("yeast", YEAST))
    for i in range(4)
]


@pytest.mark.parametrize("seed", range(5))
def test_diverse_shows_one_of_each_sort_before_a_second(seed: int) -> None:
    pool = Pool(EXAMPLES, seed=seed, selector="diverse")
    shown = pool.pick(Example("q", "q", "Another legend."), 3).demonstrations
    assert {demo.text.split()[0] for demo in shown} == {"Western", "Survival", "Growth"}


def test_diverse_shows_the_same_to_all_but_the_own_article() -> None:
    pool = Pool(EXAMPLES, seed=0, selector="diverse")
    order = [demo.id for demo in pool.pick(Example("q", "q", "Another legend."), 12).demonstrations]
    for query in EXAMPLES:
        chosen = [demo.id for demo in pool.pick(Example("q", query.group, "Some text."), 3).demonstrations]
        assert chosen == [name for name in order if name != query.id][:3]


def entities(number: int, group: str, *labels: str) -> Example:
    text = f"Legend {number} of " + " ".join(f"word{number}x{i}" for i in range(9))
    spans = tuple(Span(at, at + 1, label) for at, label in enumerate(labels))
    return Example(f"e{number}", group, text, entities=spans)


def test_balanced_covers_all_labels_and_nothing_to_tag() -> None:
    examples = [
        *(entities(i, f"g{i}", "GENEPROD") for i in range(20)),
        entities(20, "g20", "GENEPROD", "TISSUE"),
        entities(21, "g21", "DISEASE"),
        entities(22, "g22"),
    ]
    for seed in range(5):
        pool = Pool(examples, seed=seed, selector="balanced", task=tasks.get("ner"))
        assert {d.id for d in pool.pick(Example("q", "q", "Any."), 3).demonstrations} == {"e20", "e21", "e22"}


def test_what_the_query_s_own_article_shows_does_not_count() -> None:
    examples = [entities(0, "own", "GENEPROD", "TISSUE", "DISEASE"), entities(1, "g1", "TISSUE"), entities(2, "g2")]
    pool = Pool(examples, seed=0, selector="balanced", task=tasks.get("ner"))
    assert {demo.id for demo in pool.pick(Example("q", "own", "Any."), 2).demonstrations} == {"e1", "e2"}


def test_labels_that_are_not_asked_for_do_not_count() -> None:
    ner = tasks.get("ner")
    example = entities(0, "g", "TISSUE", "DISEASE")
    assert features(example, Ground(seed=0, task=ner, labels=("DISEASE",))) == {"DISEASE"}
    assert features(example, Ground(seed=0, task=ner, labels=("GENEPROD",))) == {NOTHING}


def test_how_panels_are_lettered_counts() -> None:
    text = "(A) Blot. (B–D) Cells. Without a letter."
    spans = tuple(Span(text.index(s), text.index(s) + len(s), PANEL) for s in ("(A) Blot.", "(B–D) Cells.", "Without"))
    task = tasks.get("panelization")
    assert features(Example("e", "e", text, panels=spans), Ground(seed=0, task=task)) == {"in", "in list", "no letter"}
    assert features(Example("e", "e", text, panels=()), Ground(seed=0, task=task)) == {NOTHING}


@pytest.mark.parametrize("name", ["ner", "panelization", "causal", "roles"])
def test_balanced_shows_more_kinds_than_chance_on_the_bundled_corpus(name: str) -> None:
    task = tasks.get(name)
    train = [e for e in data.read("demo") if e.split == "train" and task.gold(e) is not None]
    ground = Ground(seed=0, task=task)
    query = Example("q", "q", "Any.")

    def kinds(selector: str, seed: int) -> int:
        pool = Pool(train, seed=seed, selector=selector, task=task)
        return len(set().union(*(features(demo, ground) for demo in pool.pick(query, 3).demonstrations)))

    balanced = [kinds("balanced", seed) for seed in range(5)]
    chance = [kinds("random", seed) for seed in range(5)]
    assert min(balanced) >= max(chance)
