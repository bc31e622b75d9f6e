"""Hypotheses are sets of (type, surface), compared after NFKC, case folding and collapsing of spaces."""

from __future__ import annotations

from fewshot.metrics.hypothesis import scores, tally
from fewshot.records import Hypothesis, Member


def scored(gold: Hypothesis, predicted: Hypothesis) -> dict[str, float]:
    return scores([tally(gold, predicted)])


def test_surfaces_are_normalised_and_order_and_repetition_do_not_count() -> None:
    gold = Hypothesis(interventions=(Member("G", "TNFα  Receptor"), Member("G", "ﬁbrin")))
    said = Hypothesis(interventions=(Member("G", "fibrin"), Member("G", "tnfα receptor"), Member("G", "FIBRIN")))
    assert scored(gold, said)["exact.accuracy"] == scored(gold, said)["interventions.f1"] == 1


def test_the_type_and_the_role_count() -> None:
    gold = Hypothesis(interventions=(Member("G", "p53"),))
    assert scored(gold, Hypothesis(interventions=(Member("D", "p53"),)))["members.micro.f1"] == 0
    assert scored(gold, Hypothesis(observations=(Member("G", "p53"),)))["members.micro.f1"] == 0


def test_members_are_all_roles_together() -> None:
    gold = Hypothesis((Member("G", "a"),), (Member("G", "b"),), (Member("E", "c"),))
    found = scored(gold, Hypothesis((Member("G", "a"),), (Member("G", "b"),)))
    assert (found["members.micro.precision"], found["members.micro.recall"]) == (1.0, 2 / 3)
    assert found["exact.accuracy"] == found["assays.f1"] == 0


def test_empty_for_empty_is_exact_and_zero_elsewhere() -> None:
    found = scored(Hypothesis(), Hypothesis())
    assert found.pop("exact.accuracy") == 1
    assert set(found.values()) == {0.0}
