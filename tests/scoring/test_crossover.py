"""The crossover of a learning curve with a level, and its interval."""

from __future__ import annotations

from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.errors import InputError
from fewshot.scoring.crossover import Crossover, crossover, rising
from fewshot.scoring.tallies import Tallies

ARTICLES = tuple(f"a{n}" for n in range(12))


def counts(hits: float, *, seed: int = 0, spread: float = 0.1) -> Tallies:
    """Twelve articles of 40 spans, of which about `hits` are right."""
    chance = np.random.default_rng(seed)
    right = np.clip(chance.normal(hits, spread, len(ARTICLES)), 0, 1)
    rows = tuple(((round(40 * share), 40, 40),) for share in right)
    return Tallies("panelization", (), ARTICLES, ("starts",), rows, grouped=True)


def crossed(level: float, scores: dict[int, float], **options: float) -> Crossover:
    curve = [(size, [counts(hits, seed=size, spread=options.get("spread", 0.1))]) for size, hits in scores.items()]
    return crossover([counts(level, seed=1)], curve, "starts.f1")


def test_it_lies_between_the_sizes_where_the_curve_passes_and_its_interval_around_it() -> None:
    found = crossed(0.5, {10: 0.2, 100: 0.4, 1000: 0.8, 4000: 0.9})
    assert found.size is not None
    assert found.low is not None
    assert found.high is not None
    assert 50 < found.low < found.size < found.high < 1000
    assert not found.already


def test_more_spread_gives_a_wider_interval() -> None:
    scores = {10: 0.2, 100: 0.4, 1000: 0.8, 4000: 0.9}
    narrow, wide = crossed(0.5, scores, spread=0.02), crossed(0.5, scores, spread=0.2)
    assert log(wide.high or 1e9) - log(wide.low or 1) > log(narrow.high or 0) - log(narrow.low or 1e9)


def test_a_curve_that_stays_below_has_none() -> None:
    found = crossed(0.9, {10: 0.1, 100: 0.2})
    assert (found.size, found.high, found.already) == (None, None, False)


def test_a_curve_that_begins_above_is_there_already() -> None:
    found = crossed(0.2, {10: 0.6, 100: 0.8})
    assert found.already
    assert (found.size, found.low, found.high) == (10, None, 10)


def test_the_last_passing_counts() -> None:
    found = crossed(0.5, {10: 0.7, 100: 0.3, 1000: 0.8})
    assert found.size is not None
    assert 100 < found.size < 1000


def test_seeds_widen_the_interval_and_each_has_a_crossover_of_its_own() -> None:
    level = [counts(0.5)]
    same = crossover(level, [(10, [counts(0.3, seed=2)] * 3), (100, [counts(0.7, seed=3)] * 3)], "starts.f1")
    apart = [counts(hits, seed=3) for hits in (0.6, 0.7, 0.8)]
    spread = crossover(level, [(10, [counts(0.3, seed=2)] * 3), (100, apart)], "starts.f1")
    assert len(set(same.seeds)) == 1
    assert len(set(spread.seeds)) == 3
    assert _width(spread) > _width(same)


def _width(found: Crossover) -> float:
    return sum((gap.high or 0) - (gap.low or 0) for gap in found.gaps)


def test_two_articles_give_no_interval() -> None:
    rows = (((8, 10, 9),), ((5, 5, 7),))
    two = Tallies("panelization", (), ("a", "b"), ("starts",), rows, grouped=True)
    found = crossover([two], [(10, [two]), (20, [two])], "starts.f1")
    assert (found.low, found.high, found.why) == (None, None, "2 articles, an interval needs 3")


def test_other_articles_and_no_size_are_refused() -> None:
    other = Tallies("panelization", (), ("x",), ("starts",), (((1, 1, 1),),), grouped=True)
    with pytest.raises(InputError, match="same articles"):
        crossover([counts(0.5)], [(10, [other])], "starts.f1")
    with pytest.raises(InputError, match="without a size"):
        crossover([counts(0.5)], [], "starts.f1")


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=8, unique=True).map(sorted),
    st.data(),
)
def test_what_lies_beyond_it_is_above_and_what_lies_right_below_is_not(sizes: list[int], data: st.DataObject) -> None:
    points = [(size, data.draw(st.floats(-1, 1))) for size in sizes]
    found = rising(points)
    if found is None:
        assert points[-1][1] <= 0
        return
    assert all(y > 0 for x, y in points if x > found * (1 + 1e-9))
    before = [y for x, y in points if x < found * (1 - 1e-9)]
    assert not before or before[-1] <= 0 or any(abs(x - found) <= 1e-9 * found for x, _ in points)
    assert points[0][0] <= found <= points[-1][0] * (1 + 1e-9)
    assert all(one < other for one, other in pairwise(sizes))


def test_what_is_alike_in_every_article_has_no_interval() -> None:
    alike = [(size, [counts(hits, spread=0.0)]) for size, hits in ((10, 0.4), (100, 0.6))]
    found = crossover([counts(0.5, spread=0.0)], alike, "starts.f1")
    assert found.size is not None
    assert (found.low, found.high, found.why) == (None, None, "no spread")
