"""The best increasing assignment, and what is done with what it leaves over."""

from __future__ import annotations

from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from fewshot.text.grounding.assignment import WORTH, Taken, assign, chain, first_free
from fewshot.text.grounding.candidates import Candidate


def place(start: int, end: int, cost: int = 0) -> Candidate:
    return Candidate(start, end, "exact", cost, False)


@st.composite
def names(draw: st.DrawFn) -> list[list[Candidate]]:
    one = st.builds(
        lambda at, size, cost: place(at, at + size, cost),
        st.integers(0, 9),
        st.integers(1, 3),
        st.sampled_from([0, 300]),
    )
    return draw(st.lists(st.lists(one, max_size=3), max_size=4))


@given(names())
def test_no_other_increasing_assignment_is_worth_more(places: list[list[Candidate]]) -> None:
    found = chain(range(len(places)), places, Taken(20))
    chosen = [found[name] for name in sorted(found)]
    assert all(left.end <= right.start for left, right in pairwise(chosen))
    best = 0
    for picks in product(*([None, *own] for own in places)):
        picked = [one for one in picks if one is not None]
        if all(left.end <= right.start for left, right in pairwise(picked)):
            best = max(best, sum(WORTH - one.cost for one in picked))
    assert sum(WORTH - one.cost for one in chosen) == best


@given(names())
def test_a_name_is_left_out_only_if_none_of_its_places_is_free(places: list[list[Candidate]]) -> None:
    for way in (assign, first_free):
        taken = Taken(20)
        found = way(range(len(places)), places, taken)
        ordered = sorted(found.values(), key=lambda one: one.start)
        assert all(left.end <= right.start for left, right in pairwise(ordered))
        assert not any(taken.free(one) for name, own in enumerate(places) if name not in found for one in own)


def test_of_equal_assignments_the_one_whose_places_come_first() -> None:
    own = [place(at, at + 1) for at in range(5)]
    assert [one.start for one in assign([0, 1], [own, own], Taken(9)).values()] == [1, 0]
