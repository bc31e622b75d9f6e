"""Labels in other writing."""

from __future__ import annotations

import pytest

from fewshot.text.labels import Labels

LABELS = Labels(("GENEPROD", "CELL_TYPE", "GO:BP", "GO", "A-B", "AB", "Größe"))


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("geneprod", "GENEPROD"), (" GeneProd ", "GENEPROD"), ("Gene prod", "GENEPROD"), ("Cell type", "CELL_TYPE"),
        ("cell-types", "CELL_TYPE"), ("CELL TYPE", "CELL_TYPE"), ("CellType", "CELL_TYPE"), ("go:bp", "GO:BP"),
        ("GO", "GO"), ("a-b", "A-B"), ("ab", "AB"), ("GRÖSSE", "Größe"), ("TISSUE", None), ("", None), ("-", None),
        ("x" * 100_000, None),
    ],
)  # fmt: skip
def test_what_is_meant(written: str, label: str | None) -> None:
    assert LABELS.find(written) == label


def test_two_labels_that_differ_in_signs_alone_are_told_apart() -> None:
    assert LABELS.find("a b") is None


@pytest.mark.parametrize("label", ["A:ᾀ", "GO:ß", "GO:ŉ"])  # each ends in a letter that is two when its case is folded
def test_a_label_that_grows_in_folding_ends_at_its_colon(label: str) -> None:
    assert not Labels((label,)).goes_on(f"{label}: MDM2", len(label))
    assert Labels((label, label[:2])).goes_on(f"{label}: MDM2", 2 if label.startswith("GO") else 1)
