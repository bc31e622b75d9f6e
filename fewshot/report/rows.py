"""Rows of a table: runs that differ in the seed alone are one system, and so are equal runs of a program.

rules-2   0, 2, 3 shots      three runs with the same predictions: demonstrations change nothing for a program
gpt-6     3 shots            seeds 0, 1, 2: a mean, its standard deviation, and an interval over articles
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from fewshot.errors import InputError
from fewshot.files import digest
from fewshot.report import naming
from fewshot.report.cost import Cost, cost_of, mean
from fewshot.report.runs import FinishedRun, Kind
from fewshot.scoring import Scores, evaluate, tallies
from fewshot.scoring.intervals import Fold, Interval, fold
from fewshot.scoring.reading import nothing
from fewshot.scoring.tallies import Tallies

NOTHING = "all-empty"
"""The name of the system that answers nothing."""

_QUESTION = ("task", "data", "ids", "labels", "model", "scoring_version")
_SHOWN = ("shots", "labelled", "selector", "prompt")  # what demonstrations change of a program's signature
_OF_SERVERS = ("api", "temperature", "max_tokens", "context", "samples", "extra")  # nothing for a program


@dataclass(frozen=True)
class Row:
    """One system of a comparison.

    Attributes:
        name: The model's name, or the one that the user gives.
        kind: What answers.
        runs: Its run folders; none for the system that answers nothing.
        results: Scores of its seeds.
        counts: Counts by article of its seeds; empty if the task keeps none.
        settings: What its scores depend on, by the names of the signature; of folded runs all values, as a tuple.
        cost: Mean cost over its runs.
        label: The name and what tells the row from others of that name: unique in a comparison.
    """

    name: str
    kind: Kind
    runs: tuple[FinishedRun, ...]
    results: tuple[Scores, ...]
    counts: tuple[Tallies, ...] = field(repr=False)
    settings: Mapping[str, Any]
    cost: Cost = field(default_factory=Cost)
    label: str = ""

    @property
    def n(self) -> int:
        """Scored examples."""
        return self.results[0].n

    @property
    def seeds(self) -> int:
        """Runs that differ in the seed alone."""
        return len(self.results)

    @property
    def failed(self) -> int:
        """Requests that failed, over all seeds."""
        return sum(result.failed for result in self.results)

    @cached_property
    def malformed(self) -> int:
        """Answers with a problem, over all seeds."""
        return sum(run.malformed for run in self.runs[: self.seeds])

    @cached_property
    def problems(self) -> Counter[str]:
        """Answers with a problem by kind of problem, over all seeds."""
        return sum((run.problems for run in self.runs[: self.seeds]), Counter[str]())

    def score(self, name: str) -> float | None:
        """Returns the mean of a score over seeds; `None` if there is none of that name."""
        values = [result.scores.get(name) for result in self.results]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known and len(known) == len(values) else None

    def estimate(self, name: str) -> Fold | None:
        """Returns a score with its interval over articles and its deviation over seeds; `None` if there is none."""
        score = self.score(name)
        if score is None:
            return None
        if not self.counts or name not in self.counts[0].formulas:
            return Fold(score, None, self.seeds, Interval(why="no counts by article"))
        return replace(fold(self.counts, name), mean=score)  # the last digit as scores.json has it


def best_of(rows: Sequence[Row], score: str) -> Row | None:
    """Returns the row with the highest score, the first of equal ones; `None` if none has it."""
    scored = [(value, row) for row in rows if (value := row.score(score)) is not None]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def rows_of(runs: Sequence[FinishedRun], names: Mapping[str, str], *, gpu_hour_usd: float | None = None) -> list[Row]:
    """Returns the rows of runs: first the system that answers nothing, then one a system, in the order of the runs.

    Args:
        runs: Finished runs of one question.
        names: The names that the user gives, by the path of a run folder.
        gpu_hour_usd: As for `cost_of`.

    Raises:
        InputError: runs with two different given names are the same system.
    """
    found: list[Row] = []
    for group in _by_seed(runs):
        row = _row(group, names, gpu_hour_usd)
        twin = next((other for other in found if _equal(other, row)), None)
        if twin is None:
            found.append(row)
        else:
            found[found.index(twin)] = _merged(twin, row)
    return [_nothing(runs[0]), *naming.labelled(naming.named(found))]


def _by_seed(runs: Sequence[FinishedRun]) -> list[list[FinishedRun]]:
    """Runs that differ in the seed alone, together; a seed that was run twice is a system of its own."""
    groups: dict[str, list[FinishedRun]] = {}
    for run in runs:
        key = digest(_apart_from_seed(run))
        while any(_seed(other) == _seed(run) for other in groups.get(key, ())):
            key += "+"
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def _apart_from_seed(run: FinishedRun) -> dict[str, Any]:
    values = {key: value for key, value in run.signature.values.items() if key != "seed"}
    training = run.recorded.training
    if training.settings is not None:  # weights of another seed are other files under another name
        values |= {"model": training.settings, "decoder": str(values.get("decoder")).rpartition(":")[2]}
    return values


def _seed(run: FinishedRun) -> object:
    training = run.recorded.training
    return run.signature.values.get("seed") if training.settings is None else training.seed


def _seed_key(run: FinishedRun) -> str:
    """What the seed is called: that of a training has nothing to do with that of a run."""
    return "seed" if run.recorded.training.settings is None else "training_seed"


def _row(group: Sequence[FinishedRun], names: Mapping[str, str], gpu_hour_usd: float | None) -> Row:
    first = group[0]
    counts = tuple(run.tallies for run in group if run.tallies is not None)
    given = list(dict.fromkeys(names[key] for run in group if (key := str(run.folder.path)) in names))
    if len(given) > 1:
        raise InputError(
            f"--name: {first.folder.path} and others are seeds of one system, and get the names {' and '.join(given)}"
        )
    costs = [cost_of(run, hits=_hits(run), gpu_hour_usd=gpu_hour_usd) for run in group]
    settings = _settings(first)
    if len(group) > 1:
        settings[_seed_key(first)] = tuple(_seed(run) for run in group)
    return Row(
        name=given[0] if given else "",
        kind=first.kind,
        runs=tuple(group),
        results=tuple(run.result for run in group),
        counts=counts if len(counts) == len(group) else (),
        settings=settings,
        cost=mean(costs),
    )


def _settings(run: FinishedRun) -> dict[str, Any]:
    kept = {key: value for key, value in run.signature.values.items() if key not in _QUESTION}
    kept["shots"] = _whole(run.signature.shots)
    if run.kind == "program":
        kept = {key: None if key in _OF_SERVERS else value for key, value in kept.items()}
    if run.kind != "prompted":
        kept["endpoint"] = None
    if run.kind in ("local", "given"):
        kept |= {"seed": None, "samples": None, "training_seed": run.recorded.training.seed}
    return kept


def _hits(run: FinishedRun) -> int | None:
    """True positives of the first score of the task."""
    name = run.task.headline[0]
    if run.tallies is None or name not in run.tallies.formulas:
        return None
    counts = run.tallies.of(run.tallies.formula(name))
    return int(counts[:, :, 0].sum() if run.tallies.formula(name).shape == "mean" else counts[:, 0, 0].sum())


def _equal(one: Row, other: Row) -> bool:
    """Whether two rows of a program are the same system, whatever demonstrations it was shown."""
    if one.kind != "program" or other.kind != "program" or one.name != other.name or one.seeds != other.seeds:
        return False
    ours, theirs = ({k: v for k, v in row.settings.items() if k not in _SHOWN} for row in (one, other))
    return ours == theirs and one.runs[0].model == other.runs[0].model and _said(one) == _said(other)


def _said(row: Row) -> list[Any]:
    return [
        (answer.id, answer.value, dict(answer.problems)) for run in row.runs[: row.seeds] for answer in run.predictions
    ]


def _merged(one: Row, other: Row) -> Row:
    both = {key: _both(one.settings.get(key), other.settings.get(key)) for key in one.settings}
    return replace(one, runs=(*one.runs, *other.runs), settings=both, cost=mean([one.cost, other.cost]))


def _both(one: Any, other: Any) -> Any:
    if one == other:
        return one
    values = [v for value in (one, other) for v in (value if isinstance(value, tuple) else (value,)) if v is not None]
    return tuple(dict.fromkeys(values)) if len(values) > 1 else next(iter(values), None)


def _nothing(run: FinishedRun) -> Row:
    """The row of the system that answers nothing."""
    answers = [nothing(example, run.task) for example in run.gold]
    labels = run.signature.labels
    grouped = run.signature.values.get("groups") == "given"
    counts = tallies.count(run.task, run.gold, answers, labels=labels, grouped=grouped)
    scores = evaluate(run.task, run.gold, answers, labels=labels, signature={})
    return Row(NOTHING, "nothing", (), (scores,), (counts,) if counts else (), {}, label=NOTHING)


def _whole(value: float | None) -> float | int | None:
    return int(value) if value is not None and float(value).is_integer() else value
