"""Run folders that the tests of the report share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import pytest

from fewshot.experiment.usage import Usage
from fewshot.records import Training
from tests.report.systems import LOCAL, PROGRAM, PROMPTED, System, corpus, write

PRICED = Usage(
    prompt_tokens=12_000, completion_tokens=2_400, tokens=14_400, cost_usd=0.012,
    price="$0.5 in, $2.5 out for 1M tokens", seconds_per_example=1.25, seconds_p50=1.1, seconds_p95=2.75,
)  # fmt: skip
TIMED = Usage(seconds_per_example=0.02, seconds_p50=0.018, seconds_p95=0.03)

SYSTEMS = {
    "rules": System(right=0.5, draw=1, signature=PROGRAM),
    "gpt-0": System(right=0.55, draw=2, signature={**PROMPTED, "shots": {"asked": 0, "mean": 0.0}}, usage=PRICED),
    "gpt-3": System(right=0.75, draw=3, signature=PROMPTED, usage=replace(PRICED, prompt_tokens=48_000, cost_usd=0.03)),
    "tagger": System(right=0.95, draw=4, signature=LOCAL, usage=TIMED, training=Training(seconds=95.0)),
}


def written(folder: Path) -> Path:
    """Writes the runs of `SYSTEMS` on eight articles, under `runs/` of a folder; returns the folder."""
    with chdir(folder):
        write(corpus(8), "gold.jsonl")
        Path("runs").mkdir()
        for name, system in SYSTEMS.items():
            system.run(f"runs/{name}")
    return folder


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs of `SYSTEMS`."""
    return written(tmp_path_factory.mktemp("systems"))


@pytest.fixture
def runs(systems: Path) -> Iterator[list[Path]]:
    """The runs of `SYSTEMS`, in the folder where they are."""
    with chdir(systems):
        yield [Path("runs") / name for name in SYSTEMS]
