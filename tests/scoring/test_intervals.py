"""The jackknife of intervals and differences, beside the formula written out; when there is none; swaps; Holm."""

from __future__ import annotations

from itertools import product
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fewshot.errors import InputError
from fewshot.metrics import Counts
from fewshot.scoring.differences import differences, holm, tied_with_best
from fewshot.scoring.intervals import METHOD, assumption, fold, interval
from fewshot.scoring.jackknife import freedom
from fewshot.scoring.swapping import Swap, swap_tests
from fewshot.scoring.tallies import Tallies

ROWS: list[Counts] = [(8, 10, 9), (5, 5, 7), (9, 12, 10), (0, 2, 3), (30, 33, 31)]


def starts(rows: list[Counts], *, exact: list[Counts] | None = None) -> Tallies:
    """Panelization with these counts of starts (and of whole legends)."""
    measures = ("starts", "exact")
    whole = exact or [(0, 1, 1)] * len(rows)
    return Tallies(
        "panelization", ("panel",), tuple(map(str, range(len(rows)))), measures,
        tuple(zip(rows, whole, strict=True)), grouped=True,
    )  # fmt: skip


def entities(rows: list[dict[str, Counts]]) -> Tallies:
    """NER with these counts of labels."""
    labels = tuple(dict.fromkeys(label for row in rows for label in row))
    counts = tuple(tuple(row.get(label, (0, 0, 0)) for label in labels) for row in rows)
    names = tuple(map(str, range(len(rows))))
    return Tallies("ner", labels, names, tuple(f"label/{label}" for label in labels), counts, grouped=True)


def f1(rows: list[Counts]) -> float:
    hits, both = sum(row[0] for row in rows), sum(row[1] + row[2] for row in rows)
    return 2 * hits / both


def logit(share: float) -> float:
    return log(share / (1 - share))


def by_hand(rows: list[Counts]) -> tuple[float, float]:
    """The formula of the module, with floats: delete one article, logit, t with G − 1 degrees of freedom."""
    total = logit(f1(rows))
    left = []
    for at in range(len(rows)):
        rest = [row for i, row in enumerate(rows) if i != at]
        n, score = sum(r[1] + r[2] for r in rest), f1(rest)
        left.append(logit(0.5 / (n + 1) if score == 0 else 1 - 0.5 / (n + 1) if score == 1 else score))
    g = len(rows)
    error = sqrt((g - 1) / g * sum((one - total) ** 2 for one in left))
    reach = float(stats.t.ppf(0.975, g - 1)) * error
    return 1 / (1 + exp(reach - total)), 1 / (1 + exp(-reach - total))


@pytest.mark.parametrize(
    "rows",
    [
        ROWS, ROWS[:3], [(10, 10, 10), (5, 5, 5), (3, 4, 3)], [(0, 4, 4), (0, 3, 3), (1, 3, 3)],
        [*[(1, 1, 1)] * 9, (0, 1, 1)],
    ],
)  # fmt: skip
def test_the_interval_is_the_formula(rows: list[Counts]) -> None:
    found = interval(starts(rows), "starts.f1")
    assert (found.low, found.high) == pytest.approx(by_hand(rows), rel=1e-12)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < f1(rows) < found.high < 1


def test_an_article_with_nothing_to_count_is_none() -> None:
    with_nothing = interval(starts([*ROWS, (0, 0, 0)]), "starts.f1")
    assert with_nothing == interval(starts(ROWS), "starts.f1")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (ROWS[:2], "2 articles, an interval needs 3"), (ROWS[:1], "1 article, an interval needs 3"),
        ([*ROWS[:2], (0, 0, 0)], "2 articles, an interval needs 3"), ([(3, 3, 3)] * 5, "no error"),
        ([(0, 3, 3)] * 5, "no hit"), ([(0, 0, 3)] * 5, "no hit"),
    ],
)  # fmt: skip
def test_when_there_is_none_and_why(rows: list[Counts], why: str) -> None:
    found = interval(starts(rows), "starts.f1")
    assert (found.low, found.high, found.why) == (None, None, why)


def test_counts_have_none_and_unknown_scores_are_refused() -> None:
    assert interval(starts(ROWS), "labels.neutral").why == "a count, not a share"
    with pytest.raises(InputError, match="have no 'starts'"):
        interval(starts(ROWS), "starts")


def test_precision_recall_and_accuracies_have_their_own_units() -> None:
    rows: list[Counts] = [(3, 3, 4), (5, 5, 9), (2, 4, 2)]  # without the third every precision is 1
    found = interval(starts(rows), "starts.precision")
    moved = 1 - 0.5 / (8 + 1)
    left = [7 / 9, 5 / 7, moved]
    error = sqrt(2 / 3 * sum((logit(one) - logit(10 / 12)) ** 2 for one in left))
    reach = float(stats.t.ppf(0.975, 2)) * error
    assert found.low == pytest.approx(1 / (1 + exp(reach - logit(10 / 12))))
    exact: list[Counts] = [(1, 2, 2), (3, 4, 4), (0, 2, 2)]
    assert interval(starts(rows, exact=exact), "exact.accuracy").high is not None


def test_a_rare_label_widens_the_interval_of_a_macro_score() -> None:
    even = [{"A": (8 + n % 3, 12, 12), "B": (6 + n % 2, 10, 9)} for n in range(8)]
    rare = [row if n in (2, 5) else {"A": row["A"]} for n, row in enumerate(even)]
    known = [freedom(*_macro(rows)) for rows in (even, rare)]
    assert known[0] > 5
    assert known[1] < 3, "label B is known from two articles"
    assert interval(entities(rare), "strict.macro.f1").low is not None


def _macro(rows: list[dict[str, Counts]]) -> tuple[np.ndarray, np.ndarray]:
    from fewshot.scoring.jackknife import left_out

    tallies = entities(rows)
    formula = tallies.formula("strict.macro.f1")
    left = left_out(formula, tallies.of(formula)[None])
    return left.units, left.moves


def test_the_effective_number_of_articles() -> None:
    units = np.array([[5.0], [5.0], [5.0], [5.0]])
    assert freedom(units, units) == pytest.approx(3.0)
    assert freedom(np.array([[97.0], [1.0], [1.0], [1.0]]), units) == pytest.approx(1.0)
    assert freedom(np.array([[10.0], [5.0], [5.0]]), units[:3]) == pytest.approx(400 / 150 - 1)


def test_seeds_are_folded_and_not_mixed_with_articles() -> None:
    seeds = [starts(ROWS), starts([(h - (h > 4), p, g) for h, p, g in ROWS])]
    one, other = f1(ROWS), f1([(h - (h > 4), p, g) for h, p, g in ROWS])
    found = fold(seeds, "starts.f1")
    assert found.mean == pytest.approx((one + other) / 2)
    assert found.deviation == pytest.approx(abs(one - other) / sqrt(2))
    assert fold(seeds[:1], "starts.f1").deviation is None
    same = fold([seeds[0]] * 3, "starts.f1")
    single = fold(seeds[:1], "starts.f1").interval
    assert same.deviation == 0.0
    assert (same.interval.low, same.interval.high) == pytest.approx((single.low, single.high))
    with pytest.raises(InputError, match="same articles"):
        fold([seeds[0], starts(ROWS[:3])], "starts.f1")
    with pytest.raises(InputError, match="no run"):
        fold([], "starts.f1")


def test_captions_say_what_is_assumed() -> None:
    assert "jackknife" in METHOD
    assert assumption(grouped=True) is None
    assert "independent" in (assumption(grouped=False) or "")


# Differences

OTHER: list[Counts] = [(9, 10, 9), (5, 6, 7), (10, 12, 10), (1, 2, 3), (30, 31, 31)]


def test_the_difference_is_the_formula() -> None:
    found = differences(starts(ROWS), {"b": starts(OTHER)}, "starts.f1")["b"]
    delta = f1(OTHER) - f1(ROWS)
    left = [f1(_without(OTHER, at)) - f1(_without(ROWS, at)) for at in range(5)]
    error = sqrt(4 / 5 * sum((one - delta) ** 2 for one in left))
    units = [a[1] + a[2] + b[1] + b[2] for a, b in zip(ROWS, OTHER, strict=True)]
    known = sum(units) ** 2 / sum(n * n for n in units) - 1
    assert found.delta == pytest.approx(delta)
    assert found.high == pytest.approx(delta + float(stats.t.ppf(0.975, known)) * error)
    assert found.p == found.adjusted == pytest.approx(2 * float(stats.t.sf(delta / error, known)))
    both = float(stats.t.ppf(0.975, known) + stats.t.ppf(0.8, known))
    assert found.minimum_detectable == pytest.approx(both * error)
    assert not found.detected


def _without(rows: list[Counts], at: int) -> list[Counts]:
    return rows[:at] + rows[at + 1 :]


def test_a_difference_turned_round_is_its_negative() -> None:
    there = differences(starts(ROWS), {"b": starts(OTHER)}, "starts.f1")["b"]
    back = differences(starts(OTHER), {"a": starts(ROWS)}, "starts.f1")["a"]
    assert (back.delta, back.p, back.swap_p) == pytest.approx((-there.delta, there.p, there.swap_p))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6
    )
)
def test_the_swap_test_is_the_share_of_all_exchanges(rows: list[tuple[int, int, int, int]]) -> None:
    first: list[Counts] = [(h, h + 1, h + 2) for h, *_ in rows]
    second: list[Counts] = [(h, h + more, first[at][2]) for at, (_, h, more, _) in enumerate(rows)]
    second = [(min(h, g), p, g) for h, p, g in second]
    observed = abs(f1(second) - f1(first))
    hits = 0
    for exchange in product((False, True), repeat=len(rows)):
        one = [b if swap else a for a, b, swap in zip(first, second, exchange, strict=True)]
        other = [a if swap else b for a, b, swap in zip(first, second, exchange, strict=True)]
        hits += abs(f1(other) - f1(one)) >= observed - 1e-9
    ours, theirs = starts(first), starts(second)
    formula = ours.formula("starts.f1")
    (found,) = swap_tests(formula, ours.of(formula)[None], [theirs.of(formula)[None]])
    assert found is not None
    assert found.p == pytest.approx(hits / 2 ** len(rows))
    differ = sum(a != b for a, b in zip(first, second, strict=True))
    assert found.least == (2 / 2**differ if differ else 1.0)


def test_five_articles_can_never_show_it() -> None:
    found = differences(starts([(1, 9, 9)] * 5), {"b": starts([(9, 9, 9 + n) for n in range(5)])}, "starts.f1")["b"]
    assert (found.swap_p, found.swap_least) == (0.0625, 0.0625)


def test_many_articles_are_exchanged_at_random_with_a_seed() -> None:
    few = [(8, 10, 10)] * 18
    most = [(9, 10, 10) if n < 14 else (8, 10, 9) for n in range(18)]
    one, other = starts(few), starts(most)
    found = [differences(one, {"b": other}, "starts.f1", seed=seed)["b"] for seed in (0, 0, 1)]
    assert found[0] == found[1]
    assert found[0].swap_least == pytest.approx(1 / 20_001)
    assert found[0].swap_p == pytest.approx(found[2].swap_p, abs=0.01)
    assert found[0].swap_p == 1 / 20_001 * round((found[0].swap_p or 0) * 20_001)


def test_the_random_exchanges_are_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = starts([(n % 5, 6, 6) for n in range(70)])
    theirs = starts([((7 * n) % 6, 6, 6) for n in range(70)])
    formula = ours.formula("starts.f1")
    arrays = ours.of(formula)[None], theirs.of(formula)[None], (ours.of(formula)[None] + 1)
    (found,) = swap_tests(formula, arrays[0], [arrays[1]], swaps=999)
    assert found == Swap(0.116, 1 / 1000)
    assert swap_tests(formula, arrays[0], [arrays[2], arrays[1]], swaps=999)[1] == found, "whatever else is tested"
    monkeypatch.setattr("fewshot.scoring.swapping._NUMBERS", 1)
    monkeypatch.setattr("fewshot.scoring.swapping._ROWS", 10)
    assert swap_tests(formula, arrays[0], [arrays[1]], swaps=999) == [found], "ten exchanges at a time"


def test_where_no_article_moves_it_the_swap_test_decides() -> None:
    same = differences(starts(ROWS), {"b": starts(ROWS)}, "starts.f1")["b"]
    assert (same.delta, same.p, same.detected, same.why) == (
        0.0,
        1.0,
        False,
        "the same counts whichever article is left out",
    )
    right, wrong = starts([(9, 9, 9)] * 8), starts([(0, 9, 9)] * 8)
    found = differences(wrong, {"b": right}, "starts.f1")["b"]
    assert (found.delta, found.low, found.p, found.detected) == (1.0, None, 2 / 2**8, True)
    two = differences(starts(ROWS[:2]), {"b": starts(OTHER[:2])}, "starts.f1")["b"]
    assert (two.p, two.why) == (None, "2 articles, an interval needs 3")
    assert two.swap_p is not None


def test_the_family_is_all_that_is_compared() -> None:
    better = [(h + 1, p, g + 1) for h, p, g in ROWS]
    alone = differences(starts(ROWS), {"b": starts(better)}, "starts.f1")["b"]
    others = {"b": starts(better), "c": starts(OTHER), "d": starts(OTHER)}
    found = differences(starts(ROWS), others, "starts.f1")
    assert found["b"].p == alone.p == alone.adjusted
    assert [one.adjusted for one in found.values()] == holm([one.p for one in found.values()])
    assert found["c"].adjusted == pytest.approx(3 * (found["c"].p or 0))


def test_systems_of_other_articles_are_refused() -> None:
    with pytest.raises(InputError, match="b was not scored on the same articles"):
        differences(starts(ROWS), {"b": starts(ROWS[:3])}, "starts.f1")


def test_seeds_are_compared_by_their_mean() -> None:
    pair = [starts(ROWS), starts(OTHER)]
    mean = (f1(ROWS) + f1(OTHER)) / 2
    found = differences(pair, {"b": [starts(OTHER), starts(OTHER)], "c": starts(OTHER)}, "starts.f1")
    assert found["b"].delta == found["c"].delta == pytest.approx(f1(OTHER) - mean)
    assert found["b"].p == pytest.approx(found["c"].p)
    assert found["b"].swap_p is not None
    assert found["c"].swap_p is None, "one run cannot be exchanged with two"


def test_the_systems_that_are_tied() -> None:
    bad = starts([(1, 10, 9 + n % 2) for n in range(12)])
    good = starts([(8 + n % 2, 10, 10) for n in range(12)])
    close = starts([(8 + (n + 1) % 2, 10, 10) for n in range(12)])
    assert tied_with_best({"bad": bad, "good": good, "close": close}, "starts.f1") == ("good", "close")
    assert tied_with_best({}, "starts.f1") == ()


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, None, 0.03]) == [0.03, 0.06, None, 0.06]
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
