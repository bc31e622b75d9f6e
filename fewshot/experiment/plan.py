"""What a run will ask: its settings met with the data, before any backend is opened.

    settings ──► Materials (examples, pool, entities)  ──► Plan (question, examples, demonstrations)

`materials_of` reads them fresh; a replay (`replaying`) takes them from a run folder. This file knows no recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fewshot import backends, data, tasks
from fewshot.data import digest
from fewshot.data._source import Dataset, Source
from fewshot.demonstrations import Pool
from fewshot.errors import InputError
from fewshot.experiment.choosing import Chooser, FromPool, Nothing
from fewshot.experiment.folder import PREDICTIONS, RunFolder
from fewshot.experiment.settings import DEFAULT_SHOTS, Settings
from fewshot.prompt import definitions
from fewshot.prompt.question import Question
from fewshot.records import Example, Scheme, Span
from fewshot.tasks import Task

EXTERNAL = "external"
"""The backend of predictions that come from a file."""

Entities = Mapping[str, tuple[Span, ...]]
"""Entities by the id of their example."""


@dataclass(frozen=True, slots=True)
class Materials:
    """What a plan is made from. `demos`: the digest of what `--demos` holds; `labels`: those in use if they are known
    already (and what to say of them)."""

    split: Sequence[Example]
    digest: str
    pool: Sequence[Example]
    entities: Entities | None = None  # predicted by another run, for ROLES
    demos: str | None = None
    labels: tuple[str, ...] | None = None
    notices: tuple[str, ...] = ()  # what the readers decided


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before the first request."""

    settings: Settings
    question: Question
    examples: tuple[Example, ...]
    given: Entities
    chooser: Chooser
    shots: int
    prompted: bool  # whether the backend is shown demonstrations
    labelled: int  # labelled examples at the system's disposal
    digest: str
    grouped: bool
    demos: str | None = None
    notices: tuple[str, ...] = ()

    @property
    def task(self) -> Task:
        """The task of its question."""
        return self.question.task

    @property
    def scored(self) -> list[Example]:
        """The examples that have a gold value."""
        return [example for example in self.examples if self.task.gold(example) is not None]

    def scheme(self, example: Example) -> Scheme:
        """What the format must know to read the answer to one example."""
        return self.question.scheme(self.given.get(example.id, ()))

    def asks(self, example: Example) -> bool:
        """Whether there is anything to ask: roles of no entities are known without a question."""
        return not self.task.of_entities or bool(self.given.get(example.id))


def plan_of(settings: Settings) -> Plan:
    """Reads the data and decides everything that a run needs to know before it asks.

    Raises:
        InputError: an unknown name, data that cannot be read, too few demonstrations.
    """
    task = tasks.get(settings.task)
    check_format(settings, task)
    return assemble(settings, task, materials_of(settings, task))


def check_format(settings: Settings, task: Task) -> None:
    """Refuses a format that cannot carry the task's values, before anything is read.

    Raises:
        InputError: no such format, or not for this task.
    """
    Question.of(task, settings.format, (), settings.mentions)


def materials_of(settings: Settings, task: Task) -> Materials:
    """Everything that settings name, read.

    Raises:
        InputError, DataError: it cannot be read.
    """
    dataset = Source(settings.data, settings.reading).read(task.name)
    shown = demos_of(settings, task)
    pool = pool_of(dataset, shown)
    return Materials(
        split=dataset.split(settings.split),
        digest=dataset.digest,
        pool=labelled(pool, task),
        demos=None if settings.demos is None else digest(pool),
        entities=entities_of(settings, task, dataset.examples),
        notices=(*dataset.notices, *(shown.notices if shown else ())),
    )


def demos_of(settings: Settings, task: Task) -> Dataset | None:
    """The source of `--demos`, read with those options that fit it."""
    if settings.demos is None:
        return None
    return Source(settings.demos, data.options_for(settings.demos, settings.reading)).read(task.name)


def pool_of(dataset: Dataset, demos: Dataset | None) -> list[Example]:
    """The examples that demonstrations may be taken from: those of `--demos`, else the train split of the data."""
    if demos is not None:
        return demos.pool()
    return dataset.pool() if dataset.has_splits else []


def labelled(examples: Iterable[Example], task: Task) -> list[Example]:
    """The examples with a gold value for the task."""
    return [example for example in examples if task.gold(example) is not None]


def entities_of(settings: Settings, task: Task, examples: Sequence[Example]) -> Entities | None:
    """The entities that the run of `--entities` predicted, by id; `None`: the gold ones are given.

    Raises:
        InputError: the task is not asked of entities.
        RunFolderError: no such run.
    """
    if settings.entities is None:
        return None
    if not task.of_entities:
        raise InputError(f"--entities goes with --task roles, not {task.name}")
    return RunFolder(Path(settings.entities)).spans(PREDICTIONS, examples)


def assemble(
    settings: Settings, task: Task, read: Materials, *, chooser: Chooser | None = None, disposal: int | None = None
) -> Plan:
    """The plan for what was read. A replay brings its own `chooser`, and the number of labelled examples that the
    recorded system had at its `disposal`.

    Raises:
        InputError: settings that the data cannot satisfy.
    """
    labels, warnings = _labels(settings, task, read)
    question = Question.of(task, settings.format, labels, settings.mentions)
    if settings.definitions:
        question.check_tags()
    examples = _run(read.split, task, unlabelled=settings.unlabelled)[: settings.limit]
    prompted = settings.backend == EXTERNAL or backends.is_prompted(settings.backend)
    shots, notice = _shots(settings, read.pool) if prompted else _no_shots(settings)
    return Plan(
        settings=settings,
        question=question,
        examples=tuple(examples),
        given=_given(settings, task, examples, read.entities),
        chooser=chooser or _chooser(settings, question, read.pool, shots),
        shots=shots,
        prompted=prompted,
        labelled=disposal if disposal is not None else len(read.pool) if shots else 0,
        digest=read.digest,
        grouped=any(example.group != example.id for example in read.split),
        demos=read.demos,
        notices=(*read.notices, *warnings, *notice),
    )


def _labels(settings: Settings, task: Task, read: Materials) -> tuple[tuple[str, ...], list[str]]:
    """The labels in use: those of the data and its demonstrations, and those that the user defines. `--limit` does not
    change them."""
    if read.labels is not None:
        return read.labels, []
    own = tuple(settings.definitions)
    if own and not task.open_labels:
        raise InputError(f"--task {task.name} has no labels of your own ({own[0]})")
    gold, shown = _present(read.split, task), _present(read.pool, task)
    labels, notices = tasks.resolve_labels(task, settings.labels, sorted(gold | shown), own)
    definitions.check_apart(own, [label for label in labels if label in gold | shown])
    if unseen := [label for label in labels if label in own and label not in gold | shown]:
        notices += _unseen(unseen, gold=bool(gold), shown=bool(shown))
    return labels, notices


def _present(examples: Iterable[Example], task: Task) -> set[str]:
    """The labels in the gold values of some examples."""
    values = (task.gold(example) for example in examples)
    return {label for value in values if value is not None for label in task.labels(value)}


def _unseen(labels: Sequence[str], *, gold: bool, shown: bool) -> list[str]:
    """A line on labels of the user's own of which the labelled data has no example."""
    names = ", ".join(labels)
    if gold:
        return [f"{names}: in no labelled example, so that whatever is found counts as wrong; --labels chooses others"]
    return [f"{names}: no demonstration shows one"] if shown else []


def _run(split: Sequence[Example], task: Task, *, unlabelled: bool) -> list[Example]:
    """The examples to run: if any is labelled, only those, unless the rest is asked for."""
    with_gold = labelled(split, task)
    return list(split) if unlabelled or not with_gold else with_gold


def _shots(settings: Settings, pool: Sequence[Example]) -> tuple[int, list[str]]:
    """How many demonstrations a prompt shows, and a line that says so if that was not asked for."""
    if pool:
        return (DEFAULT_SHOTS if settings.shots is None else settings.shots), []
    if settings.shots:
        raise InputError(
            f"--shots {settings.shots} needs labelled examples: {settings.data} has no train split",
            hint="name some with --demos, or say --shots 0",
        )
    line = f"{settings.data} has no train split and no --demos are given: 0 shots"
    return 0, [] if settings.shots == 0 else [line]


def _no_shots(settings: Settings) -> tuple[int, list[str]]:
    """A local model is shown nothing."""
    if settings.shots:
        raise InputError(f"--shots {settings.shots}: backend {settings.backend} is not shown demonstrations")
    return 0, []


def _chooser(settings: Settings, question: Question, examples: Sequence[Example], shots: int) -> Chooser:
    if not shots:
        return Nothing()
    pool = Pool(
        examples,
        seed=settings.seed,
        selector=settings.selector,
        task=question.task,
        labels=question.labels,
        embedder=settings.embedder,
    )
    return FromPool(pool, shots, pool.selector)


def _given(settings: Settings, task: Task, examples: Sequence[Example], entities: Entities | None) -> Entities:
    """The entities that each query names: the gold ones, or those that another run predicted."""
    if not task.of_entities:
        return {}
    if entities is None:
        return {example.id: task.given(example) for example in examples}
    missing = [example.id for example in examples if example.id not in entities]
    if missing:
        raise InputError(
            f"--entities {settings.entities} has no prediction for {missing[0]!r}"
            f" ({len(missing)} of {len(examples)} are missing)",
            hint="run --task ner on the same data and split",
        )
    return {example.id: task.given(replace(example, entities=entities[example.id])) for example in examples}
