"""The goals of the audit, on the bundled corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.audit import corpora, found
from benchmarks.corrupting import ENTITIES, PANELS
from fewshot.audit import audit
from fewshot.records import Example


@pytest.fixture(scope="module")
def figures() -> list[Example]:
    return corpora(Path("nowhere"))["bundled, panels"][1]


def test_clean_legends_are_quiet(figures: list[Example]) -> None:
    for task in ("panelization", "ner"):
        assert [finding for finding in audit(figures, task) if finding.severity != "note"] == []


def test_planted_faults_of_panels_are_found(figures: list[Example]) -> None:
    *_, every = found(figures, PANELS, "panelization", share=0.5, seeds=2)
    assert every["recall"] >= 0.95
    assert every["precision"] >= 0.95
    assert every["merges_restored"] >= 0.9  # docs/audit.md: of ten seeds .95


def test_planted_faults_of_entities_are_found(figures: list[Example]) -> None:
    *_, every = found(figures, ENTITIES, "ner", share=0.25, seeds=2)
    assert every["recall"] >= 0.75
    assert every["precision"] >= 0.95
