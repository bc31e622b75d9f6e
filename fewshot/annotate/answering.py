"""Who answers a partition: the systems of a run, opened once and asked again and again.

    open_annotator(job) ──► Direct     a backend without a server (rules): asked one by one, nothing is recorded
                        ├─► Local      a model on this machine: the whole partition at once, in batches of like length
                        └─► Asked      a server: through the engine, with a cassette of its own for each partition

What needs no server is worked out again after a kill: it costs nothing but time, and a model whose batches were cut
elsewhere could differ in the last digit. What a server said is recorded before it counts, as in every run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from fewshot import tasks
from fewshot.annotate.job import ANSWERS, Job
from fewshot.annotate.tally import Counts
from fewshot.backends import Backend, LocalBackend, PromptedBackend, open_backend
from fewshot.cassette import Cassette
from fewshot.data import digest
from fewshot.engine import Progress
from fewshot.errors import FewshotError, InputError
from fewshot.experiment.answers import Answers, Tapes
from fewshot.experiment.plan import Materials, Plan, assemble, check_format, demos_of, labelled
from fewshot.experiment.requests import requests_of
from fewshot.experiment.running import options
from fewshot.experiment.settings import Settings
from fewshot.experiment.signature import Signature
from fewshot.experiment.systems import LocalSystem, PromptedSystem, system_of
from fewshot.prompt.wording import ResolvedPrompt
from fewshot.records import Example, Prediction
from fewshot.scoring.reading import nothing, read_answers, too_long

_OF_DATA = frozenset({"data", "split", "ids", "groups", "adapted"})
"""Facts of a signature that say what was scored, and not who answers."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of the records of a partition: each is in `predictions`, or in `refused` (the system cannot read it),
    or in `failed` (its request was not answered), or was not asked (`stopped` says why; `blocked`: a person must mend
    that). `spent`: tokens and dollars of this command."""

    predictions: Mapping[str, Prediction]
    refused: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    stopped: str | None = None
    blocked: bool = False
    tokens: int = 0
    usd: float | None = 0.0
    spent: Counts = field(default_factory=Counts)
    notices: tuple[str, ...] = ()


class Gate(Protocol):
    """What a backend passes before it is asked: limits that several processes share (`permits`)."""

    ended: str | None  # why no request is sent any more

    def __call__(self, backend: PromptedBackend) -> PromptedBackend:
        """The backend behind the gate."""
        ...


class Annotator(Protocol):
    """Whatever answers."""

    @property
    def signature(self) -> Mapping[str, Any]:
        """What its answers depend on."""
        ...

    @property
    def notices(self) -> Sequence[str]:
        """What there is to say, a line each."""
        ...

    def answer(self, number: int, examples: Sequence[Example], listen: Callable[[int], None]) -> Answered:
        """Predictions for the records of partition `number`. `listen`: called with how many are answered."""
        ...


def open_annotator(job: Job, gate: Gate | None = None) -> Annotator:
    """Opens the system that a job names; its signature says what its answers depend on. `gate`: see `Gate`.

    Raises:
        InputError: an unknown name, a model or a key that is missing, demonstrations that cannot be read.
    """
    plan = _plan(job.settings)
    backend = opened(plan)
    system = system_of(replace(plan, examples=()), backend)
    signature = _signature(plan, system)
    notices = (*plan.notices, *backend.notices)
    if isinstance(system, LocalSystem):
        return Local(plan, system.backend, signature, notices)
    if backend.kind == "prompted" and backend.endpoint is None:
        return Direct(plan, system, signature, notices)
    return Asked(plan, system.wording, signature, notices, job.out / ANSWERS, gate)


def _plan(settings: Settings) -> Plan:
    """The plan of a run over no example: who is asked, how, with which demonstrations and labels."""
    task = tasks.get(settings.task)
    check_format(settings, task)
    shown = demos_of(settings, task)
    if shown is None and settings.shots:
        raise InputError(f"--shots {settings.shots} needs --demos: the records that are annotated have no labels")
    pool = [] if shown is None else shown.pool()
    read = Materials(
        split=(),
        digest="",
        pool=labelled(pool, task),
        demos=None if shown is None else digest(pool),
        notices=() if shown is None else shown.notices,
    )
    return assemble(settings if shown is not None else replace(settings, shots=0), task, read)


def opened(plan: Plan) -> Backend:
    """The backend of a plan, opened."""
    return open_backend(plan.settings.backend, options(plan.settings, labels=plan.question.labels))


def _signature(plan: Plan, system: PromptedSystem | LocalSystem) -> dict[str, Any]:
    """What a record depends on: the facts of a score, without those of the data that was scored."""
    made = Signature.make(plan, system.identity).values
    facts = {key: value for key, value in made.items() if key not in _OF_DATA and value not in (None, {})}
    if isinstance(system, LocalSystem) and not plan.settings.labels and not plan.settings.definitions:
        facts.pop("labels", None)  # the model's own
    shots = {"shots": plan.shots, "selector": plan.chooser.selector} if plan.shots else {}
    return {**facts, "shots": 0, **shots, "demos": plan.demos} if plan.prompted else facts


def _of(plan: Plan, examples: Sequence[Example]) -> Plan:
    """The plan for some records; of the entities that a question names each brings its own."""
    given = {one.id: plan.task.given(one) for one in examples} if plan.task.of_entities else {}
    return replace(plan, examples=tuple(examples), given=given)


@dataclass(frozen=True, slots=True)
class Direct:
    """A prompted backend without a server."""

    plan: Plan
    system: PromptedSystem
    signature: Mapping[str, Any]
    notices: Sequence[str]

    def answer(self, number: int, examples: Sequence[Example], listen: Callable[[int], None]) -> Answered:
        """Asks one by one; a record that breaks the backend is refused, unless every one does."""
        return asyncio.run(self._all(examples, listen))

    async def _all(self, examples: Sequence[Example], listen: Callable[[int], None]) -> Answered:
        plan = _of(self.plan, examples)
        predictions: dict[str, Prediction] = {}
        refused: dict[str, str] = {}
        first: Exception | None = None
        for count, example in enumerate(examples, 1):
            try:
                predictions[example.id] = await self._one(plan, example)
            except Exception as error:  # whatever a text does to a backend, the next one is asked
                first = first or error
                refused[example.id] = _said(error)
            listen(count)
        if first is not None and not predictions:
            raise first
        return Answered(predictions, refused)

    async def _one(self, plan: Plan, example: Example) -> Prediction:
        requests = requests_of(plan, self.system.builder, (example,))
        if example.id in requests.too_long:
            return too_long(example, plan.task)
        samples = requests.by_id.get(example.id, ())
        if not samples:
            return nothing(example, plan.task)
        completions = [await self.system.backend.answer(request) for request in samples]
        form, scheme = plan.question.format, plan.scheme(example)
        return read_answers(completions, example, format=form, scheme=scheme, task=plan.task)


@dataclass(frozen=True, slots=True)
class Local:
    """A model on this machine."""

    plan: Plan
    backend: LocalBackend
    signature: Mapping[str, Any]
    notices: Sequence[str]

    def answer(self, number: int, examples: Sequence[Example], listen: Callable[[int], None]) -> Answered:
        """Predicts all at once; if the model breaks, the records that break it alone are refused, unless every one
        does."""
        plan = _of(self.plan, examples)
        questions = [
            replace(one, panels=None, hypothesis=None, inline_labels=None, entities=plan.given.get(one.id))
            for one in examples
        ]
        try:
            return Answered(dict(self._predicted(questions, listen)))
        except InputError as error:
            if len(questions) == 1:
                raise
            broken = error
        predictions: dict[str, Prediction] = {}
        refused: dict[str, str] = {}
        for question in questions:
            try:
                predictions |= self._predicted([question], _unheard)
            except InputError as error:
                refused[question.id] = _said(error)
            listen(len(predictions) + len(refused))
        if not predictions:
            raise broken
        return Answered(predictions, refused)

    def _predicted(
        self, questions: Sequence[Example], listen: Callable[[int], None]
    ) -> Iterator[tuple[str, Prediction]]:
        settings, plan = self.plan.settings, self.plan
        chosen = bool(settings.labels or settings.definitions)
        for count, found in enumerate(self.backend.predict(questions), 1):
            listen(count)
            value = plan.task.restrict(found.value, plan.question.labels) if chosen else found.value
            yield found.id, replace(found, value=value)


@dataclass(slots=True)
class Asked:
    """A server that is asked through the engine. A budget is that of the command, over all partitions."""

    plan: Plan
    wording: ResolvedPrompt | None
    signature: Mapping[str, Any]
    notices: Sequence[str]
    folder: Path
    gate: Gate | None = None
    spent: Counts = field(default_factory=Counts)

    def answer(self, number: int, examples: Sequence[Example], listen: Callable[[int], None]) -> Answered:
        """Asks what is not recorded, in the cassette of this partition."""
        settings = self._left()
        if isinstance(settings, str):
            return Answered({}, stopped=settings)
        plan = replace(_of(self.plan, examples), settings=settings)
        backend = opened(plan)
        if self.gate is not None and backend.kind == "prompted":
            backend = self.gate(backend)
        system = system_of(plan, backend, wording=self.wording)
        place = self.folder / f"{number:05d}"
        place.mkdir(parents=True, exist_ok=True)
        with Cassette.open(place / "responses.jsonl") as cassette:
            tapes = Tapes(cassette, batches=place)
            answers = system.answer(tapes, lambda now: listen(_examples_of(now, settings)))
        stats = answers.stats
        now = Counts(tokens=stats.prompt_tokens + stats.completion_tokens, usd=stats.cost)
        self.spent = self.spent + now
        found = _answered(answers, system, now)
        if self.gate is not None and self.gate.ended is not None:
            return replace(found, stopped=self.gate.ended, blocked=False)
        return found

    def _left(self) -> Settings | str:
        """The settings with what is left of the budget, or why nothing is."""
        settings, spent = self.plan.settings, self.spent
        if self.gate is not None:  # which counts
            return self.gate.ended or replace(settings, rpm=None, tpm=None, budget_usd=None, budget_tokens=None)
        if settings.budget_tokens is not None:
            left = settings.budget_tokens - spent.tokens
            if left <= 0:
                return f"the budget of {settings.budget_tokens:,} tokens is used up"
            settings = replace(settings, budget_tokens=left)
        if settings.budget_usd is not None and spent.usd is not None:
            dollars = settings.budget_usd - spent.usd
            if dollars <= 0:
                return f"the budget of ${settings.budget_usd:g} is used up"
            settings = replace(settings, budget_usd=dollars)
        return settings


def _answered(answers: Answers, system: PromptedSystem | LocalSystem, spent: Counts) -> Answered:
    """What became of the records of a partition; its tokens and dollars are those of all its answers, recorded ones
    included, so that they are the same however often the job was killed."""
    counted = [(c.prompt_tokens or 0, c.completion_tokens or 0, c.batch) for c in answers.completions]
    price, usd = system.price, None
    if price is not None:
        usd = round(sum((price.batch if batch else price).of(asked, said) for asked, said, batch in counted), 9)
    return Answered(
        {one.id: one for one in answers.predictions},
        failed=answers.failed,
        stopped=answers.stopped,
        blocked=answers.blocked,
        tokens=sum(asked + said for asked, said, _ in counted),
        usd=usd,
        spent=spent,
        notices=tuple(answers.notices),
    )


def _unheard(_: int) -> None:
    """A listener that does nothing."""


def _examples_of(now: Progress, settings: Settings) -> int:
    return now.done // settings.samples


def _said(error: Exception) -> str:
    """Why a record breaks a system, on one line."""
    if isinstance(error, FewshotError):
        return error.message
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
