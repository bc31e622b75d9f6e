"""From a plan to predictions: every example asked, every answer on disk before it is read.

A prompted backend is asked through the engine; a local model predicts by itself. Either way a line of the
cassette stands behind every prediction, and what comes out is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fewshot import engine
from fewshot.backends import Backend, LocalBackend, PromptedBackend
from fewshot.cassette import Cassette
from fewshot.engine import prices
from fewshot.engine.prices import Price
from fewshot.errors import InputError
from fewshot.experiment.plan import Plan
from fewshot.experiment.requests import Questions
from fewshot.experiment.settings import Settings
from fewshot.prompt import PromptBuilder
from fewshot.records import Completion, Example, Prediction
from fewshot.scoring.reading import nothing, read_answers, too_long

Listener = Callable[[engine.Progress], None]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a backend said of the examples of a plan, in data order; those that failed are left out."""

    predictions: tuple[Prediction, ...]
    complete: bool
    failed: Mapping[str, str] = field(default_factory=dict)  # id → why
    stopped: str | None = None
    completions: tuple[Completion, ...] = ()
    prompt: PromptBuilder | None = None
    demonstrations: tuple[Example, ...] = ()  # each one that was shown, once
    shots: Sequence[int] = ()  # shown, by example
    asked: int = 0
    replayed: int = 0
    seconds: float | None = None  # that a local model took for the `asked`
    notices: tuple[str, ...] = ()
    price: Price | None = None
    stats: engine.Progress = field(default_factory=engine.Progress)

    @property
    def adapted(self) -> dict[str, str]:
        """What servers made us change, over all answers."""
        found: dict[str, str] = {}
        for completion in self.completions:
            found |= {name: str(value) for name, value in completion.adapted.items()}
        return dict(sorted(found.items()))


def ask(
    made: Plan,
    backend: Backend,
    cassette: Cassette,
    builder: PromptBuilder | None,
    asked: Questions,
    *,
    reuse: Cassette | None = None,
    strict: bool = False,
    lost: Mapping[str, str] | None = None,
    listen: Listener | None = None,
) -> Answers:
    """Predictions for the examples of a plan; `asked`: its requests. `strict`: from recordings only. `lost`: those that
    failed when they were recorded (id → why), and fail again.

    Raises:
        ReplayError: `strict`, and an answer is not recorded.
    """
    if backend.kind == "local":
        return _predict(made, backend, cassette, reuse=reuse, strict=strict, listen=listen)
    if builder is None:
        raise TypeError("a prompted backend needs a prompt builder")
    return _prompt(made, backend, cassette, builder, asked, reuse=reuse, strict=strict, lost=lost or {}, listen=listen)


def _prompt(
    made: Plan,
    backend: PromptedBackend,
    cassette: Cassette,
    builder: PromptBuilder,
    asked: Questions,
    *,
    reuse: Cassette | None,
    strict: bool,
    lost: Mapping[str, str],
    listen: Listener | None,
) -> Answers:
    settings = made.settings
    job = engine.Job(
        [request for request in asked.all if request.id not in lost],
        None if strict else backend,
        cassette,
        reuse=reuse,
        pace=engine.Pace(concurrency=settings.concurrency, rpm=settings.rpm, tpm=settings.tpm),
        budget=engine.Budget() if strict else budget(settings, backend),
        price=price(settings, backend),
        strict=strict,
        listen=listen,
    )
    outcome = engine.ask(job)
    answered = {
        id_: [outcome.answer(id_, number) for number in range(len(samples))] for id_, samples in asked.requests.items()
    }
    as_empty = settings.failed_as_empty and outcome.stopped is None
    predictions = []
    for example in made.examples:
        completions = [completion for completion in answered.get(example.id, []) if completion is not None]
        wanted = len(answered.get(example.id, []))
        if example.id in asked.too_long:
            predictions.append(too_long(example, made.task))
        elif wanted and len(completions) == wanted:
            scheme = made.scheme(example)
            predictions.append(read_answers(completions, example, format=made.format, scheme=scheme, task=made.task))
        elif not wanted or as_empty:
            predictions.append(nothing(example, made.task))
    return Answers(
        predictions=tuple(predictions),
        complete=len(predictions) == len(made.examples),
        failed={**outcome.failed, **lost},
        stopped=outcome.stopped,
        completions=tuple(c for completions in answered.values() for c in completions if c is not None),
        prompt=builder,
        demonstrations=asked.demonstrations,
        shots=asked.shots,
        asked=outcome.sent,
        replayed=outcome.replayed,
        notices=(*_left_out(made), *asked.notices, *_maybe_twice(outcome.stats)),
        price=price(settings, backend),
        stats=outcome.stats,
    )


def price(settings: Settings, backend: Backend) -> Price | None:
    """What tokens cost there; `None`: nobody knows."""
    endpoint = backend.endpoint if backend.kind == "prompted" else None
    return prices.find(backend.model, endpoint, settings.extra)


def budget(settings: Settings, backend: PromptedBackend) -> engine.Budget:
    """What may be spent; without a server nothing is.

    Raises:
        InputError: dollars, at a price that nobody knows.
    """
    if backend.endpoint is None:
        return engine.Budget()
    if settings.budget_usd is not None and price(settings, backend) is None:
        raise InputError(
            f"--budget-usd cannot be kept: no price is known of {backend.model} at {backend.endpoint}",
            hint=f"put it into {prices.own_file()}, or give --budget-tokens",
        )
    return engine.Budget(settings.budget_usd, settings.budget_tokens)


def _maybe_twice(stats: engine.Progress) -> tuple[str, ...]:
    if not stats.maybe_twice:
        return ()
    return (f"{stats.maybe_twice} requests were sent again after their answer got lost: possibly paid twice",)


def _predict(
    made: Plan,
    backend: LocalBackend,
    cassette: Cassette,
    *,
    reuse: Cassette | None,
    strict: bool,
    listen: Listener | None,
) -> Answers:
    # A model sees the question and nothing else: no gold, and of the entities of ROLES those that the run gives.
    questions = [
        replace(example, panels=None, hypothesis=None, inline_labels=None, entities=made.given.get(example.id))
        for example in made.examples
    ]
    found = engine.predict(questions, backend, cassette, kind=made.task.kind, reuse=reuse, strict=strict, listen=listen)
    values = (found.predictions[example.id] for example in made.examples)
    predictions = tuple(replace(p, value=made.task.restrict(p.value, made.labels)) for p in values)
    return Answers(
        predictions=predictions,
        complete=True,
        asked=found.computed,
        replayed=found.replayed,
        seconds=found.seconds,
    )


def _left_out(made: Plan) -> tuple[str, ...]:
    count = made.pick.near_duplicates
    return (f"{count} near-duplicates of their query were not taken as demonstrations",) if count else ()
