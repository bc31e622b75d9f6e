"""The vocabulary of SourceData: the labels of entities, and the roles that two of them have.

    "p53 in nutlin-treated cells, western blot"      p53 GENEPROD, MEASURED_VAR · nutlin SMALL_MOLECULE, CONTROLLED_VAR
                                                     western blot EXP_ASSAY

These are the defaults of our tasks and what the readers of SourceData's formats write; data with other labels keep
theirs. Source: Abreu-Vicente et al., the SourceData-NLP dataset, https://huggingface.co/datasets/EMBO/SourceData.
"""

from __future__ import annotations

GENE_PRODUCT = "GENEPROD"
SMALL_MOLECULE = "SMALL_MOLECULE"
ASSAY = "EXP_ASSAY"

LABELS = (
    GENE_PRODUCT, SMALL_MOLECULE, "SUBCELLULAR", "CELL_TYPE", "CELL_LINE", "TISSUE", "ORGANISM", ASSAY, "DISEASE",
)  # fmt: skip
"""The labels of entities, in the order in which prompts list them."""

WITH_ROLES = (GENE_PRODUCT, SMALL_MOLECULE)
"""The labels of the entities that have a role, in the order in which `is_category` of the data set counts them."""

CONTROLLED = "CONTROLLED_VAR"
"""The role of what was changed on purpose."""

MEASURED = "MEASURED_VAR"
"""The role of what was measured."""

ROLES = (CONTROLLED, MEASURED)

ASSAY_TAG = "EXPERIMENT"
"""What the study's sentences of hypotheses call an assay, between angle brackets."""
