"""The columns of a table: how each is shown, what its unrounded values are, and how long it stays when room is short.

columns(comparison)                  all that say something, in order
table(comparison, ["n", "usd_1k"])   the chosen ones
records(comparison)                  the unrounded values, for a frame and for CSV
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fewshot import discovery
from fewshot.report import captions, naming, numbers
from fewshot.report.rows import Row
from fewshot.report.table import Cell, Heading, Table
from fewshot.scoring.intervals import Fold

if TYPE_CHECKING:
    from fewshot.report.comparison import Comparison

BEST, TIED = "*", "≈"
SYSTEM = "system"
_ALWAYS, _OTHERS = 0, 9  # ranks


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        key: What `--columns`, `--sort`, CSV and frame call it.
        heading: What stands above it.
        rank: As in `Heading`.
        cell: How it is shown of a row.
        values: Its unrounded values, by the names of CSV; the first one is what is sorted by.
        less: Whether less is better.
        moves: Whether it stands in the caption where it is the same for all systems.
        needs: The key of the column without which it says nothing.
    """

    key: str
    heading: str
    rank: int
    cell: Callable[[Row], Cell]
    values: Callable[[Row], Mapping[str, Any]]
    less: bool = False
    moves: bool = True
    needs: str | None = None


def columns(comparison: Comparison) -> list[Column]:
    """Returns all columns of a comparison, in their order."""
    task, first = comparison.task, comparison.headline
    told = naming.telling(comparison.rows)
    others = [key for key in naming.varying(comparison.rows) if key not in told and key != "labelled"]
    return [
        _text(SYSTEM, lambda row: row.name),
        *(_setting(key, _ALWAYS) for key in told),
        *(_setting(key, 3) for key in others),
        _score(comparison, first, _ALWAYS),
        *_differences(comparison),
        *(_score(comparison, name, 5) for name in task.headline[1:]),
        *_costs(comparison),
        *([] if "labelled" in told else [_setting("labelled", 7)]),
        _count("malformed", "malformed", 6, lambda row: row.malformed, less=True),
        _count("failed", "failed", 8, lambda row: row.failed, less=True),
        *(_problem(kind) for kind in _problems(comparison)),
        _count("n", "n", 8, lambda row: row.n),
    ]


def names(comparison: Comparison) -> list[str]:
    """Returns the names that `--columns` takes, beside those of all other scores."""
    return [column.key for column in columns(comparison)]


def printed(comparison: Comparison) -> list[str]:
    """Returns the columns of a printed table: settings and main scores."""
    keys = [*naming.telling(comparison.rows), *comparison.task.headline]
    return [column.key for column in columns(comparison) if column.key in keys]


def table(comparison: Comparison, chosen: Sequence[str] = (), sort: str | None = None) -> Table:
    """Returns the table.

    Args:
        comparison: What is compared.
        chosen: Keys of columns, or names of scores; none: all that say something.
        sort: The key of the column to sort by, best first; systems without a value last.

    Raises:
        InputError: there is no such column.
    """
    every = columns(comparison)
    rows = _sorted(comparison, sort, every)
    if chosen:
        shown = [every[0], *(_named(comparison, key, every) for key in dict.fromkeys(chosen) if key != SYSTEM)]
        same: list[Column] = []
    else:
        telling = [column for column in every if not column.moves or _says_something(column, comparison.systems)]
        same = [column for column in telling if column.moves and _is_same(column, comparison.systems)]
        shown = [column for column in telling if column not in same]
    headings = {column.key: column.heading for column in shown}
    meanings = captions.MEANINGS | {"delta": captions.of_delta(comparison)}
    return Table(
        title=comparison.task.name,
        headings=[
            Heading(c.heading, _ALWAYS if chosen else c.rank, headings.get(c.needs or ""), meanings.get(c.key))
            for c in shown
        ],
        rows=[[column.cell(row) for column in shown] for row in rows],
        caption=captions.above(comparison, [(column.heading, column.cell(rows[-1]).text) for column in same]),
        notes=captions.below(comparison),
    )


def records(comparison: Comparison) -> list[dict[str, Any]]:
    """Returns the unrounded values of all columns, one record a row."""
    every = columns(comparison)
    shots = [] if any(column.key == "shots" for column in every) else [_setting("shots", 0)]
    every = [every[0], *shots, *every[1:]]
    records = [
        {name: value for column in every for name, value in column.values(row).items()} for row in comparison.rows
    ]
    for record, row in zip(records, comparison.rows, strict=True):
        record["signature"] = " ".join(run.signature.id for run in row.runs) or None
    return records


def _sorted(comparison: Comparison, sort: str | None, every: Sequence[Column]) -> list[Row]:
    if sort is None:
        return list(comparison.rows)
    column = _named(comparison, sort, every)

    def place(row: Row) -> tuple[bool, Any]:
        value = next(iter(column.values(row).values()))
        if isinstance(value, int | float):
            return False, value if column.less else -value
        return value is None, str(value)

    known = [row for row in comparison.systems if not place(row)[0]]
    mixed = len({isinstance(place(row)[1], str) for row in known}) > 1
    ordered = sorted(known, key=(lambda row: str(place(row)[1])) if mixed else (lambda row: place(row)[1]))
    return [comparison.rows[0], *ordered, *(row for row in comparison.systems if row not in known)]


def _named(comparison: Comparison, key: str, every: Sequence[Column]) -> Column:
    for column in every:
        if key in (column.key, column.heading):
            return column
    scores = comparison.rows[0].results[0].scores
    if key in scores:
        return _score(comparison, key, _ALWAYS)
    settings = comparison.systems[0].settings
    if key in settings:
        return _setting(key, _ALWAYS)
    raise discovery.unknown("column", key, [*(column.key for column in every), *settings, *scores])


def _says_something(column: Column, systems: Sequence[Row]) -> bool:
    return any(value is not None for row in systems for value in column.values(row).values())


def _is_same(column: Column, systems: Sequence[Row]) -> bool:
    return len({column.cell(row).text for row in systems}) == 1


def _text(key: str, value: Callable[[Row], str]) -> Column:
    return Column(key, key, _ALWAYS, lambda row: Cell(value(row)), lambda row: {key: value(row)}, moves=False)


def _setting(key: str, rank: int) -> Column:
    def value(row: Row) -> object:
        found = row.settings.get(key)
        return found if isinstance(found, int | float | str | None) else naming.shown(found)

    return Column(key, key, rank, lambda row: Cell(naming.shown(row.settings.get(key))), lambda row: {key: value(row)})


def _count(key: str, heading: str, rank: int, value: Callable[[Row], float | None], *, less: bool = False) -> Column:
    def known(row: Row) -> float | None:
        return None if row.kind == "nothing" and key != "n" else value(row)

    return Column(
        key, heading, rank, lambda row: Cell(numbers.count(known(row))), lambda row: {key: known(row)}, less=less
    )


def _problems(comparison: Comparison) -> list[str]:
    return sorted({kind for row in comparison.systems for kind in row.problems}) if comparison.kinds else []


def _problem(kind: str) -> Column:
    return _count(kind, kind, _OTHERS, lambda row: row.problems[kind], less=True)


def score_cell(comparison: Comparison, name: str, row: Row) -> Cell:
    """Returns a score with its interval; the best one is bold, and those not told apart from it are marked."""
    found = row.estimate(name)
    if found is None:
        return Cell(numbers.UNKNOWN)
    if name.endswith((".support", ".neutral")):
        return Cell(numbers.count(found.mean))
    best = comparison.best(name)
    is_best = best is not None and best.label == row.label and found.mean > 0
    mark = BEST if is_best else TIED if row.label in comparison.tied(name) else ""
    return Cell(_estimate_text(found), bold=is_best, mark=mark)


def _score(comparison: Comparison, name: str, rank: int) -> Column:
    def values(row: Row) -> Mapping[str, Any]:
        found = row.estimate(name)
        if found is None:
            return dict.fromkeys((name, f"{name}.low", f"{name}.high", f"{name}.sd"))
        low, high = found.interval.low, found.interval.high
        return {name: found.mean, f"{name}.low": low, f"{name}.high": high, f"{name}.sd": found.deviation}

    return Column(name, name, rank, lambda row: score_cell(comparison, name, row), values, moves=False)


def _estimate_text(found: Fold) -> str:
    text = numbers.score(found.mean)
    if found.deviation is not None:
        text += f" ± {numbers.score(found.deviation)}"
    if found.interval.low is not None and found.interval.high is not None:
        return f"{text} {numbers.interval(found.interval.low, found.interval.high)}"
    return f"{text} ({found.interval.why})" if found.interval.why in captions.IN_CELLS else text


def _differences(comparison: Comparison) -> list[Column]:
    found = comparison.differences()
    if not found:
        return []

    def of(row: Row, name: str) -> Any:
        return getattr(found[row.label], name) if row.label in found else None

    def delta(row: Row) -> Cell:
        if row.label == comparison.baseline:
            return Cell("baseline")
        one = found.get(row.label)
        if one is None:
            return Cell(numbers.UNKNOWN)
        span = "" if one.low is None or one.high is None else f" {numbers.span_of_difference(one.low, one.high)}"
        return Cell(numbers.difference(one.delta) + span)

    def swap(row: Row) -> Cell:
        p, least = of(row, "swap_p"), of(row, "swap_least")
        bound = f" (≥ {numbers.probability(least)})" if least is not None and least > 0.05 else ""
        return Cell(numbers.probability(p) + bound)

    def probability(row: Row) -> Cell:
        return Cell(numbers.probability(of(row, "adjusted")), bold=bool(of(row, "detected")))

    def detectable(row: Row) -> Cell:
        return Cell(numbers.score(of(row, "minimum_detectable"), 2))

    names = ("delta", "low", "high", "p", "adjusted", "detected", "swap_p", "minimum_detectable")
    keys = {"delta": "delta", "low": "delta.low", "high": "delta.high", "adjusted": "p.holm"}

    def values(*chosen: str) -> Callable[[Row], Mapping[str, Any]]:
        return lambda row: {keys.get(name, name): of(row, name) for name in chosen}

    return [
        Column("delta", "Δ", 2, delta, values(*names[:3]), moves=False),
        Column("p", "p", 2, probability, values(*names[4:6], "p"), less=True, moves=False, needs="delta"),
        Column("swap_p", "swap p", 8, swap, values("swap_p"), less=True, moves=False, needs="delta"),
        Column("detectable", "detectable", 8, detectable, values("minimum_detectable"), less=True, needs="delta"),
    ]


def _costs(comparison: Comparison) -> list[Column]:
    def column(
        key: str, heading: str, rank: int, value: Callable[[Row], float | None], text: Callable[[float | None], str]
    ) -> Column:
        return Column(key, heading, rank, lambda row: Cell(text(value(row))), lambda row: {key: value(row)}, less=True)

    def pays(row: Row) -> Any:
        return comparison.break_even(row)

    def pays_text(row: Row) -> Cell:
        found = pays(row)
        return Cell(found if isinstance(found, str) else numbers.count(found))

    return [
        column("usd_1k", "$/1k", 4, lambda row: row.cost.usd_per_thousand, numbers.dollars),
        column("seconds", "s", 4, lambda row: row.cost.p50, numbers.seconds),
        column("seconds_p95", "s p95", 5, lambda row: row.cost.p95, numbers.seconds),
        column("tokens_in", "tok in", 5, lambda row: row.cost.prompt_tokens, numbers.count),
        column("tokens_out", "tok out", 5, lambda row: row.cost.completion_tokens, numbers.count),
        column("usd_hit", "$/hit", 6, lambda row: row.cost.usd_per_hit, numbers.dollars),
        column("training", "training", 6, lambda row: row.cost.training_seconds, numbers.duration),
        column("training_usd", "training $", 7, lambda row: row.cost.training_usd, numbers.dollars),
        Column("break_even", "pays from", 6, pays_text, lambda row: {"break_even": pays(row)}, less=True),
    ]
