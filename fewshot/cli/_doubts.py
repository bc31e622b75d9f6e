"""A line about gold beside every score: how many of the scored examples the audit doubts.

    12 of 60 scored examples have findings: see `fewshot audit legends.jsonl --task panelization`

Whoever reads a score should know whether gold can be trusted, without asking.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Self

from fewshot.aside import Aside
from fewshot.cli import _terminal
from fewshot.records import Example
from fewshot.text.visible import shortened

if TYPE_CHECKING:
    from fewshot.audit.cleaning import Reading
    from fewshot.experiment.plan import Plan
    from fewshot.experiment.running import EndedRun
    from fewshot.report.comparison import Comparison
    from fewshot.report.page.document import Document

_MOST = 2000
"""Examples that are looked at: some two seconds. Of more, a line would come late; `fewshot audit` looks at all."""
_LONGEST = 200
_ASIDE = 300
"""Examples from which on looking takes so long that a process of its own pays."""
_NICENESS = 5
"""The answers are waited for, not this."""


class Beside:
    """Gold that is looked at while a backend is asked about it.

        with Beside() as doubts:
            done = run(settings, beginning=doubts.look)
            doubts.of(done)

    Leaving the block ends the looking.
    """

    def __init__(self) -> None:
        self._aside: Aside[int] | None = None

    def look(self, plan: Plan) -> None:
        """Begins, where that does not take a core from a model on this machine."""
        if plan.prompted and _ASIDE <= len(plan.examples) <= _MOST:
            self._aside = Aside(partial(_count, plan.examples, plan.task.name), niceness=_NICENESS)
            self._aside.begin()

    def of(self, done: EndedRun) -> list[str]:
        """The line about the gold of a run that asked. Said once: it takes longer than to read a recorded run."""
        from fewshot.experiment import record

        if not done.result.scores or not done.asked:
            return []
        source = record.read(done.folder).settings.data
        return notice(done.gold, done.result.task, source, None if self._aside is None else self._aside.result())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._aside is not None:
            self._aside.end()


def notice(examples: Sequence[Example], task: str, source: str, counted: int | None = None) -> list[str]:
    """The line; none where nothing is doubtful, or where there are too many examples to look at in passing.

    Args:
        examples: Gold.
        task: The name of the task.
        source: Where the examples come from, as `--data` names it.
        counted: How many are doubtful, if that is known.
    """
    if not 0 < len(examples) <= _MOST:
        return []
    doubtful = _count(examples, task) if counted is None else counted
    if not doubtful:
        return []
    command = f"fewshot audit {shlex.quote(shortened(source, _LONGEST))} --task {task}"
    return [f"{doubtful} of {len(examples)} scored examples have findings: see `{command}`"]


def _count(examples: Sequence[Example], task: str) -> int:
    from fewshot.audit.cleaning import doubtful_ids

    return len(doubtful_ids(examples, task, quick=True))


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
