"""A run repeated from its folder alone: no key, no connection. All rules of a replay are in this file.

    folder ──► Recording (what was recorded, what was changed since) ──► Plan, System ──► the way of every run

What the user did not change is taken as it was recorded: the labels in use, the wording, the demonstrations that each
prompt showed, the model that was resolved, the endpoint. The data is read by its path while it is there, so that an
edited file is noticed; if it is gone, or the bundled corpus has moved on, it is taken from `gold.jsonl`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields, replace
from os import PathLike
from pathlib import Path
from typing import Unpack, cast

from fewshot import tasks
from fewshot.backends import Options, RecordedModel, open_backend
from fewshot.cassette import Cassette
from fewshot.data import digest as digest_of
from fewshot.data._source import Dataset, Source
from fewshot.experiment import record
from fewshot.experiment.answers import Listener, System, Tapes
from fewshot.experiment.choosing import AsRecorded
from fewshot.experiment.folder import (
    DEMONSTRATIONS,
    ENTITIES,
    RunFolder,
)
from fewshot.experiment.options import options
from fewshot.experiment.plan import (
    Entities,
    Materials,
    Plan,
    assemble,
    check_format,
    demos_of,
    entities_of,
    labelled,
    pool_of,
)
from fewshot.experiment.record import Recorded
from fewshot.experiment.running import EndedRun, begin, claimed, end, finished, recorded_answers, score
from fewshot.experiment.settings import Keywords, Settings, with_changes
from fewshot.experiment.systems import system_of
from fewshot.experiment.verifying import check_scoring, compare
from fewshot.prompt.wording import ResolvedPrompt
from fewshot.records import Api, Example
from fewshot.tasks import Task

SHOWN_BY = ("task", "data", "demos", "shots", "selector", "embedder", "context", "seed")
"""Settings that decide which demonstrations a prompt shows."""

ASKED = ("task", "labels", "definitions", "threshold")
"""Settings that decide what a local model was asked, where it is asked for labels."""


def replay(
    recorded: str | PathLike[str],
    *,
    out: str | PathLike[str] | None = None,
    listen: Listener | None = None,
    **settings: Unpack[Keywords],
) -> EndedRun:
    """Repeats a run from its folder alone.

    Args:
        recorded: The run folder.
        out: Where to write the repeated run. Without it, predictions and scores are computed again and compared with
            the recorded ones, byte for byte.
        listen: Called with the progress, several times a second.
        settings: The fields of `Settings` to change.

    Raises:
        ReplayError: an answer is not recorded, or the result differs.
        UnknownSettingError: a keyword that is not a setting.
    """
    recording = Recording.of(RunFolder(Path(recorded)), settings)
    plan = recording.plan()
    system = recording.system(plan)
    with ExitStack() as stack:
        tape = stack.enter_context(recorded_answers(recording.folder))
        if out is None:
            answers = system.answer(recording.tapes(tape), listen)
            scores = score(plan, system, answers)
            check_scoring(recording.folder, plan, answers, scores)
            compare(recording.folder, plan, answers, scores)
            return EndedRun(recording.folder, scores, plan.notices)
        folder = RunFolder(Path(out))
        if done := finished(folder, plan):
            return done
        cassette = stack.enter_context(claimed(folder))
        if done := finished(folder, plan):  # by another process, since we looked
            return done
        begin(folder, plan, system)
        answers = system.answer(recording.tapes(cassette, reuse=tape), listen)
        return end(folder, plan, system, answers)


@dataclass(frozen=True, slots=True)
class Recording:
    """A run folder, what it recorded, and the settings of the replay."""

    folder: RunFolder
    recorded: Recorded
    settings: Settings
    changed: frozenset[str] = field(default_factory=frozenset)  # the settings that are not as recorded

    @classmethod
    def of(cls, folder: RunFolder, changes: Mapping[str, object]) -> Recording:
        """The recording in a folder, replayed with some settings changed."""
        recorded = record.read(folder)
        settings = with_changes("replay", recorded.settings, changes)
        names = (f.name for f in fields(Settings))
        changed = frozenset(n for n in names if getattr(settings, n) != getattr(recorded.settings, n))
        return cls(folder, recorded, settings, changed)

    def same(self, *names: str) -> bool:
        """Whether all these settings are as they were recorded."""
        return self.changed.isdisjoint(names)

    def plan(self) -> Plan:
        """The plan, with everything recorded that the settings still ask for."""
        task = tasks.get(self.settings.task)
        check_format(self.settings, task)
        shown = self.folder.shown_examples() if self.same(*SHOWN_BY) else {}
        return assemble(
            self.settings,
            task,
            self._materials(task),
            chooser=AsRecorded(shown, self._selector) if shown else None,
            disposal=self.recorded.plan.labelled if shown else None,
        )

    @property
    def _selector(self) -> str:
        """The selector that chose; the first folders did not record it beside the setting."""
        return self.recorded.plan.selector or self.recorded.settings.selector

    def _materials(self, task: Task) -> Materials:
        dataset = self._dataset(task)
        if dataset is None:  # the folder's own copy holds the split that was run, and no train split
            split, digest = self.folder.examples(), self.recorded.plan.digest
        else:
            split, digest = dataset.split(self.settings.split), dataset.digest
        pool = self._pool(task, dataset)
        return Materials(
            split=split,
            digest=digest,
            pool=labelled(pool, task),
            demos=self.recorded.plan.demos if self.same("demos") else digest_of(pool),
            entities=self._entities(task, split if dataset is None else dataset.examples),
            labels=tuple(self.recorded.plan.labels) if self.same("task", "labels", "definitions") else None,
        )

    def _dataset(self, task: Task) -> Dataset | None:
        """The data by its path; `None` if the folder's copy stands for it."""
        source = Source(self.settings.data, self.settings.reading)
        if not self.same("data"):
            return source.read(task.name)
        if not source.is_here:  # gone; or on a hub, and a replay opens no connection
            return None
        dataset = source.read(task.name)
        return None if source.is_bundled and dataset.digest != self.recorded.plan.digest else dataset

    def _pool(self, task: Task, dataset: Dataset | None) -> list[Example]:
        """The examples that demonstrations may be taken from: those that were shown, if the source is gone."""
        demos = self.settings.demos
        if dataset is None and demos is None:
            return self.folder.examples(DEMONSTRATIONS)
        if demos is not None and not Source(demos).is_here:
            return Dataset(demos, self.folder.examples(DEMONSTRATIONS)).pool()
        return pool_of(dataset or Dataset(self.settings.data, ()), demos_of(self.settings, task))

    def _entities(self, task: Task, examples: Sequence[Example]) -> Entities | None:
        """From the folder's own copy if it has one: the other run may be gone."""
        if self.settings.entities is not None and self.folder.holds(ENTITIES):
            return self.folder.spans(ENTITIES, examples)
        return entities_of(self.settings, task, examples)

    def system(self, plan: Plan) -> System:
        """The system that answered, opened without a connection."""
        backend = open_backend(self.settings.backend, self._options())
        own_endpoint = self.same("backend") and self.settings.base_url is None
        endpoint = self.recorded.plan.endpoint if own_endpoint else None
        return system_of(plan, backend, wording=self._wording(plan), endpoint=endpoint)

    def _options(self) -> Options:
        """A model, API and format that were resolved stay what they were, if the backend is the same."""
        fresh, was = options(self.settings, offline=True), self.recorded.plan
        if not self.same("backend"):
            return fresh
        return replace(
            fresh,
            model=fresh.model or was.model,
            api=fresh.api or cast("Api | None", was.api),
            format=fresh.format or was.format,
            recorded=RecordedModel(
                was.decoder, was.labelled, as_asked=self.same(*ASKED), training=self.recorded.training
            ),
        )

    def _wording(self, plan: Plan) -> ResolvedPrompt | None:
        """The recorded wording, if it is for this question; `None`: today's."""
        question, was = plan.question, self.recorded.plan
        same = (was.task, was.format, tuple(was.labels)) == (question.task.name, question.format_name, question.labels)
        return self.recorded.prompt if same and self.same("prompt", "mentions", "definitions") else None

    def tapes(self, cassette: Cassette, *, reuse: Cassette | None = None) -> Tapes:
        """Recordings only; what failed fails again, if failures are scored as empty answers."""
        lost = self.recorded.failed if self.settings.failed_as_empty else {}
        return Tapes(cassette, reuse=reuse, strict=True, lost=lost)
