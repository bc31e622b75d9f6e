"""The goals on real data, where they are: nothing of them is part of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.audit import found
from benchmarks.corrupting import PANELS
from fewshot.audit import audit
from fewshot.audit.repair import repair
from fewshot.data import read

SHARED = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the real data are not in this checkout")


def test_the_study() -> None:
    dirty = read(str(SHARED / "panelization" / "study_dirty.jsonl"), "panelization")
    findings = audit(dirty, "panelization")
    assert [finding.kind for finding in findings if finding.severity != "note"] == ["merged_panels"] * 2
    assert repair(dirty, "panelization")[0] == read(str(SHARED / "panelization" / "study_right.jsonl"))


def test_the_article() -> None:
    examples = read(str(SHARED / "sourcedata_xml" / "article.xml"), "panelization")
    merged = [finding for finding in audit(examples, "panelization") if finding.severity != "note"]
    assert [finding.kind for finding in merged] == ["enumerated_in_sentence"] * 4
    assert sorted(finding.id[-3:] for finding in merged) == ["711", "711", "712", "715"]


def test_real_legends() -> None:
    examples = read(str(SHARED / "panelization" / "legends.jsonl"), "panelization")
    false = [finding for finding in audit(examples, "panelization") if finding.severity != "note"]
    assert len(false) < 0.1 * len(examples)  # two, both about the figure with another one's caption
    merges = {name: PANELS[name] for name in ("merge", "merge_with_letters")}
    *_, every = found(examples, merges, "panelization", share=0.5, seeds=3)
    assert every["recall"] >= 0.9
    assert every["precision"] >= 0.95
    assert every["merges_restored"] >= 0.95
