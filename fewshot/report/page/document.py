"""What a page says, as plain records: made of comparisons (`contents`) and rendered as HTML (`rendering`); neither of
the two knows the other. `dataclasses.asdict` of a document is JSON.

A document has one part for each task; a part has its systems, lettered A, B, C … in every table and every picture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from fewshot.scoring.faults import FaultKind


@dataclass(frozen=True, slots=True)
class System:
    """One system: `letter` stands for it wherever its name is too long, `kind` decides the shape of its marks."""

    letter: str
    name: str
    kind: str
    origins: Sequence[Origin] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row comes from: one of its runs.

    Attributes:
        folder: The run folder.
        signature: Eight digits.
        line: The whole signature.
        again: The command that asks again.
        replay: The command that recomputes the scores from the recorded answers.
        settings: Name and value of every setting, as `run.toml` has them.
        versions: Name and version of packages.
        when: When it was run, and for how long.
    """

    folder: str
    signature: str
    line: str
    again: str
    replay: str
    settings: Sequence[tuple[str, str]]
    versions: Sequence[tuple[str, str]]
    when: str


@dataclass(frozen=True, slots=True)
class Label:
    """A label with its short form (unique in its part, one to three letters), for marks as narrow as a gene's name."""

    name: str
    short: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: What stands above it.
        number: Whether it holds numbers, which stand to the right.
        rank: 0: always shown; 1: where there is room (not on a phone); 2: when all columns are asked for.
        note: What it means, where the title does not say it.
    """

    title: str
    number: bool = True
    rank: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: what is shown, what is sorted by; `mark`: the sign behind it, `*` for the best."""

    text: str
    sort: float | str | None = None
    bold: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row; `more`: the table that unfolds below it."""

    letter: str
    cells: Sequence[Cell]
    more: Table | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table."""

    columns: Sequence[Column]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with the data behind it. `question`: what a reader can answer with it."""

    name: str
    title: str
    question: str
    svg: str
    data: Table
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Everything about one task.

    Attributes:
        task: Its name, unique in a document.
        title: What is heard of it in words.
        kind: The kind of its values.
        verdict: Two or three sentences: which system to take, and when.
        facts: Numbers that everything rests on, as `(number, what)`.
        captions: What must be known of the data before any number is read.
        notes: What the numbers mean, and what they do not.
        systems: The systems.
        table: One row a system.
        copies: The table as other programs take it, by the name of the format.
        gold: What scores become on gold without its doubtful examples and on repaired gold; `None`: not asked for.
        gold_said: The same in words.
        when: Pictures of when to take which system.
        why: Pictures of why.
        confusions: For each system which labels it takes for which.
        duels: For each pair of systems the number of examples in which the first makes fewer errors.
        labels: The labels.
        examples: As `examples.examples` yields them.
        left_out: What of the examples is not in the page, in a sentence; empty if all is.
    """

    task: str
    title: str
    kind: str
    systems: Sequence[System]
    labels: Sequence[Label]
    table: Table
    verdict: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    captions: Sequence[str] = ()
    notes: Sequence[str] = ()
    copies: Mapping[str, str] = field(default_factory=dict)
    gold: Table | None = None
    gold_said: Sequence[str] = ()
    when: Sequence[Picture] = ()
    why: Sequence[Picture] = ()
    confusions: Sequence[Picture] = ()
    duels: Sequence[Sequence[int]] = ()
    examples: Sequence[Mapping[str, Any]] = ()
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole page. `verdict`: over all parts, where there are several; `made`: by what, in a line."""

    title: str
    parts: Sequence[Part]
    verdict: Sequence[str] = ()
    made: str = ""


FAULTS: Mapping[FaultKind, tuple[str, str]] = {
    "missed": ("missed", "−"),
    "made_up": ("made up", "+"),
    "wrong_boundary": ("wrong boundary", "↔"),
    "wrong_label": ("wrong label", "≠"),
    "merged": ("merged", "&"),
    "split": ("split", "÷"),
    "copied": ("copied", "“"),
    "not_in_text": ("not in text", "?"),
    "malformed": ("malformed", "!"),
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
        initials = "".join(word[0] for word in re.split(r"[\W_]+", name) if word).upper()[:3]
        forms = chain([initials], (name[:length].upper() for length in range(1, 4)))
        numbered = (f"{name[:1].upper()}{number}" for number in count(2))
        taken[next(form for form in chain(forms, numbered) if form and form not in taken)] = name
    return [Label(name, form) for form, name in taken.items()]
