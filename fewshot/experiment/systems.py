"""The two sorts of system: one that is prompted through the engine, and a model on this machine.

    backend ──► system_of ──► PromptedSystem | LocalSystem

Which of the two a backend is, is decided here, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fewshot import engine
from fewshot.backends import Backend, Batched, LocalBackend, PromptedBackend, Trained
from fewshot.engine import prices
from fewshot.engine.prices import Price
from fewshot.errors import InputError
from fewshot.experiment.answers import Answers, Listener, Tapes
from fewshot.experiment.plan import Plan
from fewshot.experiment.requests import Requests, requests_of, wording_of
from fewshot.experiment.settings import Settings
from fewshot.experiment.signature import Identity
from fewshot.prompt import PromptBuilder, Sampling, Target
from fewshot.prompt.wording import ResolvedPrompt
from fewshot.records import Completion, Prediction, Training
from fewshot.scoring.reading import nothing, read_answers, too_long


def system_of(
    plan: Plan, backend: Backend, *, wording: ResolvedPrompt | None = None, endpoint: str | None = None
) -> PromptedSystem | LocalSystem:
    """The system that a backend is for a plan. `wording`, `endpoint`: the recorded ones, in a replay.

    Raises:
        InputError: `--batch`, and the backend has no Batch endpoint.
    """
    if plan.settings.batch and not isinstance(backend, Batched):
        raise InputError(f"--backend {backend.name} has no Batch endpoint", hint="leave --batch out")
    if backend.kind == "local":
        return LocalSystem(plan, backend)
    builder = PromptBuilder(
        question=plan.question,
        wording=wording or wording_of(plan),
        target=Target(backend.name, endpoint or backend.endpoint, backend.model, backend.api),
        sampling=_sampling(plan.settings),
    )
    return PromptedSystem(plan, backend, builder, requests_of(plan, builder), price_of(plan.settings, backend))


def _sampling(settings: Settings) -> Sampling:
    return Sampling(settings.max_tokens, settings.temperature, settings.seed, settings.extra)


@dataclass(frozen=True, slots=True)
class PromptedSystem:
    """A backend that is shown demonstrations in a prompt."""

    plan: Plan
    backend: PromptedBackend
    builder: PromptBuilder
    requests: Requests
    price: Price | None
    training: Training = field(default_factory=Training)

    @property
    def identity(self) -> Identity:
        """Backend, model, endpoint, prompt."""
        target = self.builder.target
        return Identity(
            name=target.backend,
            model=target.model,
            prompted=True,
            endpoint=target.endpoint,
            api=target.api,
            prompt=self.builder.wording.digest[:16],
            format=self.builder.question.format_name,
        )

    @property
    def wording(self) -> ResolvedPrompt:
        """The prompt's text."""
        return self.builder.wording

    @property
    def notices(self) -> Sequence[str]:
        """Of the backend (it may add to them until it is closed)."""
        return self.backend.notices

    def answer(self, tapes: Tapes, listen: Listener | None = None) -> Answers:
        """Asks through the engine what is not recorded, and reads all answers."""
        settings = self.plan.settings
        job = engine.Job(
            [request for request in self.requests.all if request.id not in tapes.lost],
            None if tapes.strict else self.backend,
            tapes.cassette,
            reuse=tapes.reuse,
            pace=engine.Pace(
                concurrency=settings.concurrency,
                rpm=settings.rpm,
                tpm=settings.tpm,
                patience=settings.give_up_after,
                grace=settings.grace,
            ),
            budget=engine.Budget() if tapes.strict else budget_of(settings, self.backend, self.price),
            price=self.price,
            strict=tapes.strict,
            batches=_batching(settings, tapes),
            listen=listen,
        )
        outcome = engine.ask(job)
        completions = {
            id_: [outcome.answer(id_, number) for number in range(len(samples))]
            for id_, samples in self.requests.by_id.items()
        }
        as_empty = settings.failed_as_empty and outcome.stopped is None
        predictions = self._read(completions, as_empty=as_empty)
        return Answers(
            predictions=predictions,
            complete=len(predictions) == len(self.plan.examples),
            failed={**outcome.failed, **tapes.lost},
            stopped=outcome.stopped,
            blocked=outcome.blocked,
            completions=tuple(c for samples in completions.values() for c in samples if c is not None),
            times=tuple(
                sum(c.seconds for c in samples if c is not None)
                for samples in completions.values()
                if samples and not any(c is None or c.batch for c in samples)
            ),
            asked=outcome.sent,
            recorded=outcome.replayed,
            notices=(*self.requests.notices, *outcome.notices, *_maybe_twice(outcome.stats)),
            stats=outcome.stats,
        )

    def _read(
        self, completions: Mapping[str, Sequence[Completion | None]], *, as_empty: bool
    ) -> tuple[Prediction, ...]:
        """The predictions of all examples that were answered in full. `as_empty`: failures count as empty answers."""
        predictions = []
        plan, question = self.plan, self.plan.question
        for example in plan.examples:
            samples = completions.get(example.id, ())
            answered = [completion for completion in samples if completion is not None]
            if example.id in self.requests.too_long:
                predictions.append(too_long(example, plan.task))
            elif samples and len(answered) == len(samples):
                scheme = plan.scheme(example)
                predictions.append(
                    read_answers(answered, example, format=question.format, scheme=scheme, task=plan.task)
                )
            elif not samples or as_empty:
                predictions.append(nothing(example, plan.task))
        return tuple(predictions)


@dataclass(frozen=True, slots=True)
class LocalSystem:
    """A model on this machine: it reads the text and no prompt."""

    plan: Plan
    backend: LocalBackend
    wording: None = None
    price: None = None
    requests: Requests = field(default_factory=Requests)

    @property
    def identity(self) -> Identity:
        """Model, decoder, and how many labelled examples it was trained on."""
        backend = self.backend
        return Identity(
            name=backend.name,
            model=backend.model,
            format=backend.format or self.plan.question.format_name,
            decoder=backend.digest,
            labelled=backend.labelled,
        )

    @property
    def training(self) -> Training:
        """How the model was trained, if the backend knows."""
        return self.backend.training if isinstance(self.backend, Trained) else Training()

    @property
    def notices(self) -> Sequence[str]:
        """Of the backend."""
        return self.backend.notices

    def answer(self, tapes: Tapes, listen: Listener | None = None) -> Answers:
        """Predicts what is not recorded."""
        plan = self.plan
        # A model sees the question and nothing else: no gold, and of the entities of ROLES those that the run gives.
        questions = [
            replace(example, panels=None, hypothesis=None, inline_labels=None, entities=plan.given.get(example.id))
            for example in plan.examples
        ]
        outcome = engine.predict(
            questions,
            self.backend,
            tapes.cassette,
            kind=plan.task.kind,
            reuse=tapes.reuse,
            strict=tapes.strict,
            listen=listen,
        )
        return Answers(
            predictions=tuple(self._restricted(outcome.predictions[example.id]) for example in plan.examples),
            asked=outcome.computed,
            recorded=outcome.replayed,
            seconds=outcome.seconds,
            times=outcome.times,
        )

    def _restricted(self, prediction: Prediction) -> Prediction:
        return replace(prediction, value=self.plan.task.restrict(prediction.value, self.plan.question.labels))


def price_of(settings: Settings, backend: PromptedBackend) -> Price | None:
    """What tokens cost there, by `--price-in` and `--price-out` or by the tables; `None`: not known."""
    if settings.price_in is not None and settings.price_out is not None:
        return Price(settings.price_in, settings.price_out, date="", source="as given")
    return prices.find(backend.model, backend.endpoint, settings.extra)


def budget_of(settings: Settings, backend: PromptedBackend, price: Price | None) -> engine.Budget:
    """What may be spent; without a server nothing is.

    Raises:
        InputError: a budget in dollars, and no price is known.
    """
    if backend.endpoint is None:
        return engine.Budget()
    if settings.budget_usd is not None and price is None:
        raise InputError(
            f"--budget-usd cannot be kept: no price is known of {backend.model} at {backend.endpoint}",
            hint=f"{prices.WHERE}, or give --budget-tokens",
        )
    return engine.Budget(settings.budget_usd, settings.budget_tokens)


def _batching(settings: Settings, tapes: Tapes) -> engine.Batching | None:
    if not settings.batch or tapes.batches is None:
        return None
    return engine.Batching(tapes.batches, settings.batch_poll, tapes.wait)


def _maybe_twice(stats: engine.Progress) -> tuple[str, ...]:
    if not stats.maybe_twice:
        return ()
    return (f"{stats.maybe_twice} requests were sent again after their answer got lost: possibly paid twice",)
