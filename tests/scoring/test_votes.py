"""What more than half of the answers say, part by part."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fewshot.records import PANEL, Hypothesis, Member, Span
from fewshot.scoring.votes import majority, most

P53, MDM2 = Span(0, 3, "GENEPROD"), Span(10, 14, "GENEPROD")


def test_exactly_half_is_not_enough() -> None:
    assert majority([(P53,), (P53, MDM2), (), (MDM2,)]) == ()
    assert majority([(P53,), (P53, MDM2), ()]) == (P53,)


def test_the_share_is_the_confidence_and_the_order_that_of_the_text() -> None:
    found = majority([(P53, MDM2), (MDM2,), (P53, MDM2)])
    assert isinstance(found, tuple)
    assert [(span.start, span.confidence) for span in found] == [(0, 2 / 3), (10, 1.0)]


def test_another_label_role_or_letter_is_another_answer() -> None:
    assert majority([(P53,), (Span(0, 3, "TISSUE"),)]) == ()
    assert majority([(Span(0, 3, "GENEPROD", role="MEASURED_VAR"),), (Span(0, 3, "GENEPROD", role=""),)]) == ()
    assert majority([(Span(0, 3, PANEL, labels=("A",)),), (Span(0, 3, PANEL, labels=("B",)),)]) == ()


def test_members_count_by_role_whatever_their_case_and_spacing() -> None:
    nutlin = Member("SMALL_MOLECULE", "nutlin 3")
    first = Hypothesis((nutlin,), (Member("GENEPROD", "p53"),), ())
    second = Hypothesis((Member("SMALL_MOLECULE", "Nutlin\u2009 3"),), (), ())
    third = Hypothesis((), (nutlin,), ())
    found = majority([first, second, third])
    assert isinstance(found, Hypothesis)
    assert found == Hypothesis((nutlin,), (), ())
    assert found.interventions[0].confidence == 2 / 3


def test_what_most_answers_could_not_place() -> None:
    p21, p63 = Member("GENEPROD", "p21"), Member("GENEPROD", "p63")
    assert most([(p21, p63), (Member("GENEPROD", "P21"),), (p63,), (p21,)]) == (p21,)
    assert most([(p21,), ()]) == ()


def test_what_one_answer_says_twice_counts_once() -> None:
    member = Member("GENEPROD", "p53")
    assert majority([Hypothesis((member, member)), Hypothesis(), Hypothesis()]) == Hypothesis()


@st.composite
def answers(draw: st.DrawFn) -> list[tuple[Span, ...]]:
    def one() -> tuple[Span, ...]:
        edges = sorted(draw(st.sets(st.integers(0, 12), max_size=6)))
        return tuple(Span(a, b, draw(st.sampled_from("XY"))) for a, b in list(pairwise(edges))[::2])

    return [one() for _ in range(draw(st.integers(1, 5)))]


@given(answers())
def test_what_is_voted_never_overlaps_and_was_said(given_: list[tuple[Span, ...]]) -> None:
    found = majority(given_)
    assert isinstance(found, tuple)
    assert all(left.end <= right.start for left, right in pairwise(found))
    for span in found:
        share = sum(span in answer for answer in given_) / len(given_)
        assert span.confidence == share > 0.5
