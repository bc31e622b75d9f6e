"""Who may be shown: near-duplicates from 0.8 on, the query itself under another article, and in which order."""

from __future__ import annotations

import numpy as np
import pytest

from fewshot import demonstrations, tasks
from fewshot.demonstrations import Pool, jaccard, shingles
from fewshot.demonstrations._similarity import best_first
from fewshot.errors import InputError
from fewshot.records import PANEL, Example, Span

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def example(id: str, text: str, group: str | None = None) -> Example:
    return Example(id, group or id, text, entities=())


QUERY = example("q", " ".join(WORDS[:7]))  # five 3-grams


@pytest.mark.parametrize(
    ("words", "alike", "shown"),
    [(WORDS[:6], 4 / 5, False), (WORDS[:7], 1.0, False), (WORDS[:5], 3 / 5, True), (WORDS[:8], 5 / 6, False),
     (WORDS[:9], 5 / 7, True), (WORDS[3:], 2 / 8, True)],
)  # fmt: skip
def test_from_four_fifths_on_it_would_give_the_answer_away(words: list[str], alike: float, shown: bool) -> None:
    text = " ".join(words)
    assert jaccard(shingles(QUERY.text), shingles(text)) == pytest.approx(alike)
    pool = Pool([example("a", text), example("z", "another text altogether")], seed=0, selector="nearest")
    choice = pool.pick(QUERY, 1)
    assert [demo.id for demo in choice.demonstrations] == (["a"] if shown else ["z"])
    assert choice.excluded_near_duplicates == (0 if shown else 1)


@pytest.mark.parametrize("selector", demonstrations.names())
def test_neither_the_query_nor_its_article_is_shown(selector: str) -> None:
    texts = ["blot of p53 in mice", "gels of yeast at noon", "cells from rats were fixed", "survival after injection"]
    pool = [example(f"d{n}", text, "other") for n, text in enumerate(texts)]
    own = example("own", "quite another text of it", "article")
    again = example("q", "the query as somebody else printed it", "other")
    query = Example("q", "article", "the query", entities=())
    chosen = Pool([again, *pool, own], seed=3, selector=selector, task=tasks.get("ner"))
    choice = chosen.pick(query, 4)
    assert {demo.id for demo in choice.demonstrations} == {"d0", "d1", "d2", "d3"}
    with pytest.raises(InputError, match="--shots 5: only 4 of 6 labelled examples may be shown to 'q' "
                                         r"\(2 are of its article, 0 are near-duplicates"):  # fmt: skip
        chosen.pick(query, 5)


@pytest.mark.parametrize("selector", ["random", "fixed", "diverse", "balanced"])
def test_a_seed_decides_and_the_query_does_where_it_is_drawn_for_each(selector: str) -> None:
    pool = [example(f"d{n}", f"text number {n} of gene {n * 7}") for n in range(30)]

    def shown(seed: int, query: str) -> list[str]:
        chosen = Pool(pool, seed=seed, selector=selector, task=tasks.get("ner"))
        return [demo.id for demo in chosen.pick(example(query, "something else"), 3).demonstrations]

    assert shown(0, "q") == shown(0, "q")
    assert len({tuple(shown(seed, "q")) for seed in range(5)}) > 1
    assert (len({tuple(shown(0, query)) for query in "abcde"}) > 1) == (selector == "random")


def test_equally_similar_ones_are_in_a_seeded_order() -> None:
    pool = [example(f"d{n}", f"blot of gene x{n}") for n in range(12)]
    query = example("q", "blot of gene")

    def shown(seed: int) -> tuple[str, ...]:
        return tuple(demo.id for demo in Pool(pool, seed=seed, selector="nearest").pick(query, 3).demonstrations)

    assert len({shown(seed) for seed in range(5)}) > 1


def test_balanced_shows_every_kind_before_one_comes_again() -> None:
    text = "(A) Blot. (B) Gels."
    both = (Span(0, 9, PANEL, ("A",)), Span(10, 19, PANEL, ("B",)))
    dotted = "A. Blot of x. B. Gels."
    pool = [Example(f"in{n}", f"in{n}", text, panels=both) for n in range(6)]
    pool += [Example(f"dot{n}", f"dot{n}", dotted, panels=(Span(0, 13, PANEL, ("A",)),)) for n in range(2)]
    pool += [Example("none", "none", "Cells.", panels=())]
    chosen = Pool(pool, seed=0, selector="balanced", task=tasks.get("panelization"), labels=(PANEL,))
    for query in ("q", "in0"):
        names = [demo.id.rstrip("0123456789") for demo in chosen.pick(example(query, "x y z"), 3).demonstrations]
        assert sorted(names) == ["dot", "in", "none"]
    own = example("q", "x y z", "none")
    names = [demo.id.rstrip("0123456789") for demo in chosen.pick(own, 3).demonstrations]
    assert sorted(names[:2]) == ["dot", "in"], "what its own article shows does not count for it"
    assert "none" not in names


def test_scores_that_differ_by_less_than_machines_do_are_equal() -> None:
    close = np.array([1.00001, 1.00003, 1.0], dtype=np.float32)
    assert list(best_first(close)) == [0, 1, 2], "in the order of their places"
    assert list(best_first(np.array([1.0001, 1.0003, 1.0], dtype=np.float32))) == [1, 0, 2]


def test_what_the_query_s_own_article_shows_does_not_count_for_it() -> None:
    """Its own example shows most: A, B and E. If that counted, C and D would always come first."""

    def labelled(id: str, labels: str) -> Example:
        return Example(id, id, f"text of {id}", entities=tuple(Span(n, n + 1, label) for n, label in enumerate(labels)))

    pool = [labelled("own", "ABE"), labelled("ac", "AC"), labelled("cd", "CD"), labelled("b", "B")]
    first = set()
    for seed in range(12):
        chosen = Pool(pool, seed=seed, selector="balanced", task=tasks.get("ner"), labels=tuple("ABCDE"))
        (demo,) = chosen.pick(example("own", "the query"), 1).demonstrations
        first.add(demo.id)
    assert first == {"ac", "cd"}


@pytest.mark.parametrize("selector", ["nearest", "diverse"])
def test_texts_without_a_word_are_shown_once_each(selector: str) -> None:
    pool = [example(f"d{n}", text) for n, text in enumerate(("…", "---", "!!", "??"))]
    shown = Pool(pool, seed=0, selector=selector).pick(example("q", "blot of p53"), 4).demonstrations
    assert {demo.id for demo in shown} == {"d0", "d1", "d2", "d3"}
