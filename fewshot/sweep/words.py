"""What a sweep found, in sentences and as a small table.

From about 130 labelled panel legends on (95%: 60 to 420; by seed 110, 130, 160) tiny-tagger beats the best few-shot
row, gpt-6-luna (3 shots) with .612 [.55, .67].
tiny-bart does not beat the best few-shot row within the sizes tried (6 to 60).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fewshot.report import numbers
from fewshot.report.table import Cell, Heading, Table
from fewshot.scoring.crossover import METHOD, Crossover, Gap
from fewshot.scoring.intervals import METHOD as INTERVALS
from fewshot.scoring.intervals import Fold
from fewshot.sweep.curves import Curve, Learned


def sentences(found: Learned) -> list[str]:
    """Returns one sentence a fine-tuned model, the earliest first; then the same about a program that is better than
    what was prompted."""
    if not found.trained:
        return []
    if found.level is None:
        return ["Nothing was prompted: there is no few-shot row that fine-tuning would have to beat."]
    if not found.crossovers:
        return ["Scores of this task keep no counts by article, so that no crossover can be told."]
    other = f"the best {'few-shot row' if found.level.kind == 'prompted' else 'program'}"
    said = list(_passing(found, found.level, found.crossovers, other))
    if found.program is not None:
        said += _passing(found, found.program, found.past_the_program, "the best program")
    return said


def _passing(found: Learned, level: Curve, crossovers: Mapping[str, Crossover], other: str) -> Iterator[str]:
    """A sentence a fine-tuned model; the first one names what it has to pass."""
    named = f"{other}, {level.title} with {value(level.points[0].fold)},"
    curves = [curve for curve in found.trained if curve.name in crossovers]
    curves.sort(key=lambda curve: crossovers[curve.name].size or float("inf"))
    for number, curve in enumerate(curves):
        yield _sentence(found, curve, crossovers[curve.name], other if number else named)


def _sentence(found: Learned, curve: Curve, one: Crossover, other: str) -> str:
    short = curve.title
    if one.size is None:
        not_before = "" if one.low is None or one.already else f"; not before {count(one.low)} by its interval"
        return f"{short} does not beat {other} within the sizes tried ({tried(found)}{not_before})."
    if one.already:
        until = _until(one)
        return f"{short} beats {other} at the smallest size tried already: {count(one.size)} labelled{until}."
    return f"From about {count(one.size)} labelled {unit(found)} on{_span(one)} {short} beats {other.rstrip(',')}."


def _until(one: Crossover) -> str:
    if one.why is not None:
        return f" (no interval: {one.why})"
    if one.high == one.gaps[0].size:
        return ""
    return f" (surely from {count(one.high)} on)" if one.high is not None else " (within the sizes tried, not surely)"


def _span(one: Crossover) -> str:
    seeds = ", ".join("none" if size is None else count(size) for size in one.seeds) if len(one.seeds) > 1 else ""
    by_seed = f"; by seed {seeds}" if seeds else ""
    if one.why is not None:
        return f" (no interval: {one.why}{by_seed})"
    low = "less than the smallest size tried" if one.low is None else count(one.low)
    high = "more than the largest" if one.high is None else count(one.high)
    return f" (95%: {low} to {high}{by_seed})"


def unit(found: Learned) -> str:
    """What is labelled, in the plural."""
    return f"{found.comparison.task.unit} legends"


def tried(found: Learned) -> str:
    """The sizes that were tried, in words."""
    return f"{count(found.sizes[0])} to {count(found.sizes[-1])}" if len(found.sizes) > 1 else count(found.sizes[0])


def count(size: float) -> str:
    """A number of examples, to two digits where it is an estimate.

    >>> count(60), count(131.7), count(1234.5), count(3.2)
    ('60', '130', '1,200', '3')
    """
    if float(size).is_integer():
        return f"{size:,.0f}"
    return f"{float(f'{size:.2g}'):,.0f}"


def value(fold: Fold) -> str:
    """A score with its interval."""
    low, high = fold.interval.low, fold.interval.high
    return numbers.score(fold.mean) + ("" if low is None or high is None else f" {numbers.interval(low, high)}")


def table(found: Learned) -> Table:
    """Returns a row for each system and number of labelled examples, in the order of that number."""
    points = [(curve, point) for curve in (*found.shown, *found.trained) for point in curve.points]
    level = found.level.title if found.level is not None else "the best few-shot row"
    headings = [
        Heading("system"),
        Heading("labelled", note="labelled: examples that a system had at its disposal"),
        Heading(found.score),
        Heading("± seeds", rank=2, note="± seeds: standard deviation over seeds, no part of the interval"),
        Heading("Δ", rank=1, note=f"Δ: minus {level}, with its interval over articles and seeds"),
    ]
    gaps = {name: {gap.size: gap for gap in one.gaps} for name, one in found.crossovers.items()}
    rows = []
    for curve, point in sorted(points, key=lambda pair: pair[1].size):
        best = found.level is curve
        fold = point.fold
        rows.append(
            [
                Cell(curve.title, bold=best),
                Cell(f"{point.size:,}"),
                Cell(value(fold), bold=best),
                Cell("" if fold.deviation is None else f"{numbers.score(fold.deviation)} ({fold.seeds})"),
                Cell(_gap(gaps.get(curve.name, {}).get(point.size))),
            ]
        )
    first = found.comparison.systems[0]
    title = f"{found.comparison.task.name}: {found.score} by labelled examples · {first.n:,} {unit(found)}"
    if found.comparison.grouped:
        title += f" of {found.comparison.articles:,} articles"
    return Table(title, headings, rows, caption=found.comparison.captions, notes=list(notes(found)))


def _gap(gap: Gap | None) -> str:
    if gap is None:
        return ""
    span = "" if gap.low is None or gap.high is None else f" {numbers.span_of_difference(gap.low, gap.high)}"
    return numbers.difference(gap.delta) + span


def notes(found: Learned) -> Iterator[str]:
    """Yields how the numbers were made."""
    yield INTERVALS
    if found.crossovers:
        yield METHOD
    if sum(curve.kind == "prompted" for curve in found.shown) > 1:
        yield "The best few-shot row was chosen on these articles, which favours it."
