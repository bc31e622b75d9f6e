"""What `fewshot show RUN` prints: counts by label, problems, the worst legends; never wider than the terminal."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fewshot.cli import _drawing, _output, _terminal
from fewshot.report import layout
from fewshot.report.inspection import Inspection, LabelCounts, parts_by_kind
from fewshot.report.marking import IN_WORDS
from fewshot.report.numbers import score
from fewshot.report.table import Cell, Heading, Table
from fewshot.report.wanted import Wanted
from fewshot.scoring.faults import KINDS

_LONGEST_ID = 200  # columns; a longer one is a whole text


def run(inspection: Inspection, wanted: Wanted, most: int) -> None:
    """Prints counts, problems, and the legends that are asked for: `most` of them, worst first."""
    _drawing.prose(_headline(inspection))
    if not inspection.scored:
        _unlabelled(inspection, wanted, most)
        return
    _table(_labels_table(inspection))
    kinds = parts_by_kind(fault for one in inspection.examined.values() for fault in one.answered.faults)
    _drawing.counts("Faults:", [f"{IN_WORDS[kind]} {kinds[kind]:,}" for kind in KINDS if kinds[kind]])
    if inspection.problems:
        shown = [f"{kind} {count:,}" for kind, count in inspection.problems.items()]
        _drawing.counts("Problems of answers (answers with each):", shown)
    words = wanted.words(IN_WORDS)
    what = f" ({words})" if words else ""
    rows = wanted.worst(inspection)
    _terminal.text()
    _terminal.line(f"Worst legends{what}, {_of(most, rows)}:" if rows else f"No legend has such a fault{what}.")
    for id_, faults in rows[:most]:
        _id_line(id_, [f"{IN_WORDS[kind]} {faults[kind]}" for kind in KINDS if faults[kind]])
    if rows:
        _next(inspection, rows[0][0])


def settings(inspection: Inspection) -> None:
    """Prints every setting of a run, and every score."""
    from fewshot.experiment.running import load

    tables = inspection.run.recorded.to_toml()
    for name in ("settings", "plan", "run", "usage", "failed"):
        lines = {key: value for key, value in tables[name].items() if value not in ("", [], {})}
        if lines:
            _terminal.line(f"[{name}]")
            for key, value in lines.items():
                _terminal.line(f"{key} = {', '.join(map(str, value)) if isinstance(value, list) else value}")
            _terminal.text()
    _output.scores(load(inspection.run.folder.path), headline=inspection.run.task.headline)


def as_json(inspection: Inspection) -> dict[str, Any]:
    """Returns counts and faults of a run."""
    labels = {
        label: {"gold": row.gold, "predicted": row.predicted, "right": row.right, "faults": dict(row.faults)}
        for label, row in inspection.labels.items()
    }
    facts = {"run": str(inspection.run.folder.path), "task": inspection.run.task.name, "model": inspection.run.model}
    counts = {"n": len(inspection.examples), "scored": len(inspection.examined), "problems": inspection.problems}
    return facts | counts | {"labels": labels} | inspection.errors.to_json()


def _headline(inspection: Inspection) -> str:
    result = inspection.run.result
    main = inspection.run.task.headline[0]
    known = f" · {main} {score(result.scores[main])}" if main in result.scores else ""
    state = "" if result.complete else " · incomplete"
    failed = f" · {result.failed} failed" if result.failed else ""
    n = f"n = {result.n}" if result.scores else f"{len(inspection.examples):,} legends, not labelled"
    return f"{result.task} · {inspection.run.model} · {n}{known}{failed}{state} · {inspection.run.folder.path}"


def _labels_table(inspection: Inspection) -> Table:
    """Gold, hits and faults by label. In a narrow terminal, the kinds of fault that are rarest are left out first."""
    labels = inspection.labels
    totals = Counter[str]()
    for row in labels.values():
        totals.update(row.faults)
    kinds = [kind for kind in KINDS if totals[kind]]
    ranks = {kind: rank for rank, (kind, _) in enumerate(totals.most_common(), 1)}
    headings = [Heading("label"), Heading("gold"), Heading("right")]
    headings += [Heading(IN_WORDS[kind], rank=ranks[kind]) for kind in kinds]
    return Table("", headings, [[Cell(label), *_cells(row, kinds)] for label, row in labels.items()])


def _cells(row: LabelCounts, kinds: Sequence[str]) -> list[Cell]:
    return [Cell(f"{row.gold:,}"), Cell(f"{row.right:,}"), *(Cell(f"{row.faults[kind]:,}") for kind in kinds)]


def _unlabelled(inspection: Inspection, wanted: Wanted, most: int) -> None:
    """What an unlabelled run found, and how to see it."""
    counts = {label: row.predicted for label, row in inspection.labels.items()}
    noun = "panels" if inspection.run.task.kind == "panels" else "entities"
    total = f"{sum(counts.values()):,} {noun} in {len(inspection.predictions):,} legends"
    if counts and noun == "entities":
        _drawing.counts(f"{total}:", _by_number(counts), ", ")
    else:
        _drawing.prose(f"{total}.")
    rows = wanted.found(inspection)
    _terminal.text()
    words = wanted.words(IN_WORDS)
    what = f" ({words})" if words else ""
    _terminal.line(f"Legends{what}, {_of(most, rows)}:" if rows else f"No legend has such a name{what}.")
    for id_, names in rows[:most]:
        _id_line(id_, _by_number(names) or ["nothing"])
    if rows:
        _next(inspection, rows[0][0])


def _by_number(counts: Mapping[str, int]) -> list[str]:
    """Labels with their numbers, the most frequent first."""
    return [f"{label} {count:,}" for label, count in sorted(counts.items(), key=lambda item: -item[1])]


def _of(most: int, rows: Sequence[object]) -> str:
    return f"{most:,} of {len(rows):,}" if len(rows) > most else f"all {len(rows):,}"


def _id_line(id_: str, notes: Sequence[str]) -> None:
    """An id that can be copied, and notes beside it, or below it if both do not fit."""
    width = _terminal.width()
    shown = id_ if len(id_) <= _LONGEST_ID else f"{id_[:_LONGEST_ID]}…"
    line = f"  {shown}  {', '.join(notes)}"
    if _drawing.cells(line) <= width:
        _terminal.line(line)
        return
    _terminal.line(f"  {shown}")
    for part in _drawing.joined(notes, ", ", width - 6):
        _terminal.line(f"      {part}")


def _next(inspection: Inspection, id_: str) -> None:
    """The command that shows a legend; where it is wider than the terminal, in lines that a shell reads as one."""
    words = ["fewshot show", shlex.quote(str(inspection.run.folder.path)), shlex.quote(id_)]
    line = f"  {' '.join(words)}"
    _terminal.text("\nLook at one:")
    _terminal.text(line if _drawing.cells(line) <= _terminal.width() else "  " + " \\\n    ".join(words))


def _table(table: Table) -> None:
    found = layout.laid(table, _terminal.width())
    _terminal.pieces(found.lines[1:])
    _terminal.pieces(found.legend)
    _terminal.text()
