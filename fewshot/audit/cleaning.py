"""What wrong gold does to scores: the same predictions, scored on gold as it is, without its doubtful examples, and on
gold repaired.

    system    starts.f1      clean              repaired
    rules     .81 (2nd)      .94 (1st, +.13)    .95 (1st, +.14)      the gold was wrong, and the rules were not

Only errors and warnings count; notes say nothing about scores.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fewshot.audit import audit
from fewshot.audit.repair import repair
from fewshot.records import Example, Prediction
from fewshot.scoring import tallies
from fewshot.scoring.intervals import Interval, interval
from fewshot.tasks import Task

AS_IT_IS, CLEAN, REPAIRED = "as it is", "clean", "repaired"


@dataclass(frozen=True, slots=True)
class Reading:
    """A score of one system on one version of gold.

    Attributes:
        system: Its name.
        gold: `AS_IT_IS`, `CLEAN` or `REPAIRED`.
        n: How many examples were scored.
        value: The score.
        interval: Its interval over articles.
        rank: Its place among the systems, 1 is best; equal scores share a place.
        change: Against gold as it is.
        beyond: How far it lies outside the interval that it has on gold as it is; 0 inside it, `None` without one.
    """

    system: str
    gold: str
    n: int
    value: float
    interval: Interval
    rank: int
    change: float
    beyond: float | None


def doubtful_ids(examples: Sequence[Example], task: str, *, quick: bool = False) -> frozenset[str]:
    """The ids of the examples with an error or a warning. `quick`: copies are not looked for."""
    return frozenset(finding.id for finding in audit(examples, task, quick=quick) if finding.severity != "note")


def clean_ids(examples: Sequence[Example], task: str) -> frozenset[str]:
    """The ids of the examples without an error or a warning."""
    return frozenset(example.id for example in examples) - doubtful_ids(examples, task)


def repaired(examples: Sequence[Example], task: str) -> list[Example]:
    """The examples with every certain change made; none of them touches a text or leaves a record out, so that
    predictions still fit."""
    return repair(examples, task)[0]


def readings(
    task: Task,
    examples: Sequence[Example],
    systems: Mapping[str, Sequence[Prediction]],
    *,
    labels: Sequence[str],
    score: str,
    grouped: bool = True,
) -> list[Reading]:
    """Scores the predictions of systems on the three versions of gold; of each version, the systems in their order.

    Args:
        task: The task.
        examples: Gold as it is, with its texts.
        systems: Predictions by name of the system.
        labels: The labels of the scores.
        score: The dotted name of the score that systems are ranked by (the task's first headline, as a rule).
        grouped: Whether the data names articles.

    Raises:
        InputError: the task has no such score.
    """
    clean = clean_ids(examples, task.name)
    versions = {
        AS_IT_IS: list(examples),
        CLEAN: [example for example in examples if example.id in clean],
        REPAIRED: repaired(examples, task.name),
    }
    found: list[Reading] = []
    first: dict[str, tuple[float, Interval]] = {}
    for gold, scored in versions.items():
        values = {
            name: _scored(task, scored, predictions, labels, score, grouped=grouped)
            for name, predictions in systems.items()
        }
        for name, (value, around, n) in values.items():
            before, spread = first.setdefault(name, (value, around))
            rank = 1 + sum(other > value for other, _, _ in values.values())
            found.append(Reading(name, gold, n, value, around, rank, value - before, _beyond(value, spread)))
    return found


def _scored(
    task: Task,
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    labels: Sequence[str],
    score: str,
    *,
    grouped: bool,
) -> tuple[float, Interval, int]:
    """Value, interval, and the number of scored examples."""
    counted = tallies.count(task, examples, predictions, labels=labels, grouped=grouped)
    answered = {prediction.id for prediction in predictions}
    n = sum(example.id in answered and task.gold(example) is not None for example in examples)
    if counted is None or not n:
        return 0.0, Interval(why="nothing is scored"), n
    return counted.scores()[score], interval(counted, score), n


def _beyond(value: float, around: Interval) -> float | None:
    if around.low is None or around.high is None:
        return None
    return max(around.low - value, value - around.high, 0.0)


def changed_ranks(found: Collection[Reading]) -> bool:
    """Whether the systems stand in another order on clean or repaired gold."""
    orders = {
        gold: tuple(reading.rank for reading in found if reading.gold == gold)
        for gold in (AS_IT_IS, CLEAN, REPAIRED)
    }  # fmt: skip
    return len(set(orders.values())) > 1


def table(found: Sequence[Reading]) -> tuple[list[str], list[list[str]]]:
    """Columns and cells of a table: a row a system, its score and rank on each version of gold, and how far the score
    moves beyond the interval that it has on gold as it is.

    >>> one = Reading("rules", AS_IT_IS, 60, 0.81, Interval(0.7, 0.9), 1, 0.0, 0.0)
    >>> table([one])[1]
    [['rules', '60', '0.810 (1)', '[0.700, 0.900]']]
    """
    versions = list(dict.fromkeys(reading.gold for reading in found))
    columns = ["system"]
    for gold in versions:
        columns += ["n", gold, "95%"] if gold == AS_IT_IS else ["n", gold, "beyond"]
    rows: dict[str, list[str]] = {}
    for reading in found:
        row = rows.setdefault(reading.system, [reading.system])
        row += [str(reading.n), f"{reading.value:.3f} ({reading.rank})", _spread(reading)]
    return columns, list(rows.values())


def _spread(reading: Reading) -> str:
    if reading.gold == AS_IT_IS:
        low, high = reading.interval.low, reading.interval.high
        return "–" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"
    return "–" if reading.beyond is None else f"{reading.beyond:.3f}"
