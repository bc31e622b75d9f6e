"""The pictures of a part: scores, differences, cost against quality, errors by kind, confusion of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fewshot.report import numbers
from fewshot.report.page.charts import drawn
from fewshot.report.page.charts.bars import Bars
from fewshot.report.page.charts.curves import Anchor, Crossing, Curve, Curves
from fewshot.report.page.charts.forest import Estimate, Forest
from fewshot.report.page.charts.matrix import Matrix
from fewshot.report.page.charts.scatter import Point, Scatter, front
from fewshot.report.page.document import FAULTS, Cell, Column, Picture, Row, System, Table
from fewshot.report.rows import Row as Result
from fewshot.scoring.articles import by_article
from fewshot.scoring.differences import Difference
from fewshot.scoring.errors import NOTHING, Errors

_TICKS = 60  # articles up to which single ones can be seen

Named = Sequence[tuple[System, Result]]
"""Each system with its row of the comparison."""


def _with_interval(value: float, low: float | None, high: float | None) -> str:
    return (
        numbers.score(value) if low is None or high is None else f"{numbers.score(value)} {numbers.interval(low, high)}"
    )


def scores(systems: Named, score: str, tied: Sequence[str]) -> Picture | None:
    """A forest plot of a score; systems that cannot be told apart from the best one are filled, all where no test can
    tell."""
    estimates, rows = [], []
    for system, row in systems:
        fold = row.estimate(score)
        if fold is None:
            continue
        few = row.counts and row.counts[0].grouped and len(row.counts[0].groups) <= _TICKS
        each = by_article(row.counts[0], score).articles if few else ()
        text = _with_interval(fold.mean, fold.interval.low, fold.interval.high)
        estimates.append(
            Estimate(
                system.letter, system.name, fold.mean, fold.interval.low, fold.interval.high, row.kind,
                row.label in tied or not tied, text, tuple(one.score for one in each if one.score is not None),
            )
        )  # fmt: skip
        rows.append((system, [fold.mean, fold.interval.low, fold.interval.high], fold.interval.why or ""))
    if not estimates:
        return None
    return Picture(
        name="scores",
        title=f"Scores: {score}",
        question="Who is best, and how sure is that? Bars are 95% intervals over articles, faint ticks single "
        "articles; filled marks cannot be told apart from the best.",
        svg=drawn("forest", Forest.of(estimates, title=f"{score} of every system", unit=score)),
        data=_table(["score", "low", "high"], rows, last="no interval because"),
    )


def differences(systems: Named, score: str, baseline: System, found: Mapping[str, Difference]) -> Picture | None:
    """A forest plot of differences from the baseline."""
    estimates, rows = [], []
    for system, row in systems:
        one = found.get(row.label)
        if one is None:
            continue
        span = "" if one.low is None or one.high is None else f" {numbers.span_of_difference(one.low, one.high)}"
        text = numbers.difference(one.delta) + span
        kind = row.kind
        estimates.append(Estimate(system.letter, system.name, one.delta, one.low, one.high, kind, one.detected, text))
        p = "" if one.adjusted is None else f"p = {one.adjusted:.3g}"
        swap = "" if one.swap_p is None else f"swap p = {one.swap_p:.3g}"
        least = "" if one.minimum_detectable is None else f"detectable from {numbers.score(one.minimum_detectable)}"
        rows.append((system, [one.delta, one.low, one.high], ", ".join(filter(None, [p, swap, least, one.why or ""]))))
    if not estimates:
        return None
    title = f"Differences from {baseline.letter} {baseline.name}"
    return Picture(
        name="differences",
        title=title,
        question="Which differences are real? Filled marks are detected (p < .05, adjusted for the number of systems); "
        "hollow ones could be chance.",
        svg=drawn("forest", Forest.of(estimates, title=title, unit=f"difference in {score}", difference=True)),
        data=_table(["difference", "low", "high"], rows, last="test"),
    )


def cost_and_quality(systems: Named, score: str) -> Picture | None:
    """A scatter plot with its Pareto front: dollars if all systems with a cost have them, else seconds."""
    found = [(system, row, row.estimate(score)) for system, row in systems]
    priced = all(row.cost.usd for _, row, _ in found)
    unit = "US dollars for 1,000 legends" if priced else "seconds a legend"
    points = []
    for system, row, fold in found:
        cost = row.cost.usd_per_thousand if priced else row.cost.seconds
        if fold is not None and cost:
            text = f"{_with_interval(fold.mean, fold.interval.low, fold.interval.high)} at {cost:.3g} {unit}"
            low, high = fold.interval.low, fold.interval.high
            points.append(Point(system.letter, system.name, cost, fold.mean, low, high, row.kind, text))
    if len(points) < 2:
        return None
    best = front(points)
    by_letter = {system.letter: system for system, _ in systems}
    rows = [
        (by_letter[point.letter], [point.x, point.y, point.low, point.high], "on the front" if at in best else "")
        for at, point in enumerate(points)
    ]
    return Picture(
        name="cost",
        title="Cost and quality",
        question="What does a better score cost? Off the dashed line another one scores higher for no more money.",
        svg=drawn("scatter", Scatter.of(points, title=f"{score} by {unit}", x_unit=unit, y_unit=score)),
        data=_table([unit, "score", "low", "high"], rows, last="front"),
    )


def errors_by_kind(systems: Sequence[System], errors: Sequence[Errors]) -> Picture | None:
    """Bars of the kinds of faults that occur."""
    kinds = [kind for kind in FAULTS if any(each.kinds.get(kind) for each in errors)]
    if not kinds:
        return None
    titles = [FAULTS[kind][0] for kind in kinds]
    counts = [{FAULTS[kind][0]: each.kinds.get(kind, 0) for kind in kinds} for each in errors]
    named = [(system.letter, system.name) for system in systems]
    rows = [
        (system, [float(count[title]) for title in titles], "") for system, count in zip(systems, counts, strict=True)
    ]
    return Picture(
        name="errors",
        title="Errors by kind",
        question="What goes wrong? Each gold span and each predicted one counts in one kind at most.",
        svg=drawn("bars", Bars.of(named, titles, counts, title="Errors by kind")),
        data=_table(titles, rows),
    )


def confusion(system: System, errors: Errors, known: Sequence[str]) -> Picture | None:
    """A matrix of gold and predicted labels; `None` where there are fewer than two. `known`: labels in their order."""
    found = {name for pair in errors.confusion for name in pair if name != NOTHING}
    labels = [*(name for name in known if name in found), *sorted(found.difference(known))]
    gold = [name for name in labels if any(pair[0] == name for pair in errors.confusion)]
    if len(labels) < 2:
        return None
    said = [*labels, NOTHING]
    counts = [[errors.confusion.get((one, other), 0) for other in said] for one in gold]
    made_up = [errors.confusion.get((NOTHING, other), 0) for other in said]
    names, heads = [*gold, "nothing"], [*labels, "missed"]
    matrix = [*counts, made_up]
    columns = [Column("gold", number=False), *map(Column, heads)]
    rows = [
        Row("", [Cell(name, name), *(Cell(f"{count:,}", count) for count in line)])
        for name, line in zip(names, matrix, strict=True)
    ]
    return Picture(
        name=f"confusion-{system.letter}",
        title=f"{system.letter} {system.name}",
        question="Which labels are taken for which? Rows are gold, shaded by their own largest number.",
        svg=drawn("matrix", Matrix.of(names, heads, matrix, title=f"Confusion of labels, {system.name}")),
        data=Table(columns, rows),
    )


def _table(
    heads: Sequence[str], rows: Sequence[tuple[System, Sequence[float | None], str]], *, last: str = ""
) -> Table:
    """The data behind a picture; a last column of words, if any row has some."""
    worded = last and any(words for _, _, words in rows)
    columns = [Column("system", number=False), *map(Column, heads)]
    if worded:
        columns.append(Column(last, number=False))
    lines = []
    for system, values, words in rows:
        cells = [Cell(f"{system.letter} {system.name}", system.letter)]
        cells += [Cell("–" if value is None else f"{value:.6g}", value) for value in values]
        lines.append(Row(system.letter, [*cells, Cell(words, words)] if worded else cells))
    return Table(columns, lines)


def learning_curves(
    curves: Sequence[Curve],
    score: str,
    *,
    unit: str = "labelled examples at a system's disposal",
    crossing: Crossing | None = None,
    anchors: Sequence[Anchor] = (),
) -> Picture:
    """Scores over the number of labelled examples, for `contents.part(comparison, when=[learning_curves(…)])`.

    Args:
        curves: Systems at several sizes; a few-shot system is a curve of one point, which `level` continues.
        score: The dotted name of the score.
        unit: What is counted along the axis.
        crossing: Where fine-tuning begins to win.
        anchors: Published scores that are comparable with ours.
    """
    rows = []
    for curve in curves:
        for point in curve.points:
            values = [
                Cell("–" if one is None else f"{one:.6g}", one) for one in (point.x, point.y, point.low, point.high)
            ]
            rows.append(Row(curve.letter, [Cell(f"{curve.letter} {curve.name}", curve.letter), *values]))
    heads = [Column("system", number=False), *map(Column, (unit, "score", "low", "high"))]
    said = f" {crossing.text}" if crossing is not None else ""
    return Picture(
        name="curves",
        title="Learning curves",
        question=f"How many labels until fine-tuning wins? Bands and bars are 95% intervals over articles.{said}",
        svg=drawn(
            "curves",
            Curves.of(
                curves, title=f"{score} by {unit}", x_unit=unit, y_unit=score, crossing=crossing, anchors=anchors
            ),
        ),
        data=Table(heads, rows),
        notes=[anchor.text for anchor in anchors],
    )
