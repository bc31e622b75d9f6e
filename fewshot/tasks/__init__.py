"""The questions asked of a legend: one file a task, named as `--task` names it.

A task says what the gold value of an example is, which labels it has and how predictions are scored. How a
value is written in an answer is a format's business, how the question is worded lies in `prompts/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from fewshot import discovery
from fewshot.records import Example, Hypothesis, Kind, Span, Value


@dataclass(frozen=True, slots=True)
class Case:
    """One scored example: the source, what is right, what was predicted."""

    example: Example
    gold: Value
    predicted: Value


class Task(Protocol):
    """What a file in this package provides under the name `TASK`."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def known_labels(self) -> tuple[str, ...]:
        """The task's own labels, taken where neither data nor demonstrations have any; also their order."""
        ...

    @property
    def default_format(self) -> str: ...

    @property
    def headline(self) -> tuple[str, ...]:
        """The main scores, in the order of the columns of a comparison."""
        ...

    def gold(self, example: Example) -> Value | None:
        """The gold value of an example; `None` where it is not labelled for this task."""
        ...

    def given(self, example: Example) -> tuple[Span, ...]:
        """The entities that the question names (roles); `()` for tasks that are asked of the text alone."""
        ...

    def labels(self, value: Value) -> frozenset[str]:
        """The labels that occur in a value."""
        ...

    def restrict(self, value: Value, labels: Sequence[str]) -> Value:
        """The part of a value that bears one of `labels` (`--labels`)."""
        ...

    def empty(self) -> Value:
        """The value of a system that answers nothing."""
        ...

    def score(self, cases: Sequence[Case], labels: Sequence[str]) -> Mapping[str, float]:
        """All scores of a set of predictions, by dotted name, unrounded, in a fixed order."""
        ...


def names() -> tuple[str, ...]:
    """The tasks of this package, by name."""
    return discovery.names(__name__)


def get(name: str) -> Task:
    """The task of that name (`InputError` with the nearest name where there is none)."""
    return cast("Task", discovery.load(__name__, name, "TASK"))


def spans_of(value: Value) -> tuple[Span, ...]:
    """A value that is known to be spans."""
    if isinstance(value, Hypothesis):
        raise TypeError("this task's value is spans, not a hypothesis")
    return value


def ordered(task: Task, labels: Iterable[str]) -> tuple[str, ...]:
    """Labels in the task's own order, those that it does not know behind them by name."""
    found = set(labels)
    known = [label for label in task.known_labels if label in found]
    return (*known, *sorted(found.difference(known)))


_ALIASES = {"SMALL_MOL": "SMALL_MOLECULE"}  # the study's command lines say it so


def resolve_labels(task: Task, wanted: Sequence[str], present: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The labels of a run, and a warning for each name that was taken for another.

    `wanted`: what `--labels` says (nothing or `all`: all of them); `present`: those of the data and its
    demonstrations, the task's own where there are none.

    Raises:
        InputError: a wanted label that is not there; names the known ones and the nearest.
    """
    known = ordered(task, present) or task.known_labels
    if not wanted or tuple(wanted) == ("all",):
        return known, []
    chosen, warnings = [], []
    for name in wanted:
        label = name
        if name not in known and _ALIASES.get(name) in known:
            label = _ALIASES[name]
            warnings.append(f"label {name} is taken as {label}")
        if label not in known:
            raise discovery.unknown("label", name, known)
        chosen.append(label)
    return ordered(task, chosen), warnings
