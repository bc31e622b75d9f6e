"""What the numbers say, in words: only what they do say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from fewshot.experiment.running import run
from fewshot.experiment.usage import Usage
from fewshot.records import Training
from fewshot.report import overall
from fewshot.report.compare import compare
from fewshot.report.comparison import Comparison
from tests.report.systems import LOCAL, PROGRAM, PROMPTED, System, corpus, write


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(corpus(8), "gold.jsonl")
    Path("runs").mkdir()


def compared(**right: float) -> Comparison:
    """Systems by name with their probabilities of a right answer."""
    signatures = {"rules": PROGRAM, "prompted": PROMPTED, "tuned": LOCAL}
    return compare(
        [
            System(right=share, draw=draw, signature=signatures[name]).run(f"runs/{name}")
            for draw, (name, share) in enumerate(right.items())
        ]
    )


def said(comparison: Comparison) -> str:
    return " ".join(comparison.verdict.sentences)


def test_fine_tuning_is_detected_to_be_better() -> None:
    found = compared(prompted=0.5, tuned=0.95)
    first, second, third = found.verdict.sentences
    assert first.startswith("Fine-tune: the best fine-tuned model, tiny-tagger (3,060 labelled examples), reaches ")
    assert "the best prompted model, gpt-6, reaches strict.micro.f1 ." in first
    assert re.search(r"a difference of \+\.\d{3} \[\+\.\d\d, \+\.\d\d\] \(p (<|)\.\d{3}\)\.$", first)
    assert second.startswith("On 8 articles tiny-tagger is better than the other system; to be detected four times in ")
    assert third == "What gpt-6 costs is not known; what tiny-tagger costs is not known."


def test_few_shot_prompting_does_better() -> None:
    first = compared(prompted=0.97, tuned=0.5).verdict.sentences[0]
    assert first.startswith("Few-shot prompting does better: ")
    assert "a difference of −" in first


def test_what_cannot_be_told_apart_is_said_with_the_difference_that_could_be() -> None:
    found = compared(prompted=0.8, tuned=0.75)
    one = found.differences()[next(label for label in found.differences())]
    assert one.minimum_detectable is not None
    assert not one.detected
    least = f"{one.minimum_detectable:.2f}".removeprefix("0")
    first, second, _ = found.verdict.sentences
    assert first.startswith("Few-shot prompting and fine-tuning cannot be told apart here: ")
    assert first.endswith(f"; {least} would have been detected four times in five.")
    assert "cannot be told apart from" in second
    assert second.endswith(f"must be {least}.")
    assert "good enough" not in said(found)


def test_too_few_articles_tell_nothing_apart() -> None:
    write(corpus(2), "gold.jsonl")
    found = compared(prompted=0.3, tuned=1.0)
    first, second, _ = found.verdict.sentences
    assert first.startswith("Whether few-shot prompting is good enough cannot be tested here: ")
    assert second == "Nothing can be told apart: tests need 3 articles, and these examples are of 2."
    assert found.tied() == ()
    assert "≈" not in found.markdown()
    assert "No interval: 2 articles, an interval needs 3." in found.markdown()


def test_without_a_fine_tuned_model_the_question_stays_open() -> None:
    first = compared(rules=0.3, prompted=0.95).verdict.sentences[0]
    assert first.startswith(
        "Whether fine-tuning would do better this table cannot say, for no fine-tuned model is in it"
    )
    assert "which is better than rules-2, ." in first


def test_without_a_prompted_model_too() -> None:
    first = compared(rules=0.7, tuned=0.7).verdict.sentences[0]
    assert first.startswith("Whether few-shot prompting would do better this table cannot say")
    assert ", not told apart from rules-2, ." in first


def test_programs_alone() -> None:
    assert compared(rules=0.7).verdict.sentences[0].startswith("No language model is in this table; rules-2 reaches ")


def test_nothing_is_scored() -> None:
    write([{"id": "a", "text": "Blot of p53."}], "plain.jsonl")
    found = compare([run("ner", data="plain.jsonl", unlabelled=True, out="runs/plain").folder.path])
    assert found.verdict.sentences == ("Nothing is scored: the examples have no gold for this task.",)
    assert found.verdict.command is None
    found.write(Path("out"))


def test_the_costs_are_said_with_the_break_even() -> None:
    priced = Usage(cost_usd=0.024, seconds_per_example=1.0, seconds_p50=1.0, seconds_p95=2.0)
    timed = replace(priced, cost_usd=None, seconds_per_example=0.36, seconds_p50=0.3)
    paths = [
        System(right=0.6, signature=PROMPTED, usage=priced).run("runs/prompted"),
        System(right=0.9, signature=LOCAL, usage=timed, training=Training(seconds=3600.0)).run("runs/tuned"),
    ]
    last = compare(paths, gpu_hour_usd=2.0).verdict.sentences[-1]
    assert last == (
        "1,000 legends cost $1.00 with gpt-6 (1 s each) and $0.20 with tiny-tagger (0.3 s each), trained in 1 h for "
        "$2.00: from 2,500 legends on the fine-tuned model is the cheaper one, the price of its labels "
        "not counted."
    )
    last = compare(paths).verdict.sentences[-1]
    assert "what that costs is not known (--gpu-hour-usd prices the seconds)" in last
    assert "cheaper" not in last


def test_the_command_names_the_legend_that_the_best_model_got_most_wrong() -> None:
    found = compared(prompted=0.5, tuned=0.9)
    run = found.systems[1].runs[0]
    (worst,) = run.errors.worst(1)
    assert found.verdict.command == f"fewshot show runs/tuned {worst.id}"


def test_the_verdict_over_several_tasks_is_one_sentence_each() -> None:
    tuned = compared(prompted=0.5, tuned=0.95)
    over = overall.over([tuned, replace(tuned)])
    assert over.sentences[0].startswith("Fine-tune for ner (+.")
    assert over.sentences[1].startswith("Best is tiny-tagger for ner and ner; on 8 articles a difference must be .")
    assert over.command == tuned.verdict.command


def test_a_pair_in_two_families_is_judged_once() -> None:
    """The best system and the baseline are compared both among the differences and among the ties."""
    checked = 0
    for share in (0.7, 0.75, 0.8, 0.85, 0.9):
        found = compared(rules=0.95, prompted=share, tuned=0.6)
        best, baseline = found.best(), found.baseline
        assert best is not None
        if baseline is None or baseline == best.label:
            continue
        checked += 1
        assert (baseline in found.tied()) is not found.differences()[best.label].detected
    assert checked >= 3


def test_the_difference_in_words_is_that_of_the_table() -> None:
    found = compared(rules=0.99, prompted=0.5, tuned=0.9)
    tabled = found.differences()
    prompted, tuned = "gpt-6", "tiny-tagger"
    assert found.baseline == tuned
    said_of_pair = found.between([prompted], [tuned], (prompted, tuned))
    assert said_of_pair is not None
    assert said_of_pair.adjusted == tabled[prompted].adjusted
    assert said_of_pair.delta == -tabled[prompted].delta
    assert (said_of_pair.low, said_of_pair.high) == (-(tabled[prompted].high or 0), -(tabled[prompted].low or 0))


def test_a_pair_without_the_baseline_is_adjusted_for_the_choice_of_both() -> None:
    found = replace(compared(rules=0.9, prompted=0.7, tuned=0.8), baseline="rules-2")
    both = found.between(["gpt-6", "gpt-6"], ["tiny-tagger", "rules-2"], ("gpt-6", "tiny-tagger"))
    alone = found.against("gpt-6", ["tiny-tagger"])["tiny-tagger"]
    assert both is not None
    assert both.adjusted is not None
    assert alone.adjusted is not None
    assert both.adjusted >= alone.adjusted
