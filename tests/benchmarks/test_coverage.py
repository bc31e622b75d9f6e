"""The simulation in small: true scores are what they are said to be; intervals cover, tests raise few false alarms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtr

from benchmarks.coverage import ARTICLES, EXACT, F1, MACRO, UNLIKE, Row, bootstrap, covered, independent
from benchmarks.simulated import World
from fewshot.scoring.differences import jackknifed
from fewshot.scoring.intervals import logit_jackknife
from fewshot.scoring.swapping import swap_tests

SETS = 800  # twice the error of a share of .95: .015


def drawn(world: World, true: list[float], articles: int, *, sets: int = SETS, own: float = 0.4) -> list[np.ndarray]:
    return world.systems(np.random.default_rng(3), (sets, articles), true, (own,))


@pytest.mark.parametrize("world", [F1, UNLIKE, EXACT, MACRO], ids=lambda world: world.name)
def test_the_true_score_is_that_of_very_many_articles(world: World) -> None:
    (counts,) = drawn(world, [0.81], 60_000, sets=1)
    assert world.formula.over(counts.sum(2)[0, 0]) == pytest.approx(0.81, abs=0.006)


@pytest.mark.parametrize(("world", "articles"), [(F1, 5), (F1, 20), (EXACT, 5), (EXACT, 12), (MACRO, 8)])
def test_intervals_cover_and_those_of_the_peers_do_not(world: World, articles: int) -> None:
    (counts,) = drawn(world, [0.81], articles, own=0.0)
    ours = covered(logit_jackknife(world.formula, counts), 0.81)
    assert 0.915 <= ours <= (1.0 if world is MACRO else 0.985)
    assert covered(bootstrap(world.formula, counts), 0.81) < ours - 0.02
    if world is F1:
        assert covered(independent(world.formula, counts), 0.81) < 0.7


@pytest.mark.parametrize(("world", "articles"), [(F1, 3), (F1, 12), (UNLIKE, 8), (EXACT, 8), (MACRO, 8)])
def test_systems_that_are_alike_are_seldom_told_apart(world: World, articles: int) -> None:
    one, other = drawn(world, [0.81, 0.81], articles)
    delta, error, known, _ = jackknifed(world.formula, one, other)
    p = 2 * stdtr(known, -np.abs(delta) / error)
    assert 0.005 < (p < 0.05).mean() <= 0.07
    swaps = [swap_tests(world.formula, a, [b], swaps=199)[0] for a, b in zip(one[:300], other[:300], strict=True)]
    assert np.mean([swap is not None and swap.p < 0.05 for swap in swaps]) <= 0.085


def test_a_goal_is_missed_on_either_side() -> None:
    shares = (0.92, 0.93, 0.95, 0.97, 0.98, 0.95, 0.95)
    assert Row("t", "w", "m", shares, (0.93, 0.97)).missed == [ARTICLES[0], ARTICLES[4]]
    assert Row("t", "w", "m", shares).missed == []
