"""Witnesses, and models that have not seen what they judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fewshot import data, tasks
from fewshot.audit import cross_fit, witnesses
from fewshot.errors import InputError
from fewshot.experiment.external import evaluate
from fewshot.files import json_lines
from fewshot.records import PANEL, Example, Prediction, Span
from fewshot.schema import prediction_to_json

TEXT = "We gave aspirin to mice. Aspirin helped the mice."


def example(number: int, *entities: Span) -> Example:
    return Example(f"e{number}", f"article {number // 2}", TEXT, entities=entities)


ASPIRIN, AGAIN, MICE = Span(8, 15, "DRUG"), Span(25, 32, "DRUG"), Span(19, 23, "ANIMAL")
GOLD = [*(example(n, ASPIRIN, AGAIN) for n in range(30)), example(30, ASPIRIN), example(31, ASPIRIN, AGAIN, MICE)]


def run(folder: Path, answers: Sequence[tuple[Span, ...]], task: str = "ner") -> Path:
    """A finished run whose predictions are given."""
    data.write(GOLD, folder.with_suffix(".jsonl"), "jsonl")
    rows = (prediction_to_json(Prediction(e.id, spans), "entities") for e, spans in zip(GOLD, answers, strict=True))
    folder.with_suffix(".predictions").write_text(json_lines(rows), "utf-8")
    evaluate(
        task, data=str(folder.with_suffix(".jsonl")), predictions=folder.with_suffix(".predictions"), out=folder
    )  # fmt: skip
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    every = [(ASPIRIN, AGAIN)] * len(GOLD)
    other = [*every[:-1], (ASPIRIN,)]
    return [run(tmp_path / "rules", every), run(tmp_path / "tagger", every), run(tmp_path / "model", other)]


def test_what_all_witnesses_say_and_gold_does_not(runs: list[Path]) -> None:
    found = witnesses.find(GOLD, witnesses.testimony(runs, GOLD))
    suggested = [finding for finding in found if finding.kind == "suggested_span"]
    assert [(finding.id, finding.start, finding.certainty) for finding in suggested] == [("e30", 25, "likely")]
    doubted = [finding for finding in found if finding.kind == "doubted_span"]
    assert [(finding.id, finding.quote) for finding in doubted] == [("e31", "mice")]
    assert not any(finding.is_certain for finding in found)


def test_one_witness_is_none(runs: list[Path]) -> None:
    with pytest.raises(InputError, match="one witness is none"):
        witnesses.testimony(runs[:1], GOLD)


def test_witnesses_of_other_data(runs: list[Path]) -> None:
    with pytest.raises(InputError, match="no example in common"):
        witnesses.testimony(runs, [replace(GOLD[0], id="other")])
    with pytest.raises(InputError, match="the text of e0 is another one"):
        witnesses.testimony(runs, [replace(GOLD[0], text="x" * 60, entities=())])


def test_folds_share_no_article() -> None:
    parts = cross_fit.folds(GOLD, 4)
    groups = [{example.group for example in part} for part in parts]
    assert sum(map(len, groups)) == len(set().union(*groups))
    assert sorted(example.id for part in parts for example in part) == sorted(example.id for example in GOLD)
    assert max(map(len, parts)) - min(map(len, parts)) <= 2
    assert parts == cross_fit.folds(GOLD, 4)
    with pytest.raises(InputError, match="--folds 40 needs"):
        cross_fit.folds(GOLD, 40)


def test_tasks_that_no_tagger_can_do(tmp_path: Path) -> None:
    fit = cross_fit.Fit("tiny-tagger")
    for task in ("causal", "roles"):
        with pytest.raises(InputError, match="--cross-fit trains taggers"):
            list(cross_fit.scored(GOLD, task, fit, tmp_path, print))


@pytest.mark.local
def test_a_span_is_as_probable_as_its_least_probable_word() -> None:
    pytest.importorskip("torch")
    from fewshot.models.word_probabilities import Reading, Word

    names = ("O", "B-DRUG", "I-DRUG")
    words = (Word(0, 7, (0.1, 0.8, 0.1)), Word(8, 12, (0.3, 0.1, 0.6)), Word(13, 17, (0.9, 0.05, 0.05)))
    reading = Reading(Example("a", "a", "aspirin pill mice", entities=(Span(0, 12, "DRUG"),)), names, words, ())

    def of(start: int, end: int, label: str = "DRUG") -> float:
        return cross_fit.probability(Span(start, end, label), reading, starts=False)

    assert (of(0, 7), of(0, 12), of(0, 17)) == (0.8, 0.6, 0.05)
    assert of(0, 7, "GENE") == 0.0
    assert of(3, 7) == 0.0  # begins inside a word
    assert of(7, 8) == 0.0  # no word
    panels = replace(reading, names=("O", f"B-{PANEL}"), words=(Word(0, 7, (0.3, 0.7)), Word(8, 12, (0.9, 0.1))))
    assert cross_fit.probability(Span(0, 12, PANEL), panels, starts=True) == 0.7
    (gold,) = cross_fit.spans(reading, tasks.get("ner"))
    assert (gold.in_gold, gold.suspicion) == (True, 1 - 0.6)


@pytest.mark.local
@pytest.mark.slow
def test_a_fault_is_the_first_thing_that_is_doubted(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    names = [f"{a}{b}" for a in ("asp", "ibu", "keto", "nap", "cele") for b in ("irin", "profen", "rolac", "roxen")]
    examples = []
    for number in range(120):
        name = names[number % len(names)]
        text = f"We gave {name} to the mice in the morning."
        span = Span(8, 8 + len(name), "DRUG") if number != 60 else Span(text.index("morning"), text.index("."), "DRUG")
        examples.append(Example(f"e{number}", f"g{number}", text, entities=(span,)))
    fit = cross_fit.Fit("tiny-tagger", folds=2, steps=120)
    spans = list(cross_fit.scored(examples, "ner", fit, tmp_path, lambda line: None))
    assert Counter(one.in_gold for one in spans)[True] == 120
    worst = max((one for one in spans if one.in_gold), key=lambda one: one.suspicion)
    assert worst.example.id == "e60"
    assert {finding.id for finding in cross_fit.find(spans)} <= {"e60"}
