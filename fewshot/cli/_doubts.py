"""A line about gold beside every score: how many of the scored examples the audit doubts.

    12 of 60 scored examples have findings: see `fewshot audit legends.jsonl --task panelization`

Whoever reads a score should know whether gold can be trusted, without asking.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fewshot.cli import _terminal
from fewshot.records import Example
from fewshot.text.visible import shortened

if TYPE_CHECKING:
    from fewshot.audit.cleaning import Reading
    from fewshot.report.comparison import Comparison
    from fewshot.report.page.document import Document

_MOST = 2000
"""Examples that are looked at: some two seconds. Of more, a line would come late; `fewshot audit` looks at all."""
_LONGEST = 200


def notice(examples: Sequence[Example], task: str, source: str) -> list[str]:
    """The line; none where nothing is doubtful, or where there are too many examples to look at in passing.

    `source`: where the examples come from, as `--data` names it.
    """
    if not 0 < len(examples) <= _MOST:
        return []
    from fewshot.audit.cleaning import doubtful_ids

    doubtful = len(doubtful_ids(examples, task, quick=True))
    if not doubtful:
        return []
    command = f"fewshot audit {shlex.quote(shortened(source, _LONGEST))} --task {task}"
    return [f"{doubtful} of {len(examples)} scored examples have findings: see `{command}`"]


def of_comparison(compared: Comparison) -> list[str]:
    """The line about the gold of a comparison."""
    first = compared.systems[0].runs[0]
    return notice(first.gold, compared.task.name, first.recorded.settings.data)


def readings(compared: Comparison) -> list[Reading]:
    """The main score of each system on gold as it is, without its doubtful examples, and on repaired gold. Of systems
    with several seeds the first is scored."""
    from fewshot.audit import cleaning

    first = compared.systems[0].runs[0]
    return cleaning.readings(
        compared.task,
        first.gold,
        {row.label: row.runs[0].predictions for row in compared.systems},
        labels=first.signature.labels,
        score=compared.headline,
        grouped=compared.grouped,
    )


def show(found: Sequence[Reading]) -> None:
    """Prints the scores on the three versions of gold, and whether the systems change places."""
    from fewshot.audit.cleaning import table

    columns, rows = table(found)
    for sentence in _said(found):
        _terminal.line(sentence)
    _terminal.table(columns, rows)


def with_gold(document: Document, found: Sequence[Reading]) -> Document:
    """A page of one comparison with a section about its gold."""
    from fewshot.audit.cleaning import table
    from fewshot.report.page.document import Cell, Column, Row, Table

    titles, rows = table(found)
    columns = [Column(title, number=at > 0) for at, title in enumerate(titles)]
    shown = Table(columns, [Row("", [Cell(cell) for cell in row]) for row in rows])
    part = replace(document.parts[0], gold=shown, gold_said=_said(found))
    return replace(document, parts=[part, *document.parts[1:]])


def _said(found: Sequence[Reading]) -> list[str]:
    """What the three versions of gold say, in words."""
    from fewshot.audit.cleaning import AS_IT_IS, CLEAN, changed_ranks

    sizes = {reading.gold: reading.n for reading in found}
    order = "change places" if changed_ranks(found) else "keep their places"
    moved = [f"{one.system} on {one.gold} gold by {one.beyond:.3f}" for one in found if one.beyond]
    beyond = f"Beyond its interval moves {', '.join(moved)}." if moved else "No score moves beyond its interval."
    clean = f"{sizes[CLEAN]} of {sizes[AS_IT_IS]} scored examples have no finding."
    return [f"{clean} Without the others, and on repaired gold, the systems {order}. {beyond}"]
