"""The questions asked of a legend: one file a task, named as `--task` names it.

A task defines the gold value of an example, its labels, how predictions are scored, and every property that other
modules need: nothing outside its file compares with its name. A format writes values as answers; the wording of the
question is in `prompts/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, cast

from fewshot import discovery
from fewshot.errors import InputError
from fewshot.metrics import Tally, add
from fewshot.metrics.formulas import Formula, evaluated
from fewshot.records import OF_ENTITIES, Example, Hypothesis, Kind, Span, Value

Unit: TypeAlias = Literal["figure", "panel"]
"""What is one example of a source that holds figures and panels: the whole legend, or the legend of one panel."""

Tagging: TypeAlias = Literal["entities", "starts", "roles"]
"""How a token classifier writes a value (`fewshot.models.tagging`): spans as IOB2 tags; the first words of segments,
each of which ends where the next one starts; the roles of given entities, whose words are masked."""

_TAGGINGS: Mapping[Kind, Tagging] = {"entities": "entities", "panels": "starts", "roles": "roles"}


@dataclass(frozen=True, slots=True)
class Case:
    """One scored example: the source, what is right, what was predicted."""

    example: Example
    gold: Value
    predicted: Value


class Task(Protocol):
    """What a file in this package provides under the name `TASK`. A task inherits from this class, defines what is
    abstract here (`...`), and overrides the defaults that do not fit it."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def known_labels(self) -> tuple[str, ...]:
        """The task's own labels, in order; used if neither data nor demonstrations have any."""
        ...

    @property
    def default_format(self) -> str: ...

    @property
    def headline(self) -> tuple[str, ...]:
        """The main scores, in the order of the columns of a comparison."""
        ...

    @property
    def unit(self) -> Unit:
        """The records that the task is asked about, if a source holds figures and panels."""
        return "panel"

    @property
    def of_entities(self) -> bool:
        """Whether the question names entities (`given`): the gold entities, or the predictions of `--entities RUN`."""
        return self.kind in OF_ENTITIES

    @property
    def open_labels(self) -> bool:
        """Whether a user may ask for labels of their own."""
        return self.kind != "panels"

    @property
    def finds_entities(self) -> bool:
        """Whether answers name entities that they find themselves: at every mention or once, under any label."""
        return self.kind == "entities"

    @property
    def tagging(self) -> Tagging | None:
        """How a token classifier writes a value; `None` if it cannot."""
        return _TAGGINGS.get(self.kind)

    def gold(self, example: Example) -> Value | None:
        """Returns the gold value of an example; `None` if it is not labelled for this task."""
        ...

    def given(self, example: Example) -> tuple[Span, ...]:
        """Returns the entities that the question names; `()` for tasks that need the text only."""
        return ()

    def labels(self, value: Value) -> frozenset[str]:
        """Returns the labels that occur in a value."""
        ...

    def restrict(self, value: Value, labels: Sequence[str]) -> Value:
        """Returns the part of a value that has one of `labels` (`--labels`)."""
        ...

    def empty(self) -> Value:
        """Returns the value of a system that answers nothing."""
        ...

    def completed(self, value: Value, text: str) -> Value:
        """Returns a value with the properties that the text itself states (panels: their letters). The spans of the
        given value have offsets and labels only."""
        return value

    def shows(self, value: Value, text: str) -> frozenset[str]:
        """Returns what a demonstration with this value teaches; `--selector balanced` covers it."""
        return self.labels(value)

    def tally(self, case: Case) -> Tally:
        """Returns the counts of one example, by measure: what scores, intervals and tests are computed from. `{}`: the
        task keeps no counts and defines `score`; its scores have no intervals."""
        return {}

    def formulas(self, labels: Sequence[str]) -> Mapping[str, Formula]:
        """Returns how each score is made of the counts, by dotted name, in a fixed order."""
        return {}

    def scores(self, tallies: Sequence[Tally], labels: Sequence[str]) -> Mapping[str, float]:
        """Returns all scores of counts (of examples, or of articles), by dotted name, unrounded, in a fixed order."""
        return evaluated(self.formulas(labels), add(tallies))

    def score(self, cases: Sequence[Case], labels: Sequence[str]) -> Mapping[str, float]:
        """Returns all scores of a set of predictions, by dotted name, unrounded, in a fixed order. A task that keeps
        no counts defines this one."""
        return self.scores([self.tally(case) for case in cases], labels)


def names() -> tuple[str, ...]:
    """Returns the names of the tasks: our own, then the plugins'."""
    return discovery.names(__name__)


def of_kind(kind: Kind) -> Iterator[Task]:
    """Yields the tasks whose values are of this kind, our own first."""
    for name in discovery.usable(__name__):
        task = get(name)
        if task.kind == kind:
            yield task


def get(name: str) -> Task:
    """Returns the task with this name.

    Raises:
        InputError: There is no such task; the message contains the nearest name.
    """
    return cast("Task", discovery.load(__name__, name, "TASK"))


def spans_of(value: Value) -> tuple[Span, ...]:
    """Returns a value that must be spans.

    Raises:
        TypeError: The value is a hypothesis.
    """
    if isinstance(value, Hypothesis):
        raise TypeError("this task's value is spans, not a hypothesis")
    return value


def ordered(task: Task, labels: Iterable[str]) -> tuple[str, ...]:
    """Returns labels in the task's own order, followed by all others in alphabetical order."""
    present = set(labels)
    known = [label for label in task.known_labels if label in present]
    return (*known, *sorted(present.difference(known)))


_ALIASES = {"SMALL_MOL": "SMALL_MOLECULE"}  # the name in the study's command lines


def resolve_labels(
    task: Task, wanted: Sequence[str], present: Sequence[str], own: Sequence[str] = ()
) -> tuple[tuple[str, ...], list[str]]:
    """Returns the labels of a run, and a warning for each name that was replaced by its alias.

    >>> from fewshot.tasks import ner
    >>> resolve_labels(ner.TASK, [], [], own=["DOSE"])[0], resolve_labels(ner.TASK, [], ["GENEPROD"], own=["DOSE"])[0]
    (('DOSE',), ('GENEPROD', 'DOSE'))

    Args:
        task: The task.
        wanted: The value of `--labels`; empty or `all` means all labels.
        present: The labels of the data and the demonstrations; if there are none, the task's own are used.
        own: The labels that the user defines: added to those that are present, in this order.

    Raises:
        InputError: A wanted label does not exist; the message contains the known labels and the nearest.
    """
    added = [name for name in own if name not in present]
    if not wanted or tuple(wanted) == ("all",):
        return (*ordered(task, present), *added) or task.known_labels, []
    known = tuple(dict.fromkeys((*(ordered(task, present) or task.known_labels), *own)))
    chosen, warnings = [], []
    for name in wanted:
        label = name
        if name not in known and _ALIASES.get(name) in known:
            label = _ALIASES[name]
            warnings.append(f"label {name} is taken as {label}")
        if label not in known:
            raise _unknown(name, known, own)
        chosen.append(label)
    return (*ordered(task, set(chosen).difference(added)), *(name for name in added if name in chosen)), warnings


def _unknown(name: str, known: Sequence[str], own: Sequence[str]) -> InputError:
    """The error for a label that nobody knows: a slip, a definition without quotes, or a label that has none yet."""
    error = discovery.unknown("label", name, known)
    if own:
        return InputError(error.message, hint=f'a definition of several words is quoted: {own[-1]}="one two"')
    mine = f'a label of your own is defined: {name}="what it means"'
    return InputError(error.message, hint=f"{error.hint} {mine}" if error.hint else mine)
