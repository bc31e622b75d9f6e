"""Comparisons → a document: one part for each, with its verdict, table, pictures, examples and origins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from fewshot import __version__
from fewshot.report import columns
from fewshot.report.comparison import Comparison
from fewshot.report.overall import over
from fewshot.report.page import pictures
from fewshot.report.page.details import scores_in_detail
from fewshot.report.page.document import Cell, Column, Document, Part, Picture, Row, System, Table, letter, short_names
from fewshot.report.page.examples import examples
from fewshot.report.page.origins import origin_of
from fewshot.report.runs import FinishedRun
from fewshot.report.table import Heading
from fewshot.scoring.errors import Errors, errors
from fewshot.tasks import ordered

MOST_ANSWERS = 24_000
"""Answers that a page holds: 4,000 legends with six systems, four times what docs/report.md measures."""


def document(comparisons: Sequence[Comparison], *, title: str = "Few-shot or fine-tuned?") -> Document:
    """Returns the page of comparisons."""
    verdict = over(comparisons).sentences if len(comparisons) > 1 else ()
    return Document(title, [part(one) for one in comparisons], list(verdict), f"fewshot {__version__}")


def part(comparison: Comparison, *, when: Sequence[Picture] = ()) -> Part:
    """Returns everything about one comparison.

    Args:
        comparison: The comparison.
        when: Pictures of when to take which system, such as learning curves; they stand below the table.
    """
    runs = [row.runs[0] for row in comparison.systems]
    systems = [
        System(letter(place), row.label, row.kind, [origin_of(run) for run in row.runs])
        for place, row in enumerate(comparison.systems)
    ]
    judged = [examined(run) for run in runs]
    shown = comparison.table()
    return Part(
        task=comparison.task.name,
        title=comparison.task.name,
        kind=comparison.task.kind,
        systems=systems,
        labels=short_names(_labels(comparison)),
        table=_table(comparison, systems),
        verdict=list(comparison.verdict.sentences),
        facts=_facts(comparison),
        captions=list(comparison.captions),
        notes=[*shown.caption[len(comparison.captions) :], *_meanings(shown.headings), *shown.notes],
        copies=_copies(comparison),
        when=list(when),
        why=_why(comparison, systems, judged),
        confusions=_confusions(comparison, systems, judged),
        duels=_duels(judged),
        examples=list(islice(examples(runs, judged), MOST_ANSWERS // len(runs))),
        left_out=" ".join(_left_out(comparison)),
    )


def _left_out(comparison: Comparison) -> Iterator[str]:
    """What of the answers is not on the page, in sentences."""
    shown, n = MOST_ANSWERS // len(comparison.systems), len(comparison.systems[0].runs[0].gold)
    if shown < n:
        yield f"These are the first {shown:,} of {n:,} examples; `fewshot show` shows the others."
    if any(row.seeds > 1 for row in comparison.systems):
        yield "Of a system with several seeds the answers of the first are shown."


def examined(run: FinishedRun) -> Errors:
    """Returns what is wrong in the answers of a run."""
    return errors(run.task, run.gold, run.predictions, labels=run.signature.labels, shown=run.folder.shown_examples())


def _facts(comparison: Comparison) -> list[tuple[str, str]]:
    """The numbers that everything rests on."""
    first = comparison.systems[0]
    failed = sum(row.failed for row in comparison.systems)
    counts: list[tuple[int, str]] = [
        (first.n, f"{comparison.task.unit} legend"),
        *([(comparison.articles, "article")] if comparison.grouped else []),
        (len(comparison.systems), "system"),
        (failed, "failed request"),
    ]
    return [(f"{count:,}", noun if count == 1 else f"{noun}s") for count, noun in counts]


def _meanings(headings: Sequence[Heading]) -> list[str]:
    """What columns mean, in a sentence."""
    said = dict.fromkeys(heading.note for heading in headings if heading.note)
    return [f"{'; '.join(said)}."] if said else []


def _copies(comparison: Comparison) -> dict[str, str]:
    """The table as other programs take it."""
    csv = comparison.frame.to_csv(index=False, lineterminator="\n")
    return {"CSV": csv, "LaTeX": comparison.latex(), "Markdown": comparison.markdown()}


_ALWAYS, _ROOM = 1, 4  # ranks of columns up to which a phone, and a laptop, has room
_KEPT = ("labelled", "malformed", "break_even")  # shown on a laptop whatever their rank


def _table(comparison: Comparison, systems: Sequence[System]) -> Table:
    """The table of `fewshot compare`, its rows lettered, each with its scores in detail below it. The names of systems
    say already which settings tell them apart: columns of settings wait until all are asked for."""
    notes = {heading.text: heading.note for heading in comparison.table().headings}
    used = [column for column in columns.columns(comparison) if column.heading in notes]
    settings = set(comparison.systems[0].settings)

    def rank(column: columns.Column) -> int:
        if column.key in settings and column.key not in _KEPT:
            return 2
        return 0 if column.rank <= _ALWAYS else 1 if column.rank <= _ROOM or column.key in _KEPT else 2

    rows = []
    for letters, row in zip(["–", *(system.letter for system in systems)], comparison.rows, strict=True):
        cells = [Cell(row.label, row.label)]
        for column in used[1:]:
            cell = column.cell(row)
            cells.append(Cell(cell.text, next(iter(column.values(row).values()), None), cell.bold, cell.mark))
        rows.append(Row(letters, cells, scores_in_detail(row) if row.runs else None))
    heads = [Column(used[0].heading, number=False)]
    heads += [Column(one.heading, rank=rank(one), note=notes[one.heading] or "") for one in used[1:]]
    return Table(heads, rows)


def _why(comparison: Comparison, systems: Sequence[System], judged: Sequence[Errors]) -> list[Picture]:
    named, score = list(zip(systems, comparison.systems, strict=True)), comparison.headline
    baseline = next((system for system, row in named if row.label == comparison.baseline), None)
    found: list[Picture | None] = [pictures.scores(named, score, comparison.tied())]
    if baseline is not None:
        found.append(pictures.differences(named, score, baseline, comparison.differences()))
    found.append(pictures.cost_and_quality(named, score))
    found.append(pictures.errors_by_kind(systems, judged))
    return [picture for picture in found if picture is not None]


def _confusions(comparison: Comparison, systems: Sequence[System], judged: Sequence[Errors]) -> list[Picture]:
    labels = _labels(comparison)
    found = [pictures.confusion(system, each, labels) for system, each in zip(systems, judged, strict=True)]
    return [picture for picture in found if picture is not None]


def _labels(comparison: Comparison) -> tuple[str, ...]:
    return ordered(comparison.task, comparison.systems[0].runs[0].signature.labels)


def _duels(judged: Sequence[Errors]) -> list[list[int]]:
    """For each pair of systems the number of examples in which the first makes fewer errors than the second."""
    counts = [[sum(fault.scored for fault in one.answered.faults) for one in each.examples] for each in judged]
    return [[sum(a < b for a, b in zip(one, other, strict=True)) for other in counts] for one in counts]
