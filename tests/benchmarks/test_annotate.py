"""The measurement of `fewshot annotate`, on a few legends: killed twice, it ends with the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import annotate


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotate, "WORK", tmp_path)
    monkeypatch.setattr(annotate, "_PAPERS", 3)


def test_no_two_legends_are_alike() -> None:
    rows = [row for row, _ in zip(annotate.legends(), range(200), strict=False)]
    assert len({row["text"] for row in rows}) == len({row["id"] for row in rows}) == 200


@pytest.mark.slow
def test_a_job_that_is_killed_twice_ends_with_the_same_bytes() -> None:
    whole, killed = annotate.million(16_000, ray=False)
    assert whole["done"] == killed["done"] == 16_000
    assert killed["sha256"] == whole["sha256"]
    assert all(0 < parts < 4 for parts in killed["parts when killed"])
