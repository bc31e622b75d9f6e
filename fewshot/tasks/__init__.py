"""The questions asked of a legend: one file a task, named as `--task` names it.

A task says what the gold value of an example is, which labels it has, how predictions are scored, and all else that
others ask of it: nothing outside its file compares with its name. How a value is written in an answer is a format's
business, how the question is worded lies in `prompts/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, cast

from fewshot import discovery
from fewshot.records import OF_ENTITIES, Example, Hypothesis, Kind, Span, Value

Unit: TypeAlias = Literal["figure", "panel"]
"""What a source that holds figures and their panels gives as an example: a whole legend, or that of one panel."""

Tagging: TypeAlias = Literal["entities", "starts", "roles"]
"""How a token classifier writes a value (`fewshot.models.tagging`): spans as IOB2 tags; the first words of segments, of
which each ends where the next one starts; the roles of given entities, whose words are masked."""

_TAGGINGS: Mapping[Kind, Tagging] = {"entities": "entities", "panels": "starts", "roles": "roles"}


@dataclass(frozen=True, slots=True)
class Case:
    """One scored example: the source, what is right, what was predicted."""

    example: Example
    gold: Value
    predicted: Value


class Task(Protocol):
    """What a file in this package provides under the name `TASK`. A task that inherits from this class says what is
    left open here (`...`), and what of the rest is not so for it."""

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

    @property
    def unit(self) -> Unit:
        """Which records of a source that holds both it is asked of."""
        return "panel"

    @property
    def of_entities(self) -> bool:
        """Whether the question names entities, the gold ones or those of `--entities RUN`; `given` says which."""
        return self.kind in OF_ENTITIES

    @property
    def tagging(self) -> Tagging | None:
        """How a token classifier writes a value; `None`: it cannot."""
        return _TAGGINGS.get(self.kind)

    def gold(self, example: Example) -> Value | None:
        """The gold value of an example; `None` where it is not labelled for this task."""
        ...

    def given(self, example: Example) -> tuple[Span, ...]:
        """The entities that the question names; `()` for tasks that are asked of the text alone."""
        return ()

    def labels(self, value: Value) -> frozenset[str]:
        """The labels that occur in a value."""
        ...

    def restrict(self, value: Value, labels: Sequence[str]) -> Value:
        """The part of a value that bears one of `labels` (`--labels`)."""
        ...

    def empty(self) -> Value:
        """The value of a system that answers nothing."""
        ...

    def completed(self, value: Value, text: str) -> Value:
        """A value whose spans have offsets and label only, with what the text itself says of them (panels: their
        letters)."""
        return value

    def shows(self, value: Value, text: str) -> frozenset[str]:
        """What a demonstration with this value teaches, which `--selector balanced` covers."""
        return self.labels(value)

    def score(self, cases: Sequence[Case], labels: Sequence[str]) -> Mapping[str, float]:
        """All scores of a set of predictions, by dotted name, unrounded, in a fixed order."""
        ...


def names() -> tuple[str, ...]:
    """The tasks by name: our own, then those of plugins."""
    return discovery.names(__name__)


def of_kind(kind: Kind) -> Iterator[Task]:
    """The tasks whose values are of this kind, our own first."""
    for name in discovery.usable(__name__):
        task = get(name)
        if task.kind == kind:
            yield task


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
