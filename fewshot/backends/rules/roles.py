"""Finds the roles of given entities, from the words around them or from the same surface in a demonstration.

"treated with nutlin"  → CONTROLLED_VAR        "levels of p53", "p53 phosphorylation"  → MEASURED_VAR
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from fewshot.records import Example, Span
from fewshot.text.sourcedata import CONTROLLED, GENE_PRODUCT, MEASURED, SMALL_MOLECULE

USUAL = {GENE_PRODUCT: MEASURED, SMALL_MOLECULE: CONTROLLED}
"""The role of an entity about which no word says anything: a gene product is measured, a small molecule is given."""

_CHANGED_BEFORE = re.compile(
    r"(?:treated with|treatment with|(?:knock-?(?:down|out)|depletion|deletion|loss|over-?expression|inhibition"
    r"|silencing|absence|presence|addition|removal|effects?|expressing|transfected with|siRNA against|lacking|mutant"
    r"|dose of|exposed to|stimulat\w+ with|incubated with)(?: of| with| the)*)\s*(?:\S+\s){0,3}$",
    re.IGNORECASE,
)
_CHANGED_AFTER = re.compile(
    r"\s*(?:[-–‐]?(?:deficient|null|depleted|treated|induced|knock-?(?:down|out)|KO|KD|overexpressing|mutants?|siRNA"
    r"|shRNA|sgRNA|RNAi|inhibitor|transgenic|\(?[-–]/[-–]\)?|treatment|overexpression|deletion|\+/\+))",
    re.IGNORECASE,
)
_SEEN_BEFORE = re.compile(
    r"(?:levels?|expression|abundance|amounts?|localis\w+|localiz\w+|blots?|blotting|analysis|detection|staining|activity"
    r"|phosphorylation|quantification|measurement|binding|recruitment|secretion|release|antibod\w+|against|stained)"
    r"\s+(?:of|for|against|with)?\s*(?:\S+\s){0,2}$",
    re.IGNORECASE,
)
_SEEN_AFTER = re.compile(
    r"\s*(?:mRNA|proteins?|levels?|expression|abundance|intensity|foci|puncta|staining|signals?|phosphorylation|activity)",
    re.IGNORECASE,
)
_WINDOW = 60
"""Characters before and after an entity in which a word may tell its role: some eight words, less than a sentence. A
judgement."""


def find(text: str, given: Sequence[Span], shown: Sequence[Example], labels: Sequence[str]) -> tuple[Span, ...]:
    """Returns the given entities that have one of the roles `labels`."""
    taught = _taught(shown)
    spans = []
    for span in given:
        role = role_of(text, span) or taught.get(span.cut(text).lower()) or USUAL.get(span.label)
        if role in labels:
            spans.append(replace(span, role=role))
    return tuple(spans)


def role_of(text: str, span: Span) -> str | None:
    """Returns the role that the words around an entity suggest, or `None`."""
    before = re.split(r"[.;!?]\s", text[max(0, span.start - _WINDOW) : span.start])[-1]
    after = text[span.end : span.end + _WINDOW]
    if _CHANGED_AFTER.match(after):
        return CONTROLLED
    if _SEEN_AFTER.match(after):
        return MEASURED
    changed, seen = _CHANGED_BEFORE.search(before), _SEEN_BEFORE.search(before)
    # The nearer word wins: in "expression of cells lacking p53" it is "lacking".
    if changed and (seen is None or changed.start() > seen.start()):
        return CONTROLLED
    return MEASURED if seen else None


def _taught(shown: Sequence[Example]) -> dict[str, str]:
    """Returns the roles of surfaces in the demonstrations."""
    return {
        span.cut(example.text).lower(): span.role for example in shown for span in example.entities or () if span.role
    }
