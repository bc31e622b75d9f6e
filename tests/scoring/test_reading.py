"""Answers become predictions whatever a format gives: cut to the labels asked for, problems counted, samples put
together."""

from __future__ import annotations

from typing import Any

import pytest

from fewshot import formats, tasks
from fewshot.formats import Format
from fewshot.records import Completion, Example, Hypothesis, Kind, Member, Parsed, Scheme, Span, Value
from fewshot.scoring import evaluate
from fewshot.scoring.reading import nothing, read_answer, read_answers, too_long
from fewshot.scoring.votes import majority

TEXT = "Blot of p53 in HeLa."
EXAMPLE = Example("a", "a", TEXT, entities=())
P53, HELA = Span(8, 11, "GENEPROD"), Span(15, 19, "CELL_LINE")
SCHEME = Scheme("entities", ("GENEPROD",))
NER = tasks.get("ner")


class Saying(Format):
    """A third party's format: what it reads, an answer names by a number."""

    kinds = frozenset[Kind]({"entities"})
    stop: tuple[str, ...] = ()

    def __init__(self, *parsed: Parsed) -> None:
        self.parsed = parsed

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        return ""

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        return self.parsed[int(answer)]


def read(parsed: Parsed, finish: Any = "stop") -> Any:
    return read_answer(Completion("0", finish), EXAMPLE, format=Saying(parsed), scheme=SCHEME, task=NER)


def together(*parsed: Parsed) -> Any:
    completions = [Completion(str(number)) for number in range(len(parsed))]
    return read_answers(completions, EXAMPLE, format=Saying(*parsed), scheme=SCHEME, task=NER)


def test_a_format_cannot_bring_in_labels_that_were_not_asked_for() -> None:
    assert read(Parsed((P53, HELA))).value == (P53,)


def test_problems_are_sorted_and_none_is_zero() -> None:
    found = read(Parsed((), {"unclosed_tag": 2, "not_in_text": 1, "truncated": 0}))
    assert list(found.problems.items()) == [("not_in_text", 1), ("unclosed_tag", 2)]


@pytest.mark.parametrize(("counted", "truncated"), [(0, 1), (1, 1), (2, 2)])
def test_an_answer_cut_by_its_limit_is_truncated_once(counted: int, truncated: int) -> None:
    assert read(Parsed((), {"truncated": counted}), "length").problems == {"truncated": truncated}


@pytest.mark.parametrize("why", ["refused", "too_long"])
def test_an_answer_that_is_none_is_not_read(why: str) -> None:
    found = read(Parsed((P53,), {"empty": 1}, 0.5), why)
    assert (found.value, found.problems, found.output, found.fidelity) == ((), {why: 1}, "0", None)


def test_one_answer_is_itself() -> None:
    found = together(Parsed((P53,), {}, 0.5))
    assert (found.value, found.output, found.fidelity) == ((P53,), "0", 0.5)
    assert found.value[0].confidence is None


def test_several_answers_add_up() -> None:
    found = together(
        Parsed((P53,), {"not_in_text": 2}, 0.5), Parsed((P53, HELA), {"not_in_text": 1, "empty": 1}, 1.0), Parsed(())
    )
    assert found.value == (P53,)
    assert found.value[0].confidence == 2 / 3
    assert found.problems == {"empty": 1, "not_in_text": 3}
    assert found.output == ("0", "1", "2")
    assert found.fidelity == 0.75, "of those that copy"
    assert together(Parsed(()), Parsed(())).fidelity is None


def test_of_a_name_written_in_two_ways_the_first_is_kept() -> None:
    both = Hypothesis((Member("G", "P53"), Member("G", "p53")))
    assert [m.text for m in majority([both, both]).interventions] == ["P53"]  # type: ignore[union-attr]
    turned = Hypothesis((Member("G", "p53"), Member("G", "P53")))
    assert [m.text for m in majority([both, turned]).interventions] == ["P53"]  # type: ignore[union-attr]


def test_members_of_another_type_are_others() -> None:
    voted = majority([Hypothesis((Member("G", "p53"),)), Hypothesis((Member("D", "p53"),))])
    assert voted == Hypothesis()


def test_a_ligature_and_case_are_no_other_name() -> None:
    voted = majority(
        [Hypothesis((Member("G", "ﬁbrin CD8⁺ Straße"),)), Hypothesis((Member("G", "FIBRIN CD8+  STRASSE"),))]
    )
    assert len(voted.interventions) == 1  # type: ignore[union-attr]


def test_what_is_not_asked_at_all_is_counted() -> None:
    assert too_long(EXAMPLE, NER).problems == {"too_long": 1}
    assert (nothing(EXAMPLE, NER).value, nothing(EXAMPLE, NER).problems) == ((), {})


def test_nothing_to_find_and_nothing_found_is_right() -> None:
    result = evaluate(NER, [EXAMPLE], [nothing(EXAMPLE, NER)], labels=("GENEPROD",), signature={})
    assert (result.n, result.scores["exact.accuracy"]) == (1, 1.0)


def test_a_prediction_goes_to_its_own_example() -> None:
    other = Example("b", "b", TEXT, entities=(P53,))
    predictions = [nothing(EXAMPLE, NER), read(Parsed((P53,)))]
    assert evaluate(NER, [other], predictions, labels=("GENEPROD",), signature={}).n == 0


def test_a_format_that_cannot_carry_a_value_is_refused() -> None:
    from fewshot.errors import InputError

    with pytest.raises(InputError, match="format 'sentence' cannot carry entities; use copy_tag or json or list"):
        formats.get("sentence", "entities")
