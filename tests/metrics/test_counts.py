"""Counts and what is made of them, checked against numbers worked out by hand."""

from __future__ import annotations

import pytest

from fewshot.metrics import add, hypothesis, panels, ratios, spans
from fewshot.metrics.formulas import accuracy, evaluated, macro, prf
from fewshot.records import PANEL, Example, Hypothesis, Member, Span


def test_tallies_are_added_by_measure_and_column() -> None:
    assert add([{"a": (1, 2, 4), "b": (1, 1, 1)}, {"a": (8, 16, 32)}]) == {"a": (9, 18, 36), "b": (1, 1, 1)}
    assert add([]) == {}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((2, 4, 8), (0.5, 0.25, 1 / 3)), ((3, 3, 3), (1, 1, 1)), ((0, 0, 0), (0, 0, 0)), ((0, 5, 0), (0, 0, 0)),
        ((0, 0, 5), (0, 0, 0)), ((0, 3, 3), (0, 0, 0)), ((1, 1, 2), (1, 0.5, 2 / 3)),
    ],
)  # fmt: skip
def test_precision_recall_and_f1(counts: tuple[int, int, int], expected: tuple[float, float, float]) -> None:
    assert ratios(counts) == pytest.approx(expected)
    found = evaluated(prf("x", "m"), {"m": counts})
    assert found == dict(zip(("x.precision", "x.recall", "x.f1"), ratios(counts), strict=True))


def test_a_mean_over_labels_is_over_those_with_gold() -> None:
    found = evaluated(macro("m", "ABC"), {"A": (1, 2, 1), "B": (0, 0, 2), "C": (0, 7, 0)})
    assert found == pytest.approx({"m.precision": 0.25, "m.recall": 0.5, "m.f1": 1 / 3})
    assert evaluated(macro("m", "C"), {"C": (0, 7, 0)}) == {"m.precision": 0, "m.recall": 0, "m.f1": 0}
    assert evaluated(macro("m", ""), {}) == {"m.precision": 0, "m.recall": 0, "m.f1": 0}


def test_the_share_that_is_exactly_right() -> None:
    assert evaluated(accuracy("exact", "exact"), {"exact": (3, 4, 4)}) == {"exact.accuracy": 0.75}
    assert evaluated(accuracy("exact", "exact"), {}) == {"exact.accuracy": 0}


# Two entities are right, one has another label, one another end, one is made up, one is missed.
GOLD = [Span(0, 3, "G"), Span(4, 7, "D"), Span(8, 11, "G"), Span(20, 25, "G"), Span(30, 33, "D")]
SAID = [Span(0, 3, "G"), Span(4, 7, "D"), Span(8, 11, "D"), Span(20, 24, "G"), Span(40, 44, "D")]


def test_one_example_of_entities() -> None:
    assert spans.tally(GOLD, SAID) == {
        "strict": (2, 5, 5),
        "boundary": (3, 5, 5),
        "relaxed/gold": (3, 0, 5),
        "relaxed/predicted": (3, 5, 0),
        "exact": (0, 1, 1),
        "label/G": (1, 2, 3),
        "label/D": (1, 3, 2),
    }
    assert spans.tally(GOLD, GOLD)["exact"] == (1, 1, 1)
    assert spans.tally(GOLD, GOLD)["relaxed/gold"] == (5, 0, 5)
    assert spans.tally(GOLD, GOLD)["relaxed/predicted"] == (5, 5, 0)


def test_all_scores_of_entities() -> None:
    found = spans.scores([spans.tally(GOLD, SAID)], ["G", "D"])
    assert list(found)[:3] == ["strict.micro.precision", "strict.micro.recall", "strict.micro.f1"]
    expected = {
        "strict.micro.precision": 0.4, "strict.micro.recall": 0.4, "strict.micro.f1": 0.4,
        "strict.macro.precision": (1 / 2 + 1 / 3) / 2, "strict.macro.recall": (1 / 3 + 1 / 2) / 2,
        "strict.macro.f1": 0.4, "relaxed.micro.precision": 0.6, "relaxed.micro.recall": 0.6, "relaxed.micro.f1": 0.6,
        "boundary.micro.precision": 0.6, "boundary.micro.recall": 0.6, "boundary.micro.f1": 0.6, "exact.accuracy": 0,
        "strict.label.G.precision": 1 / 2, "strict.label.G.recall": 1 / 3, "strict.label.G.f1": 0.4,
        "strict.label.G.support": 3, "strict.label.D.precision": 1 / 3, "strict.label.D.recall": 1 / 2,
        "strict.label.D.f1": 0.4, "strict.label.D.support": 2,
    }  # fmt: skip
    assert found == pytest.approx(expected)


def test_relaxed_precision_and_recall_are_not_mixed_up() -> None:
    found = spans.scores([spans.tally([Span(0, 9, "G")], [Span(0, 2, "G"), Span(3, 5, "G"), Span(20, 22, "G")])], ["G"])
    assert found["relaxed.micro.precision"] == pytest.approx(2 / 3)
    assert found["relaxed.micro.recall"] == 1
    assert found["relaxed.micro.f1"] == pytest.approx(0.8)
    assert found["boundary.micro.recall"] == 0


@pytest.mark.parametrize(
    ("start", "end", "hit"), [(0, 4, 0), (0, 5, 1), (9, 12, 1), (10, 12, 0), (6, 7, 1), (0, 20, 1)]
)
def test_one_shared_character_overlaps(start: int, end: int, hit: int) -> None:
    tally = spans.tally([Span(4, 10, "G")], [Span(start, end, "G")])
    assert (tally["relaxed/gold"][0], tally["relaxed/predicted"][0]) == (hit, hit)


def test_roles_are_scored_by_role_and_by_label() -> None:
    gold = [Span(0, 3, "G", role="C"), Span(4, 7, "G", role="M"), Span(8, 9, "S", role="M")]
    said = [Span(0, 3, "G", role="C"), Span(4, 7, "G", role="C"), Span(8, 9, "S", role="M")]
    tally = spans.tally(gold, said, roles=True)
    assert (tally["role/C"], tally["role/M"]) == ((1, 2, 1), (1, 1, 2))
    assert (tally["label/G"], tally["label/S"]) == ((1, 2, 2), (1, 1, 1))
    found = spans.role_scores([tally], ["C", "M"], ["G", "S"])
    assert found["strict.role.C.precision"] == found["strict.role.M.recall"] == 0.5
    assert (found["strict.role.C.support"], found["strict.role.M.support"], found["strict.label.S.support"]) == (
        1,
        2,
        1,
    )
    assert found["strict.macro.f1"] == pytest.approx(2 / 3)
    assert found["exact.accuracy"] == 0
    without = spans.tally(gold, said)
    assert "role/C" not in without
    assert without["exact"] == (1, 1, 1), "roles count where they are asked for"


def test_all_scores_of_panels() -> None:
    text = "(A) Blot. (B) Mice. (C) Gels. Source data: online."
    gold = [Span(0, 9, PANEL, ("A",)), Span(10, 19, PANEL, ("B",)), Span(20, 29, PANEL, ("C",))]
    said = [Span(0, 9, PANEL, ("A",)), Span(10, 18, PANEL, ("D",)), Span(30, 50, PANEL, ())]
    tally = panels.tally(Example("f", "f", text), gold, said)
    assert tally == {
        "starts": (2, 3, 3), "spans": (1, 3, 3), "labels": (1, 2, 3), "neutral": (0, 0, 0), "exact": (0, 1, 1)
    }  # fmt: skip
    found = panels.scores([tally])
    assert found == pytest.approx(
        {
            "starts.precision": 2 / 3, "starts.recall": 2 / 3, "starts.f1": 2 / 3, "spans.precision": 1 / 3,
            "spans.recall": 1 / 3, "spans.f1": 1 / 3, "labels.precision": 1 / 2, "labels.recall": 1 / 3,
            "labels.f1": 0.4, "labels.neutral": 0, "exact.accuracy": 0,
        }
    )  # fmt: skip


def test_a_whole_legend_needs_every_letter() -> None:
    figure = Example("f", "f", "(A) Blot. (B) Mice.")
    gold = [Span(0, 9, PANEL, ("A",)), Span(10, 19, PANEL, ("B",))]
    for letters, exact in ((("B",), 1), ((), 0), (("B", "C"), 0), (("C",), 0)):
        said = [gold[0], Span(10, 19, PANEL, letters)]
        assert panels.tally(figure, gold, said)["exact"] == (exact, 1, 1)
    assert panels.tally(figure, gold, [*gold, Span(4, 9, PANEL, ())])["exact"] == (0, 1, 1)


def test_all_scores_of_hypotheses() -> None:
    gold = Hypothesis((Member("G", "Straße"), Member("G", "b")), (Member("G", "x"),), (Member("E", "blot"),))
    said = Hypothesis((Member("G", "STRASSE"),), (Member("G", "y"), Member("G", "x")), ())
    tally = hypothesis.tally(gold, said)
    assert tally == {
        "members": (2, 3, 4), "interventions": (1, 1, 2), "observations": (1, 2, 1), "assays": (0, 0, 1),
        "exact": (0, 1, 1),
    }  # fmt: skip
    found = hypothesis.scores([tally, hypothesis.tally(gold, gold)])
    assert found["members.micro.precision"] == pytest.approx(6 / 7)
    assert found["members.micro.recall"] == pytest.approx(6 / 8)
    assert found["exact.accuracy"] == 0.5


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("CD8⁺ T  cells", "cd8+ t cells", True), ("ﬁbrin", "FIBRIN", True), ("Straße", "STRASSE", True),
        ("p53", "p 53", False),
     ("IL\u00a02", "il 2", True), (" p53 ", "p53", True), ("p53", "p54", False)],
)  # fmt: skip
def test_how_surfaces_are_compared(one: str, other: str, same: bool) -> None:
    assert (hypothesis.normal(one) == hypothesis.normal(other)) is same
    tally = hypothesis.tally(Hypothesis((Member("G", one),)), Hypothesis((Member("G", other),)))
    assert tally["exact"] == (int(same), 1, 1)


def test_as_many_of_other_members_are_not_exact() -> None:
    one, other = Hypothesis((Member("G", "a"),)), Hypothesis((Member("G", "b"),))
    assert hypothesis.tally(one, other)["exact"] == (0, 1, 1)
    assert hypothesis.tally(one, Hypothesis((), one.interventions))["exact"] == (0, 1, 1)
