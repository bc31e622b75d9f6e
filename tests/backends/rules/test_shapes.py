"""The vocabulary of the rules: every label has names, whatever a data set calls it, and they mean what they say."""

from __future__ import annotations

import pytest

from fewshot import tasks
from fewshot.backends.rules import entities, shapes


def found(text: str, *labels: str) -> list[tuple[str, str]]:
    return [(span.cut(text), span.label) for span in entities.find(text, (), labels)]


@pytest.mark.parametrize("label", tasks.get("ner").known_labels)
def test_every_label_of_sourcedata_is_known(label: str) -> None:
    assert shapes.of(label)


@pytest.mark.parametrize(
    "label", ["Chemical", "DRUG", "Disease", "gene", "Species", "CellLine", "GENE_OR_GENE_PRODUCT"]
)
def test_other_data_sets_names_of_labels(label: str) -> None:
    assert shapes.of(label)


def test_a_label_that_nobody_knows_has_no_shape() -> None:
    assert shapes.of("PANEL_COLOUR") == ()
    assert found("Blot of p53.", "PANEL_COLOUR") == []


@pytest.mark.parametrize(
    ("text", "label", "names"),
    [
        ("given dexamethasone, lorazepam or H2O2", "Chemical", ["dexamethasone", "lorazepam", "H2O2"]),
        ("acute renal failure and hepatitis", "Disease", ["acute renal failure", "hepatitis"]),
        ("Parkinson's disease; diagnosis of apoptosis", "Disease", ["Parkinson's disease"]),
        ("TNFα, IL-6, GM-CSF and β-actin by ANOVA", "GENEPROD", ["TNFα", "IL-6", "GM-CSF", "β-actin"]),
        ("Western blotting and TUNEL staining", "EXP_ASSAY", ["Western blotting", "TUNEL staining"]),
        ("co‐immunoprecipitation of it", "EXP_ASSAY", ["co‐immunoprecipitation"]),
        ("the plasma membrane and early endosomes", "SUBCELLULAR", ["plasma membrane", "early endosomes"]),
        ("in C. elegans and mice", "ORGANISM", ["C. elegans", "mice"]),
    ],
)
def test_names(text: str, label: str, names: list[str]) -> None:
    assert [surface for surface, _ in found(text, label)] == names


def test_an_abbreviation_in_brackets_is_its_entity_from_there_on() -> None:
    text = "Myocardial infarction (MI) was rare; MI of rats (R)."
    assert found(text, "Disease") == [("Myocardial infarction", "Disease"), ("MI", "Disease"), ("MI", "Disease")]


def test_where_a_cell_line_is_written_like_a_gene_it_is_a_cell_line() -> None:
    assert found("Loss of MDM2 in SW620 cells.", "GENEPROD", "CELL_LINE") == [
        ("MDM2", "GENEPROD"),
        ("SW620", "CELL_LINE"),
    ]
