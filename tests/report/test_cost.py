"""What a system costs: by an API's price, else by its seconds; what is not known is never 0."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fewshot.errors import InputError
from fewshot.experiment.usage import Usage
from fewshot.records import Training
from fewshot.report.compare import compare
from fewshot.report.cost import Cost, mean
from fewshot.report.rows import Row
from tests.report.systems import LOCAL, PROGRAM, PROMPTED, System, corpus, write

PRICED = Usage(
    prompt_tokens=2400, completion_tokens=600, tokens=3000, cost_usd=0.06, seconds_per_example=2.0, seconds_p50=1.5,
    seconds_p95=4.0,
)  # fmt: skip
TIMED = Usage(seconds_per_example=0.36, seconds_p50=0.3, seconds_p95=0.9)
TRAINED = Training(seconds=1800.0)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(corpus(4), "gold.jsonl")
    Path("runs").mkdir()


def row(system: System, gpu_hour_usd: float | None = None, name: str = "one") -> Row:
    return compare([system.run(f"runs/{name}")], gpu_hour_usd=gpu_hour_usd).systems[0]


def test_dollars_and_tokens_of_an_api() -> None:
    found = row(System(right=0.75, signature=PROMPTED, usage=PRICED), gpu_hour_usd=1000.0)
    hits = found.counts[0].counts[:, found.counts[0].measures.index("strict"), 0].sum()
    assert (found.cost.prompt_tokens, found.cost.completion_tokens) == (200.0, 50.0)
    assert found.cost.usd_per_thousand == pytest.approx(5.0), "the price of an hour is for what no API priced"
    assert found.cost.usd_per_hit == pytest.approx(0.06 / hits)
    assert (found.cost.p50, found.cost.p95) == (1.5, 4.0)


def test_dollars_of_measured_seconds() -> None:
    found = row(System(right=0.75, signature=LOCAL, usage=TIMED, training=TRAINED), gpu_hour_usd=2.0)
    assert found.cost.usd_per_thousand == pytest.approx(1000 * 0.36 * 2.0 / 3600)
    assert found.cost.training_usd == pytest.approx(1.0)


@pytest.mark.parametrize("usage", [Usage(), replace(PRICED, cost_usd="unknown"), TIMED])
def test_what_is_not_known_is_never_0(usage: Usage) -> None:
    compared = compare([System(right=0.75, signature=PROMPTED, usage=usage).run("runs/one")])
    (found,) = compared.systems
    assert (found.cost.usd, found.cost.usd_per_thousand, found.cost.usd_per_hit) == (None, None, None)
    assert compared.frame["usd_1k"].isna().all()
    cost = compared.to_json()["systems"][1]["cost"]
    assert cost["usd"] is None
    assert cost["training_seconds"] is None
    assert [line[1].text for line in compared.table(["usd_1k"]).rows] == ["–", "–"]
    assert "$0" not in compared.verdict.sentences[-1]
    assert "not known" in compared.verdict.sentences[-1]


def test_without_a_hit_a_hit_has_no_price() -> None:
    found = row(System(right=0.0, signature=PROMPTED, usage=PRICED))
    assert found.cost.usd_per_thousand == pytest.approx(5.0)
    assert found.cost.usd_per_hit is None


def test_of_several_runs_what_one_does_not_know_is_not_known() -> None:
    assert mean([Cost(usd=0.1, p50=1.0), Cost(usd=None, p50=3.0)]) == Cost(usd=None, p50=2.0)


def _pair(prompted: Usage, tuned: Usage, training: Training, hour: float | None) -> object:
    paths = [
        System(right=0.6, signature=PROMPTED, usage=prompted).run("runs/prompted"),
        System(right=0.9, signature=LOCAL, usage=tuned, training=training).run("runs/tuned"),
    ]
    compared = compare(paths, gpu_hour_usd=hour)
    assert compared.break_even(compared.systems[0]) is None, "a prompted model has no training to pay for"
    return compared.break_even(compared.systems[1])


def test_from_how_many_legends_on_training_pays() -> None:
    # 1 dollar of training; a legend costs .005 prompted, .36 s × 2 $/h fine-tuned: 1 / (.005 − .0002)
    assert _pair(PRICED, TIMED, TRAINED, 2.0) == 209


def test_training_that_never_pays() -> None:
    assert _pair(replace(PRICED, cost_usd=0.000001), TIMED, TRAINED, 2.0) == "never"


@pytest.mark.parametrize(
    ("prompted", "tuned", "training", "hour"),
    [
        (PRICED, TIMED, TRAINED, None),
        (PRICED, TIMED, Training(), 2.0),
        (PRICED, Usage(), TRAINED, 2.0),
        (replace(PRICED, cost_usd="unknown", seconds_per_example=None), TIMED, TRAINED, 2.0),
    ],
)
def test_a_break_even_that_is_not_known(prompted: Usage, tuned: Usage, training: Training, hour: float | None) -> None:
    assert _pair(prompted, tuned, training, hour) is None


def test_the_best_prompted_system_is_what_training_is_compared_with() -> None:
    paths = [
        System(right=0.9, signature=PROMPTED, usage=PRICED).run("runs/best"),
        System(right=0.3, signature={**PROMPTED, "model": "cheap"}, usage=replace(PRICED, cost_usd=0.0)).run("runs/c"),
        System(right=0.9, draw=1, signature=LOCAL, usage=TIMED, training=TRAINED).run("runs/tuned"),
    ]
    compared = compare(paths, gpu_hour_usd=2.0)
    assert compared.break_even(compared.row("tiny-tagger")) == 209


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_a_price_of_an_hour_that_is_no_amount(price: float) -> None:
    path = System(right=0.5, signature=PROGRAM).run("runs/one")
    with pytest.raises(InputError, match="--gpu-hour-usd must be at least 0"):
        compare([path], gpu_hour_usd=price)
