"""Who answers a partition: what is known of an answer, and the systems that need no server.

What needs none is worked out again after a kill: it costs nothing but time, and a model whose batches were cut
elsewhere could differ in the last digit. What a server said is recorded before it counts, as in every run (`asking`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from fewshot.annotate.tally import Counts
from fewshot.backends import LocalBackend, PromptedBackend
from fewshot.errors import FewshotError, InputError
from fewshot.experiment.plan import Plan
from fewshot.experiment.requests import requests_of
from fewshot.experiment.systems import PromptedSystem
from fewshot.interrupts import held
from fewshot.records import Example, Prediction
from fewshot.scoring.reading import nothing, read_answers, too_long


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


def of(plan: Plan, examples: Sequence[Example]) -> Plan:
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
        """Asks one by one; a record that breaks the backend is refused, unless every one does. Ctrl-C and SIGTERM wait
        for the record at hand."""
        with held() as arrived:
            return asyncio.run(self._all(examples, listen, arrived))

    async def _all(
        self, examples: Sequence[Example], listen: Callable[[int], None], arrived: Sequence[object]
    ) -> Answered:
        plan = of(self.plan, examples)
        predictions: dict[str, Prediction] = {}
        refused: dict[str, str] = {}
        first: Exception | None = None
        for count, example in enumerate(examples, 1):
            if arrived:
                break
            try:
                predictions[example.id] = await self._one(plan, example)
            except Exception as error:  # whatever a text does to a backend, the next one is asked
                first = first or error
                refused[example.id] = _said(error)
            listen(count)
        if first is not None and not predictions:
            raise first
        return Answered(predictions, refused, stopped="a signal came" if arrived else None)

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
        plan = of(self.plan, examples)
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


def _unheard(_: int) -> None:
    """A listener that does nothing."""


def _said(error: Exception) -> str:
    """Why a record breaks a system, on one line."""
    if isinstance(error, FewshotError):
        return error.message
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
