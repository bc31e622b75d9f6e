"""The rules read 50 kB of any sign or construct in time that grows with its length alone."""

from __future__ import annotations

import time

import pytest

from fewshot.backends.rules import entities, panels
from fewshot.backends.rules.panels import _best_chain, _candidates
from fewshot.records import Example, Span

LENGTH = 50_000
MOST_SECONDS = 4.0  # of processor time, for the patterns of all labels at once; quadratic readers took minutes
SHOWN = [Example("s", "s", "MDM2 blot in U2OS", entities=(Span(0, 4, "GENEPROD"), Span(5, 9, "EXP_ASSAY")))]
LABELS = ("GENEPROD", "EXP_ASSAY", "CELL_LINE", "SMALL_MOLECULE", "SUBCELLULAR", "Disease")


@pytest.mark.parametrize(
    "sign", ["A, ", "B. ", "(C) ", "D) ", "[e] ", "f.g. ", "(A) b. C, D–E. ", "\n", "-", "–x", "GM-", "acute ", "a "]
)
def test_time_is_linear(sign: str) -> None:
    text = sign * (LENGTH // len(sign))
    start = time.process_time()
    panels.find(text)
    entities.find(text, SHOWN, LABELS)
    assert time.process_time() - start < MOST_SECONDS


def test_the_best_chain_of_many_candidates_is_that_of_few() -> None:
    once = "(A) Blot. (B) Gel. C, Assay. (C) Plot. (E–F) Cells. "
    found = [candidate.label.start for candidate in _best_chain(_candidates(once))]
    assert found == [0, 10, 29, 39]
    again = [candidate.label.start for candidate in _best_chain(_candidates(once * 50))]
    assert again[:4] == found
