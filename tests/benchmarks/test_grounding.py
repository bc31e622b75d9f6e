"""The goals of grounding, on some texts of the bundled corpus."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.grounding import VARIANTS, Text, absent, corpora, ours, placed_share

GOALS = {"exact": 0.998, "case": 0.998, "spaces": 0.998, "dashes": 0.998, "letter": 0.99, "shuffled": 0.96}


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    ((name, found),) = corpora(Path("nowhere"))
    assert name == "bundled"
    return found[:12]


@pytest.mark.parametrize("variant", VARIANTS)
def test_names_are_placed_right(texts: list[Text], variant: str) -> None:
    cases = [VARIANTS[variant](one, random.Random(f"{variant} {at}")) for at, one in enumerate(texts)]
    for format in ("json", "list") if variant != "shuffled" else ("json",):
        row = ours(cases, format).row()
        assert row["recall"] >= GOALS[variant], format
        assert row["precision"] >= GOALS[variant], format


def test_names_of_other_texts_are_not(texts: list[Text]) -> None:
    shares = placed_share(absent(texts, random.Random(0)), None)
    assert shares["n"] == 1000
    assert shares["ours"] <= 0.005
