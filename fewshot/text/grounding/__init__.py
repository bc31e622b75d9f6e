"""Names, and where they stand in a text.

`notation` writes a span as a name (`p53#2`), `names` grounds all names of an answer together, `passages` the segments
of a legend. `candidates` and `near` know where one name may stand, `assignment` which name stands where.
"""

from __future__ import annotations

from fewshot.text.grounding.candidates import Candidate, Source
from fewshot.text.grounding.names import Grounded, Name, ground
from fewshot.text.grounding.notation import (
    escape,
    listing,
    name,
    numbered,
    occurrence,
    occurrences,
    pieces,
    split,
    unescape,
)
from fewshot.text.grounding.passages import FIRST_WORDS, Passage, panels, starts
from fewshot.text.grounding.spans import entities

__all__ = [
    "FIRST_WORDS",
    "Candidate",
    "Grounded",
    "Name",
    "Passage",
    "Source",
    "entities",
    "escape",
    "ground",
    "listing",
    "name",
    "numbered",
    "occurrence",
    "occurrences",
    "panels",
    "pieces",
    "split",
    "starts",
    "unescape",
]
