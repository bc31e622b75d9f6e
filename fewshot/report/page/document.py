"""What a page says, as plain records: made from comparisons, rendered as HTML, both without knowing the other.

A document has one part for each task; a part has the systems, lettered A, B, C … in every table and every picture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fewshot.scoring.faults import FaultKind


@dataclass(frozen=True, slots=True)
class System:
    """One row of a part. `letter` stands for it wherever its name is too long."""

    letter: str
    name: str


@dataclass(frozen=True, slots=True)
class Label:
    """A label with its short form (unique in its part, one to three letters), for marks as narrow as a gene's name."""

    name: str
    short: str


@dataclass(frozen=True, slots=True)
class Part:
    """Everything about one task."""

    task: str
    kind: str
    systems: Sequence[System]
    labels: Sequence[Label]
    kinds: Sequence[dict[str, str]] = field(default=())
    examples: Sequence[dict[str, Any]] = field(default=())


@dataclass(frozen=True, slots=True)
class Document:
    """A whole page."""

    title: str
    parts: Sequence[Part]


FAULTS: Mapping[FaultKind, tuple[str, str]] = {
    "missed": ("missed", "−"),
    "made_up": ("made up", "+"),
    "wrong_boundary": ("wrong boundary", "↔"),
    "wrong_label": ("wrong label", "≠"),
    "merged": ("panels merged", "&"),
    "split": ("panel split", "÷"),
    "copied": ("copied from a demonstration", "“"),
    "not_in_text": ("not in the legend", "?"),
    "malformed": ("malformed answer", "!"),
}
"""What a page calls each kind of fault, and the sign that stands for it in a lane."""


def letter(number: int) -> str:
    """Returns the letters of the system at a place, counted from 0, as spreadsheets name columns.

    >>> [letter(number) for number in (0, 1, 25, 26, 27)]
    ['A', 'B', 'Z', 'AA', 'AB']
    """
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def short_names(labels: Sequence[str]) -> list[Label]:
    """Returns labels with short forms: the initials of their words, or as many first letters as nobody else has.

    >>> [label.short for label in short_names(["GENEPROD", "CELL_TYPE", "CELL_LINE", "TISSUE", "TOTAL"])]
    ['G', 'CT', 'CL', 'T', 'TO']
    """
    taken: dict[str, str] = {}
    for name in labels:
        initials = "".join(word[0] for word in re.split(r"[\W_]+", name) if word).upper()
        forms = (initials[:3], *(name[:length].upper() for length in range(1, 4)))
        taken[next((form for form in forms if form and form not in taken), name)] = name
    return [Label(name, form) for form, name in taken.items()]
