"""Where a panel can open inside a legend: a printed label behind a sentence, or at least behind a word that ends one.

    "(A) Blot, as in (B). (B) Gel of E. coli."      opens at 0 and at the second "(B)", which stands behind a sentence;
                                                    the first one is referred to, and "E." is a species

>>> [(opening.label.labels, opening.boundary) for opening in openings("(A) Blot, as in (B). (B) Gel of E. coli.")]
[(('A',), 'sentence'), (('B',), 'sentence')]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from fewshot.text.legend import Label, leading_label

_BREAK = re.compile(r"^|[.!?;:,)\]”\"'’]+\s*|\n\s*|\s(?=[(\[])|(?<=[a-zμm%])\s(?=[A-Z])")
_REFERENCE = re.compile(
    r"(?:\b(?:in|as|of|from|and|or|to|for|see|panels?|figs?\.?|figures?|quantified|shown|between|with|by|than|on)"
    r"|[,&–-])\s*$",
    re.IGNORECASE,
)
_SPACES = " \t\u2009\u00a0"
_NEAR = 20  # characters before a label in which a word that refers to it is looked for
_SPECIES = re.compile(
    r"[A-Z]\.\s?(?:coli|elegans|cerevisiae|pombe|melanogaster|laevis|tropicalis|thaliana|musculus|subtilis|aureus"
    r"|typhimurium|falciparum|tuberculosis|aeruginosa|albicans|sapiens|norvegicus|rerio|gondii|brucei|discoideum)\b"
)
_ENDED = re.compile(r"[.!?;][)\]”\"'’]*$")

Boundary = Literal["sentence", "word"]
"""What ends before a label: a sentence (the start of the text or of a line counts as well), or a word alone."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A label where a panel can open. `capital`: the text behind it begins as a sentence does."""

    label: Label
    boundary: Boundary
    capital: bool


def openings(text: str) -> list[Opening]:
    """The places of a text where a panel can open, in its order."""
    found: dict[int, Opening] = {}
    for gap in _BREAK.finditer(text):
        label = leading_label(text, gap.end())
        if label is None or label.start in found or _SPECIES.match(text, label.start):
            continue
        boundary = _boundary(text, label)
        if boundary is not None:
            found[label.start] = Opening(label, boundary, _capital(text, label.end))
    return [found[start] for start in sorted(found)]


def _capital(text: str, at: int) -> bool:
    follows = text[at : at + 40].lstrip()[:1]
    return follows.isupper() or follows.isdigit() or follows in set("“\"'‘([")


def _boundary(text: str, label: Label) -> Boundary | None:
    """What ends before a label; `None`: it stands in the middle of a sentence."""
    end = label.start
    while end and text[end - 1] in _SPACES:
        end -= 1
    if not end or text[end - 1] == "\n":
        return "sentence"
    if end == label.start and label.style not in ("in", "out"):
        return None  # no space before it: the "E" of "S.E.M."
    before = text[max(0, end - _NEAR) : end]
    if _ENDED.search(before[-4:]):
        return "sentence"
    if before[-1] in ",:" or _REFERENCE.search(before):
        return None
    return "word"
