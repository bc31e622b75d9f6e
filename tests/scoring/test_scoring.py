"""The common evaluator: answers become values, values become scores, a signature says what they depend on."""

from __future__ import annotations

import pytest

from fewshot import discovery, formats, tasks
from fewshot.experiment.signature import Signature, ids_digest
from fewshot.formats import Format
from fewshot.records import Completion, Example, Kind, Member, Parsed, Prediction, Scheme, Span, Value
from fewshot.scoring import evaluate
from fewshot.scoring.reading import nothing, read_answer, read_answers

TEXT = "Blot of p53 in HeLa."
EXAMPLE = Example("a", "a", TEXT, entities=(Span(8, 11, "GENEPROD"), Span(15, 19, "CELL_LINE")))
SCHEME = Scheme("entities", ("GENEPROD", "CELL_LINE"))
NER = tasks.get("ner")


def read(completion: Completion, scheme: Scheme = SCHEME) -> Prediction:
    return read_answer(completion, EXAMPLE, format=formats.get("copy_tag", "entities"), scheme=scheme, task=NER)


def test_an_answer_becomes_a_value_and_keeps_its_text() -> None:
    text = "Blot of <GENEPROD> p53 </GENEPROD> in HeLa. [END]"
    prediction = read(Completion(text))
    assert prediction == Prediction("a", (Span(8, 11, "GENEPROD"),), text, {}, 1.0)


def test_what_has_no_place_is_kept_of_one_answer_and_of_several() -> None:
    lines = formats.get("list", "entities")
    answers = [Completion("GENEPROD: p53; p63"), Completion("GENEPROD: p63"), Completion("GENEPROD: p53")]
    one = read_answer(answers[0], EXAMPLE, format=lines, scheme=SCHEME, task=NER)
    assert one.unplaced == (Member("GENEPROD", "p63"),)
    assert isinstance(one.value, tuple)
    assert one.value[0].match == "exact"
    several = read_answers(answers, EXAMPLE, format=lines, scheme=SCHEME, task=NER)
    assert (several.unplaced, several.value) == (one.unplaced, one.value)


def test_a_refusal_is_an_answer_that_says_nothing() -> None:
    prediction = read(Completion("Blot of <GENEPROD> p53 </GENEPROD>", "refused"))
    assert (prediction.value, prediction.problems) == ((), {"refused": 1})


def test_an_answer_that_the_limit_cut_is_truncated_even_if_it_looks_whole() -> None:
    assert read(Completion(TEXT, "length")).problems == {"truncated": 1}
    assert read(Completion(TEXT[:11], "length")).problems["truncated"] == 1


def test_labels_that_are_not_asked_for_are_not_predicted() -> None:
    text = "Blot of <GENEPROD> p53 </GENEPROD> in <CELL_LINE> HeLa </CELL_LINE>. [END]"
    assert [s.label for s in read(Completion(text), Scheme("entities", ("CELL_LINE",))).value] == ["CELL_LINE"]  # type: ignore[union-attr]


def test_only_labelled_examples_are_scored() -> None:
    unlabelled = Example("b", "b", "Gel.")
    result = evaluate(
        NER, [EXAMPLE, unlabelled], [Prediction("a", EXAMPLE.entities or ()), Prediction("b", ())],
        labels=SCHEME.labels, signature={},
    )  # fmt: skip
    assert (result.n, result.scores["strict.micro.f1"], result.scores["exact.accuracy"]) == (1, 1.0, 1.0)
    none = evaluate(NER, [unlabelled], [Prediction("b", ())], labels=(), signature={})
    assert (none.n, none.scores) == (0, {})


def test_gold_of_other_labels_is_left_out_and_what_is_predicted_counts() -> None:
    right, other = Span(8, 11, "GENEPROD"), Span(15, 19, "TISSUE")
    result = evaluate(NER, [EXAMPLE], [Prediction("a", (right,))], labels=("GENEPROD",), signature={})
    assert result.scores["strict.micro.f1"] == 1.0
    result = evaluate(NER, [EXAMPLE], [Prediction("a", (right, other))], labels=("GENEPROD",), signature={})
    assert (result.scores["strict.micro.precision"], result.scores["strict.micro.recall"]) == (0.5, 1.0)


def test_an_example_that_failed_is_not_scored() -> None:
    result = evaluate(NER, [EXAMPLE], [], labels=SCHEME.labels, signature={}, complete=False, failed=1)
    assert (result.n, result.failed, result.complete) == (0, 1, False)


@pytest.mark.parametrize("task", discovery.own_names("fewshot.tasks"))
def test_the_prediction_that_says_nothing_scores_nothing(task: str) -> None:
    from fewshot import data

    chosen = tasks.get(task)
    examples = [e for e in data.read("demo") if e.split == "test" and chosen.gold(e)]
    labels = tasks.ordered(chosen, {label for e in examples for label in chosen.labels(chosen.gold(e) or ())})
    result = evaluate(chosen, examples, [nothing(e, chosen) for e in examples], labels=labels, signature={})
    assert result.n == len(examples) > 50
    assert {result.scores[name] for name in chosen.headline} == {0.0}
    gold = [Prediction(e.id, chosen.gold(e) or ()) for e in examples]
    perfect = evaluate(chosen, examples, gold, labels=labels, signature={})
    assert {perfect.scores[name] for name in chosen.headline} == {1.0}


def test_ids_count_with_their_order() -> None:
    other = Example("b", "b", "x")
    assert ids_digest([EXAMPLE, other]) != ids_digest([other, EXAMPLE])
    assert ids_digest([Example("a\ud83d", "a", "x")])


def test_a_signature_is_named_by_all_that_it_holds() -> None:
    one = {"task": "ner", "shots": {"asked": 3, "mean": 2.5}, "labels": ["A", "B"], "model": None, "extra": {}}
    assert Signature(one).id == Signature(dict(reversed(one.items()))).id
    assert Signature(one).id != Signature(one | {"model": "m"}).id
    assert Signature(one).line == "task:ner|shots:asked=3,mean=2.5|labels:A,B|model:none|extra:none"


class Measured(Format):
    """A format that keeps how long the answer was that it read."""

    kinds = frozenset[Kind]({"entities"})
    stop: tuple[str, ...] = ()
    read = 0

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        return ""

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        self.read = len(answer)
        return Parsed(())


def test_an_answer_without_an_end_is_read_only_so_far() -> None:
    example, scheme, format_ = Example("a", "a", "p53 " * 100), Scheme("entities", ("GENEPROD",)), Measured()
    whole = Completion("p53 " * 2_500_000)
    found = read_answer(whole, example, format=format_, scheme=scheme, task=tasks.get("ner"))
    assert 50 * 400 <= format_.read <= 100_000
    assert found.output == whole.text, "kept as it came"
    read_answer(Completion("p53 " * 300), example, format=format_, scheme=scheme, task=tasks.get("ner"))
    assert format_.read == 1200
