"""Entities: the surfaces that the demonstrations name, and shapes that give a label away in any legend.

`p53` and `MDM2` look like genes, `Western blot` is an assay wherever it stands, `-inib` ends a drug. Shapes are tried
only for labels that were asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from fewshot.records import Example, Span

_SHAPES: Mapping[str, str] = {
    "EXP_ASSAY": (
        r"(?i:western blot(?:ting|s)?|immunoblot(?:ting|s)?|immunofluorescence(?: staining)?|immunohistochemistry"
        r"|(?:co-?)?immunoprecipitation|(?:RT-)?q(?:RT-)?PCR|RT-PCR|flow cytometry|FACS(?: analysis)?|ELISA"
        r"|RNA-?seq(?:uencing)?|ChIP(?:-seq|-qPCR)?|mass spectrometry|luciferase (?:reporter )?assays?"
        r"|(?:live[- ]cell |confocal |electron |fluorescence |time-lapse )(?:imaging|microscopy)|TUNEL(?: staining)?"
        r"|(?:in situ hybridi[sz]ation)|pull-?down(?: assays?)?|[a-z]+ (?:assays?|staining)|immunostaining|patch clamp"
        r"|Northern blot|Southern blot|EMSA|FRAP|FRET)"
    ),
    "CELL_LINE": (
        r"HeLa|HEK ?293[TFA]?|293T|U2OS|A549|MCF-?7|HCT ?116|HepG2|COS-?7|NIH ?3T3|CHO|Jurkat|K562|RPE-?1|SH-SY5Y"
        r"|MDA-MB-\d+|[A-Z]{2,5}-?\d{2,4}(?= cells\b)"
    ),
    "ORGANISM": (
        r"(?i:mice|mouse|rats?|human|zebrafish|yeast|Drosophila|Xenopus|rabbits?)"
        r"|[A-Z]\. [a-z]{4,}|Caenorhabditis elegans|Escherichia coli|Saccharomyces cerevisiae"
    ),
    "SUBCELLULAR": (
        r"(?i:nucle(?:us|i|ar)|cytoplasm(?:ic)?|cytosol(?:ic)?|mitochondri(?:a|al|on)|endoplasmic reticulum|Golgi"
        r"|lysosom(?:es?|al)|endosom(?:es?|al)|plasma membrane|peroxisomes?|centrosomes?|chromatin|ribosomes?"
        r"|autophagosomes?|stress granules|cilia|nucleol(?:us|i)|kinetochores?|microtubules?|focal adhesions?)"
    ),
    "TISSUE": (
        r"(?i:liver|kidneys?|brain|heart|lungs?|spleen|muscle|hippocamp(?:us|al)|cortex|cerebellum|retina|skin"
        r"|intestine|colon|bone marrow|pancreas|aorta|embryos?)"
    ),
    "CELL_TYPE": (
        r"(?i:fibroblasts?|neurons?|macrophages?|hepatocytes?|astrocytes?|keratinocytes?|myoblasts?|T cells?|B cells?"
        r"|osteoblasts?|cardiomyocytes?|monocytes?|neutrophils?|microglia|endothelial cells?|epithelial cells?)"
    ),
    "DISEASE": (
        r"(?i:[a-z]*(?:carcinomas?|sarcomas?|leuk[a]?emias?|lymphomas?|gliomas?|melanomas?|adenomas?)|fibrosis"
        r"|diabetes|obesity|[a-z]+ disease|atrophy|ischemia|arthritis|sepsis|tumou?rs?|cancer)"
    ),
    "SMALL_MOLECULE": (
        r"(?i:[a-z]{3,}(?:inib|mycin|micin|cillin|statin|azole|olimus|parib|amide|oxacin|staurin|stat|fenib|lidin|quine)"
        r"|DMSO|ATP|GTP|glucose|calcium|doxycycline|tamoxifen|cycloheximide|puromycin|ethanol|Ca2\+|H2O2|MG-?132"
        r"|lipopolysaccharide|LPS|forskolin|bafilomycin A1)"
    ),
    "GENEPROD": (
        r"(?:[pP](?:53|21|27|38|62|65|16)|[A-Z][A-Z0-9]{1,6}\d[A-Z0-9]{0,3}|[A-Z][a-z]{1,4}\d[A-Za-z0-9]{0,3}"
        r"|[A-Z]{3,6}(?=(?:-deficient|-null|-KO|[-–]GFP| knockdown| knockout| siRNA| mRNA| protein| expression))"
        r"|GFP|RFP|mCherry|Flag|(?i:actin|tubulin|GAPDH|vinculin|histone H[1-4]))"
    ),
}
_MORPHOLOGY: Mapping[str, str] = {
    "Chemical": (
        r"(?i:[a-z]{3,}(?:ine|ide|ate|one|ol|cin|xin|lin|pam|zole|pril|vir|mab|statin)s?(?= (?:therapy|treatment"
        r"|induced|administration|toxicity))|[a-z]{4,}(?:amine|idine|azepam|cillin|mycin|oxide|azole|barbital|phylline|caine))"
    ),
    "Disease": (
        r"(?i:[a-z]{3,}(?:itis|osis|emia|aemia|opathy|algia|uria|plegia|sclerosis|megaly|penia|rrhea|tension)"
        r"|(?:[a-z]+ )?(?:seizures?|infarction|failure|toxicity|syndrome|disorders?)|depression|pain|nausea|fever)"
    ),
}
_NOT_GENES = re.compile(r"(?:Fig|Figs|Scale|Data|DAPI|SEM|SD|ANOVA|PBS|WT|KO|N|UV|PCR|RNA|DNA|IB|IP|NS)\d*$")


def find(text: str, shown: Sequence[Example], labels: Sequence[str]) -> tuple[Span, ...]:
    """Entities of a text with one of `labels`; what the demonstrations name wins over shapes, the longer over both."""
    found: list[tuple[int, int, int, str]] = []
    for surface, label in surfaces(shown, labels).items():
        pattern = rf"(?<![^\W_]){re.escape(surface)}(?![^\W_])"
        flags = re.IGNORECASE if len(surface) > 4 else 0
        found += [(m.start(), m.end(), 0, label) for m in re.finditer(pattern, text, flags)]
    for label in labels:
        shape = _SHAPES.get(label) or _MORPHOLOGY.get(label)
        if shape is not None:
            found += [
                (m.start(), m.end(), 1, label)
                for m in re.finditer(rf"(?<![^\W_])(?:{shape})(?![^\W_])", text)
                if not (label == "GENEPROD" and _NOT_GENES.match(m[0]))
            ]
    return _without_overlaps(found)


def surfaces(shown: Iterable[Example], labels: Sequence[str]) -> dict[str, str]:
    """The surfaces that demonstrations name, with the label that each was given first."""
    named: dict[str, str] = {}
    for example in shown:
        for span in example.entities or ():
            if span.label in labels:
                named.setdefault(span.cut(example.text), span.label)
        for _, members in example.hypothesis.roles() if example.hypothesis else ():
            for member in members:
                if member.label in labels:
                    named.setdefault(member.text, member.label)
    return named


def _without_overlaps(found: Iterable[tuple[int, int, int, str]]) -> tuple[Span, ...]:
    spans: list[Span] = []
    taken: set[int] = set()
    for start, end, _, label in sorted(found, key=lambda f: (f[0] - f[1], f[2], f[0])):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            spans.append(Span(start, end, label))
    return tuple(sorted(spans, key=lambda span: span.start))
