"""What a run will ask: the settings met with the data, before any backend is opened.

    settings ──► task, format, labels, examples, pool of demonstrations ──► Plan

A plan made from a run folder (a replay) needs nothing but the folder: where the data is gone it takes
`gold.jsonl`, and each query is shown the demonstrations it was shown when it was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fewshot import backends, data, demonstrations, formats, tasks
from fewshot.errors import InputError
from fewshot.experiment.folder import DEMONSTRATIONS, ENTITIES, PREDICTIONS, RunFolder
from fewshot.experiment.settings import DEFAULT_SHOTS, Settings
from fewshot.formats import Format
from fewshot.records import Example, Scheme, Span
from fewshot.tasks import Task

TRAIN = "train"
EXTERNAL = "external"
"""The backend of predictions that somebody else made."""

_SHOWN_BY = ("task", "data", "demos", "shots", "selector", "embedder", "context", "seed")
"""Settings that decide what is shown."""


@dataclass(slots=True)
class Picker:
    """Chooses the demonstrations of each query, and counts what it left out."""

    shots: int
    pool: demonstrations.Pool | None
    recorded: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)
    selector: str | None = None  # as the signature names it; None: nothing is chosen
    near_duplicates: int = 0

    def __call__(self, query: Example) -> tuple[Example, ...]:
        """The demonstrations for a query, in the order in which a prompt shows them."""
        if query.id in self.recorded:
            return self.recorded[query.id]
        if not self.shots or self.pool is None:
            return ()
        choice = self.pool.pick(query, self.shots)
        self.near_duplicates += choice.excluded_near_duplicates
        return choice.demonstrations

    def fewer(self, demonstrations: tuple[Example, ...]) -> tuple[Example, ...]:
        """Without the one that a prompt which is too long gives up first."""
        return demonstrations[:-1] if self.pool is None else self.pool.fewer(demonstrations)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before the first request."""

    settings: Settings
    task: Task
    format_name: str
    format: Format
    labels: tuple[str, ...]
    examples: tuple[Example, ...]
    given: Mapping[str, tuple[Span, ...]]
    pick: Picker
    prompted: bool  # whether the backend is shown demonstrations
    labelled: int  # examples with labels at the system's disposal
    digest: str
    grouped: bool
    notices: tuple[str, ...] = ()

    @property
    def scored(self) -> list[Example]:
        """The examples that have a gold value."""
        return [example for example in self.examples if self.task.gold(example) is not None]

    def scheme(self, example: Example) -> Scheme:
        """What the format must know to read the answer to one example."""
        return Scheme(self.task.kind, self.labels, self.given.get(example.id, ()))

    def asks(self, example: Example) -> bool:
        """Whether there is anything to ask: roles of no entities are known without a question."""
        return self.task.kind != "roles" or bool(self.given.get(example.id))


@dataclass(frozen=True, slots=True)
class _Source:
    examples: Sequence[Example]
    digest: str
    from_folder: bool = False


def make(settings: Settings, *, recorded: RunFolder | None = None) -> Plan:
    """Reads the data and decides everything a run needs to know before it asks.

    Raises:
        InputError: an unknown name, data that cannot be read, too few demonstrations.
    """
    task = tasks.get(settings.task)
    format_name = settings.format or task.default_format
    format_ = formats.get(format_name, task.kind)
    table = recorded.run() if recorded else {}
    source = _source(settings, task, recorded, table)
    split = list(source.examples) if source.from_folder else _split(source.examples, settings)
    pool = _pool(settings, task, source, recorded)
    labels, warnings = _labels(settings, task, split, pool, table)
    examples = _asked(split, task, unlabelled=settings.unlabelled)[: settings.limit]
    prompted = settings.backend == EXTERNAL or backends.is_prompted(settings.backend)
    shots, notice = _shots(settings, pool) if prompted else _no_shots(settings)
    shown = _shown(settings, recorded, table)
    return Plan(
        settings=settings,
        task=task,
        format_name=format_name,
        format=format_,
        labels=labels,
        examples=tuple(examples),
        given=_given(settings, task, examples, recorded),
        pick=_picker(shots, pool, settings, task, labels, shown=shown, table=table),
        prompted=prompted,
        labelled=table["plan"]["labelled"] if shown else len(pool) if shots else 0,
        digest=source.digest,
        grouped=any(example.group != example.id for example in split),
        notices=(*warnings, *notice),
    )


def _source(settings: Settings, task: Task, recorded: RunFolder | None, table: Mapping[str, Any]) -> _Source:
    """The data by its path, or, in a replay, from the folder where it is gone or (`demo`) has moved on."""
    was = table.get("plan", {}).get("digest")
    ours = recorded if recorded and recorded.settings().data == settings.data else None
    if ours and settings.data != "demo" and not Path(settings.data).exists():
        return _Source(ours.examples(), was, from_folder=True)  # gone; or a hub, and a replay connects to none
    examples = data.read(settings.data, task.name)
    digest = data.digest(examples)
    if ours and settings.data == "demo" and was != digest:
        return _Source(ours.examples(), was, from_folder=True)
    return _Source(examples, digest)


def _split(examples: Sequence[Example], settings: Settings) -> list[Example]:
    """The examples of the split asked for; a source without splits is all test."""
    splits = sorted({example.split for example in examples if example.split is not None})
    if not splits:
        return list(examples)
    if settings.split not in splits:
        raise InputError(f"{settings.data} has no split {settings.split!r} (it has {', '.join(splits)})")
    return [example for example in examples if example.split == settings.split]


def _pool(settings: Settings, task: Task, source: _Source, recorded: RunFolder | None) -> list[Example]:
    """The labelled examples that demonstrations may be taken from."""
    if settings.demos is not None:
        gone = recorded is not None and not Path(settings.demos).exists()
        examples = (
            recorded.examples(DEMONSTRATIONS) if recorded is not None and gone else data.read(settings.demos, task.name)
        )
        if any(example.split for example in examples):
            examples = [example for example in examples if example.split == TRAIN]
    elif source.from_folder and recorded is not None:
        examples = recorded.examples(DEMONSTRATIONS)
    else:
        examples = [example for example in source.examples if example.split == TRAIN]
    return [example for example in examples if task.gold(example) is not None]


def _picker(
    shots: int,
    examples: list[Example],
    settings: Settings,
    task: Task,
    labels: tuple[str, ...],
    *,
    shown: Mapping[str, tuple[Example, ...]],
    table: Mapping[str, Any],
) -> Picker:
    """From the pool; in a replay from what was shown, which needs no pool and no embedder."""
    if shown:
        return Picker(shots, None, shown, table.get("plan", {}).get("selector", settings.selector))
    if not shots:
        return Picker(0, None)
    pool = demonstrations.Pool(
        examples,
        seed=settings.seed,
        selector=settings.selector,
        task=task,
        labels=labels,
        embedder=settings.embedder,
    )
    return Picker(shots, pool, selector=pool.selector)


def _shots(settings: Settings, pool: Sequence[Example]) -> tuple[int, list[str]]:
    """How many demonstrations a prompt shows, and the line that says so where nobody asked."""
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
    """A model that is no prompted one is shown nothing."""
    if settings.shots:
        raise InputError(f"--shots {settings.shots}: backend {settings.backend} is shown no demonstrations")
    return 0, []


def _labels(
    settings: Settings,
    task: Task,
    split: Iterable[Example],
    pool: Iterable[Example],
    table: Mapping[str, Any],
) -> tuple[tuple[str, ...], list[str]]:
    """The labels in use: those of the data and its demonstrations. `--limit` does not change them."""
    was = table.get("plan", {})
    if was.get("task") == task.name and was.get("asked_labels") == list(settings.labels):
        return tuple(was["labels"]), []
    present: set[str] = set()
    for example in (*split, *pool):
        gold = task.gold(example)
        if gold is not None:
            present |= task.labels(gold)
    return tasks.resolve_labels(task, settings.labels, sorted(present))


def _asked(split: Sequence[Example], task: Task, *, unlabelled: bool) -> list[Example]:
    """Where any example is labelled only those are run, unless the rest is asked for."""
    labelled = [example for example in split if task.gold(example) is not None]
    return list(split) if unlabelled or not labelled else labelled


def _given(
    settings: Settings, task: Task, examples: Sequence[Example], recorded: RunFolder | None
) -> dict[str, tuple[Span, ...]]:
    """The entities that each query names: the gold ones, or those that another run predicted."""
    if task.kind != "roles":
        if settings.entities is not None:
            raise InputError(f"--entities goes with --task roles, not {task.name}")
        return {}
    if settings.entities is None:
        return {example.id: task.given(example) for example in examples}
    found = _predicted_entities(settings.entities, examples, recorded)
    missing = [example.id for example in examples if example.id not in found]
    if missing:
        raise InputError(
            f"--entities {settings.entities} has no prediction for {missing[0]!r}"
            f" ({len(missing)} of {len(examples)} are missing)",
            hint="run --task ner on the same data and split",
        )
    return {example.id: task.given(replace(example, entities=found[example.id])) for example in examples}


def _predicted_entities(
    run: str, examples: Sequence[Example], recorded: RunFolder | None
) -> dict[str, tuple[Span, ...]]:
    """By id, from the replayed folder's own copy where it has one: the other run may be gone."""
    if recorded and (recorded.path / ENTITIES).exists():
        return recorded.spans(ENTITIES, examples)
    return RunFolder(Path(run)).spans(PREDICTIONS, examples)


def _shown(settings: Settings, recorded: RunFolder | None, table: Mapping[str, Any]) -> dict[str, tuple[Example, ...]]:
    """What each recorded prompt showed, if the settings that decide it are those of the recording."""
    if recorded is None:
        return {}
    was = Settings.from_toml(table.get("settings", {}))
    if any(getattr(was, name) != getattr(settings, name) for name in _SHOWN_BY):
        return {}
    texts = {example.id: example for example in recorded.examples(DEMONSTRATIONS)}
    shown = recorded.shown()
    asked = recorded.texts()
    by_text = {text: shown[id_] for id_, text in asked.items() if id_ in shown}
    for id_, text in asked.items():  # two examples that are asked the same share one line
        if id_ not in shown and text in by_text:
            shown[id_] = by_text[text]
    for query, ids in shown.items():
        for id_ in ids:
            if id_ not in texts:
                raise InputError(f"{recorded.path}: demonstration {id_!r} of {query!r} is not in {DEMONSTRATIONS}")
    return {query: tuple(texts[id_] for id_ in ids) for query, ids in shown.items()}
