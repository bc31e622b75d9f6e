"""Each definition has a test that another would fail; strict scores equal seqeval's to the last digit."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest

from fewshot.metrics import pairwise_sum, spans
from fewshot.records import Span
from fewshot.text import iob

LABELS = tuple(f"L{n}" for n in range(9))


def scored(gold: list[Span], predicted: list[Span], labels: tuple[str, ...] = ("G", "D")) -> dict[str, float]:
    return spans.scores([spans.tally(gold, predicted)], labels)


def test_sums_are_those_of_numpy_to_the_last_digit() -> None:
    chance = random.Random(3)
    for count in (*range(40), 127, 128, 129, 300, 1024, 5000):
        for _ in range(20):
            values = [chance.random() for _ in range(count)]
            assert pairwise_sum(values) == np.sum(np.array(values)), count


def test_another_end_is_no_strict_hit_and_a_relaxed_one() -> None:
    found = scored([Span(0, 3, "G")], [Span(0, 5, "G")])
    assert found["strict.micro.f1"] == found["boundary.micro.f1"] == found["exact.accuracy"] == 0
    assert found["relaxed.micro.f1"] == 1


def test_another_label_is_a_boundary_hit_only() -> None:
    found = scored([Span(0, 3, "G")], [Span(0, 3, "D")])
    assert found["boundary.micro.f1"] == 1
    assert found["strict.micro.f1"] == found["relaxed.micro.f1"] == 0


def test_spans_that_only_touch_do_not_overlap() -> None:
    assert scored([Span(0, 3, "G")], [Span(3, 5, "G")])["relaxed.micro.f1"] == 0


def test_relaxed_counts_each_side_by_itself() -> None:
    found = scored([Span(0, 3, "G"), Span(4, 7, "G")], [Span(0, 7, "G"), Span(8, 9, "G")])
    assert (found["relaxed.micro.recall"], found["relaxed.micro.precision"]) == (1.0, 0.5)


def test_a_duplicate_counts_once_and_an_overlap_is_a_false_positive() -> None:
    found = scored([Span(0, 3, "G")], [Span(0, 3, "G"), Span(0, 3, "G"), Span(0, 2, "G")])
    assert (found["strict.micro.precision"], found["strict.micro.recall"]) == (0.5, 1.0)


def test_macro_is_over_labels_with_gold() -> None:
    found = scored([Span(0, 3, "G")], [Span(0, 3, "G"), Span(4, 5, "D")])
    assert found["strict.macro.f1"] == 1
    assert found["strict.micro.precision"] == 0.5
    assert found["strict.label.D.support"] == 0


def test_empty_for_empty_is_exact_and_zero_elsewhere() -> None:
    found = scored([], [])
    assert found.pop("exact.accuracy") == 1
    assert set(found.values()) == {0.0}


def test_a_role_must_match_too() -> None:
    gold, said = Span(0, 3, "GENEPROD", role="CONTROLLED_VAR"), Span(0, 3, "GENEPROD", role="MEASURED_VAR")
    roles = ("CONTROLLED_VAR", "MEASURED_VAR")
    wrong = spans.role_scores([spans.tally([gold], [said], roles=True)], roles, ("GENEPROD",))
    right = spans.role_scores([spans.tally([gold], [gold], roles=True)], roles, ("GENEPROD",))
    assert wrong["strict.micro.f1"] == 0
    assert right["strict.role.CONTROLLED_VAR.f1"] == right["strict.label.GENEPROD.f1"] == 1


def tags(chance: random.Random, n: int) -> list[str]:
    found: list[str] = []
    while len(found) < n:
        label = chance.choice(LABELS)
        found += ["O"] if chance.random() < 0.5 else [f"B-{label}", *[f"I-{label}"] * chance.randrange(3)]
    return found[:n]


@pytest.mark.local
@pytest.mark.parametrize("seed", range(20))
def test_strict_equals_seqeval(seed: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        v1 = pytest.importorskip("seqeval.metrics.v1")
        scheme = pytest.importorskip("seqeval.scheme").IOB2
    chance = random.Random(seed)
    gold = [tags(chance, 40) for _ in range(30)]
    said = [[*row[:20], *tags(chance, 20)] for row in gold]
    text, edges = iob.join(["w"] * 40)
    tallies = [
        spans.tally(iob.spans(g, edges, text), iob.spans(s, edges, text)) for g, s in zip(gold, said, strict=True)
    ]
    found = spans.scores(tallies, LABELS)

    def seqeval(average: str | None) -> tuple[object, ...]:
        return tuple(v1.precision_recall_fscore_support(gold, said, average=average, scheme=scheme, zero_division=0))

    names = ("precision", "recall", "f1")
    assert tuple(found[f"strict.micro.{n}"] for n in names) == seqeval("micro")[:3]
    assert tuple(found[f"strict.macro.{n}"] for n in names) == seqeval("macro")[:3]
    for name, column in zip((*names, "support"), seqeval(None), strict=True):
        assert [found[f"strict.label.{label}.{name}"] for label in LABELS] == list(column)  # type: ignore[call-overload]


def named(text: str, gold: list[Span], predicted: list[Span]) -> tuple[float, float, float]:
    found = spans.scores([spans.tally(gold, predicted, text=text)], ("G", "D"))
    return (found["names.micro.precision"], found["names.micro.recall"], found["names.micro.f1"])


def test_names_are_a_set_of_each_text() -> None:
    text = "p53 binds P53 and MDM2  b; MDM2 b."
    p53, again = Span(0, 3, "G"), Span(10, 13, "G")
    mdm2, spaced = Span(18, 25, "G"), Span(27, 33, "G")
    assert named(text, [p53, again], [again]) == (1.0, 1.0, 1.0), "another place, another case"
    assert named(text, [mdm2], [spaced]) == (1.0, 1.0, 1.0), "another spacing"
    assert named(text, [p53, mdm2], [p53, again]) == (1.0, 0.5, 2 / 3)
    assert named(text, [p53], [Span(0, 3, "D")]) == (0.0, 0.0, 0.0), "another label"
    assert named(text, [p53, again], [p53, Span(18, 22, "G")]) == (0.5, 1.0, 2 / 3)


def test_names_of_two_texts_do_not_meet() -> None:
    tallies = [
        spans.tally([Span(0, 3, "G")], [], text="p53"),
        spans.tally([], [Span(0, 3, "G")], text="p53"),
    ]
    assert spans.scores(tallies, ("G",))["names.micro.f1"] == 0.0


def test_names_need_the_text() -> None:
    assert not any(name.startswith("names") for name in scored([Span(0, 3, "G")], []))
