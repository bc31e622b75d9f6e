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
    """Returns what is missing, then one sentence a fine-tuned model, the earliest first; then the same about a program
    that is better than what was prompted."""
    missing = f"{found.missing:,} of {found.missing + found.cells:,} cells"
    cautions = [f"Incomplete: {missing} are missing, and what follows may change with them."] if found.missing else []
    return [*cautions, *_said(found)]


def _said(found: Learned) -> list[str]:
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
    size = level.points[0].size
    chose = f", which had {count(size)} labelled at its disposal," if size else ""
    named = f"{other}, {level.title}{chose} with {value(level.points[0].fold)},"
    curves = [curve for curve in found.trained if curve.name in crossovers]
    curves.sort(key=lambda curve: crossovers[curve.name].size or float("inf"))
    for number, curve in enumerate(curves):
        yield _sentence(found, curve, crossovers[curve.name], other if number else named)


def _sentence(found: Learned, curve: Curve, one: Crossover, other: str) -> str:
    """Says "beats" and "does not beat" of what the interval shows, and of the rest that it cannot be told."""
    last, plain, sizes = one.gaps[-1], other.rstrip(","), f"within the sizes tried ({tried(one)})"
    by_one = "" if all(point.fold.seeds > 1 for point in curve.points) else "; one seed: the interval is too narrow"
    if one.why is not None:
        where = "at none of" if one.size is None else f"from about {count(one.size)} labelled on within"
        return f"{curve.title} scores above {plain} {where} the sizes tried ({tried(one)}; no interval: {one.why})."
    if one.size is None and last.high is not None and last.high <= 0:
        return f"{curve.title} does not beat {other} {sizes[:-1]}{by_one})."
    if one.high is None:
        best = "the best estimate is no crossover" if one.size is None else f"the best estimate is {estimate(one)}"
        return f"Whether {curve.title} beats {other} cannot be told {sizes}: {best}{_not_before(one)}{by_one}."
    if one.already:
        surely = f" (95%: from {count(one.high)} on{by_one})" if one.high != one.gaps[0].size else ""
        note = f" ({by_one[2:]})" if by_one and not surely else surely
        first = count(one.gaps[0].size)
        return f"{curve.title} beats {other} at the smallest size tried already: {first} labelled{note}."
    return f"From {estimate(one)} labelled {unit(found)} on{_span(one, by_one)} {curve.title} beats {plain}."


def estimate(one: Crossover) -> str:
    """A crossover in few words.

    `about 130`
    """
    return "unknown" if one.size is None else f"about {count(one.size)}"


def _not_before(one: Crossover) -> str:
    return "" if one.low is None else f", not before {count(one.low)} (95%)"


def _span(one: Crossover, by_one: str) -> str:
    seeds = ", ".join("none" if size is None else count(size) for size in one.seeds) if len(one.seeds) > 1 else ""
    by_seed = f"; by seed {seeds}" if seeds else by_one
    low = "less than the smallest size tried" if one.low is None else count(one.low)
    return f" (95%: {low} to {count(one.high or 0)}{by_seed})"


def unit(found: Learned) -> str:
    """What is labelled, in the plural."""
    return f"{found.comparison.task.unit} legends"


def tried(one: Crossover) -> str:
    """The sizes that a model was tried at, in words."""
    first, last = one.gaps[0].size, one.gaps[-1].size
    return count(first) if first == last else f"{count(first)} to {count(last)}"


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
        Heading("Δ", rank=1, note=f"Δ: minus {level}, with its interval over articles, and seeds if several"),
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
    if any(point.fold.seeds == 1 for curve in found.trained for point in curve.points):
        yield "One seed: intervals of trained models leave out what another draw of examples would change."
    if sum(curve.kind == "prompted" for curve in found.shown) > 1:
        yield "The best few-shot row was chosen on these articles, which favours it."
