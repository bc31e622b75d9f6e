"""Backends answer: one file each, named as `--backend` names it. There are two kinds.

    async answer(Request) -> Completion                   a prompted backend: gpt3, bloom, rules
    predict(list[Example]) -> Iterator[Prediction]        a local model: the text alone, without a prompt

A prompted backend translates a request and sends it once; concurrency, retries and pacing are the engine's, the same
for all. Both kinds become lines of `responses.jsonl`, so resume and replay are the same for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast, runtime_checkable

from fewshot import discovery
from fewshot.aside import Aside
from fewshot.records import Api, Completion, Example, Prediction, Request, Training

if TYPE_CHECKING:  # they bring HTTP, which most backends do not need
    from fewshot.servers.adapting import Terms
    from fewshot.servers.batches import Batches

PROMPT = frozenset({
    "shots", "demos", "selector", "embedder", "format", "mentions", "prompt", "examples_check", "context",
    "concurrency",
})  # fmt: skip
SERVER = frozenset({
    "model", "base_url", "api", "headers", "key_env", "extra", "temperature", "samples", "max_tokens",
    "reasoning_tokens", "timeout", "rpm", "tpm", "budget_usd", "budget_tokens", "price_in", "price_out",
    "give_up_after", "grace",
})  # fmt: skip
LOCAL = frozenset({"model", "decoder", "draft", "device", "batch_tokens", "threshold"})
BATCH = frozenset({"batch", "batch_poll"})
"""Settings of a run that some backends heed and others do not. A backend's file says `HEEDS = PROMPT | SERVER`, or
which of them it heeds; one that says nothing heeds all. Settings that are in none of them are heeded by every run."""


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """How and where a local model decodes. `None`: the model's own decoder, the first GPU or else the CPU, the default
    batch (in padded tokens), the model's own score from which a span counts, the best first draft that it has."""

    decoder: str | None = None
    device: str | None = None
    batch_tokens: int | None = None
    threshold: float | None = None
    draft: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedModel:
    """What a run recorded of a local model, for a replay, which does not load it.

    `digest`: of model and decoder; `labelled`: the number of labelled examples that it was trained on; `as_asked`:
    whether labels, their definitions and the threshold are still those of the run; `training`: how it was trained.
    """

    digest: str | None = None
    labelled: int | None = None
    as_asked: bool = True
    training: Training = field(default_factory=Training)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a backend is opened with.

    Attributes:
        task: The name of the task.
        model: `--model`.
        base_url: `--base-url`.
        api: `--api`.
        offline: A replay: no key is needed, and nothing may be connected or loaded.
        timeout: The most seconds that one request may take in all.
        headers: `--header`, `--header-env`: headers that are sent beside ours, or in their place.
        key_env: `--key-env`: the environment variable that holds the key; `None`: the backend's own.
        reasoning_tokens: Room for a thought beside the limit of each answer; 0: none; `None`: learned from the answers.
        format: Local models: the format of the answers, if the model has no manifest.
        labels: Local models: the labels in use.
        definitions: Local models: what those labels mean, where that is known.
        local: Local models: how and where they decode.
        recorded: Local models, offline: what the run recorded of the model.
    """

    task: str
    model: str | None = None
    base_url: str | None = None
    api: Api | None = None
    offline: bool = False
    timeout: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_env: str | None = None
    reasoning_tokens: int | None = None
    format: str | None = None
    labels: tuple[str, ...] = ()
    definitions: Mapping[str, str] = field(default_factory=dict)
    local: LocalOptions = LocalOptions()
    recorded: RecordedModel = RecordedModel()


class PromptedBackend(Protocol):
    """Translates a request, sends it once, and returns what comes back."""

    kind: Literal["prompted"]
    name: str
    model: str
    endpoint: str | None  # scheme://host:port/path, without credentials; None if there is no server
    api: Api
    notices: Sequence[str]  # lines for stderr, for example which default model is used

    async def answer(self, request: Request) -> Completion:
        """Returns the answer to one request.

        Raises:
            BackendError: The request was not answered; says whether a retry, or going on at all, makes sense.
        """
        ...

    async def close(self) -> None:
        """Closes connections."""
        ...


@runtime_checkable
class Reasons(Protocol):
    """What a prompted backend has beside that if it may send a larger limit than a request has: by how many tokens, at
    this moment. The engine reserves them."""

    @property
    def reasoning_room(self) -> int: ...


@runtime_checkable
class Batched(Protocol):
    """What a prompted backend has beside that if its server may have a Batch endpoint (`fewshot.servers.batches`)."""

    name: str

    def batches(self) -> Batches:
        """Returns the endpoint; who asks for it closes it."""
        ...

    def batch_route(self, request: Request) -> str:
        """Returns the path that lines and batches name, such as `/v1/chat/completions`."""
        ...

    def terms(self) -> Terms:
        """Returns how bodies are written at this moment."""
        ...

    def batch_body(self, request: Request, terms: Terms) -> dict[str, Any]:
        """Returns the body of a request's line."""
        ...

    def read_batched(
        self, request: Request, status: int, content: bytes, terms: Terms, earlier: Completion | None = None
    ) -> Completion:
        """Reads the answer to a line that was written on these terms. `earlier`: the answer that was lost to its
        thought before.

        Raises:
            AgainError: The request is worth sending again on the terms of now.
            BackendError: It was not answered.
        """
        ...


class LocalBackend(Protocol):
    """A model on this machine."""

    kind: Literal["local"]
    name: str
    model: str
    digest: str  # of weights and decoder settings; part of the key of a line
    format: str | None  # the format of the model's own answers; None if unknown
    labelled: int | None  # labelled examples that it was trained on; None if unknown
    notices: Sequence[str]

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        """Yields one prediction per example, in any order, as soon as it is ready."""
        ...


@runtime_checkable
class Trained(Protocol):
    """What a local backend has beside that if it knows how its model was trained."""

    @property
    def training(self) -> Training: ...


Backend: TypeAlias = PromptedBackend | LocalBackend


class Factory(Protocol):
    """What each file of this package provides as `open_backend`."""

    def __call__(self, options: Options) -> Backend: ...


def names() -> tuple[str, ...]:
    """Returns the names of the backends: our own, then those of plugins."""
    return discovery.names(__name__)


def own_name(name: str) -> str:
    """Returns the name under which a backend is recorded: that of the backend whose file lists `name` in its
    `ALIASES`, else `name` itself, known or not.

    >>> own_name("openai"), own_name("gpt3"), own_name("nobody")
    ('gpt3', 'gpt3', 'nobody')
    """
    if name in discovery.own_names(__name__) or name in names():
        return name
    for other in discovery.usable(__name__):
        aliases = discovery.optional(__name__, other, "ALIASES")
        if isinstance(aliases, tuple) and name in aliases:
            return other
    return name


def is_prompted(name: str) -> bool:
    """Returns whether a backend is prompted; the file of a local one says `PROMPTED = False`.

    Raises:
        InputError: The backend is unknown.
    """
    return discovery.optional(__name__, name, "PROMPTED") is not False


def asks_a_server(name: str) -> bool:
    """Whether answers come from elsewhere, and may cost something.

    >>> asks_a_server("gpt3"), asks_a_server("rules")
    (True, False)
    """
    return not unheeded(name, ("base_url",))


def unheeded(name: str, settings: Iterable[str]) -> list[str]:
    """Returns those of the settings that do nothing for a backend.

    >>> unheeded("rules", ["temperature", "shots", "data"])
    ['temperature']

    Raises:
        InputError: The backend is unknown.
    """
    heeds = discovery.optional(__name__, name, "HEEDS")
    if not isinstance(heeds, frozenset):
        return []
    return [setting for setting in settings if setting in (PROMPT | SERVER | LOCAL | BATCH) - heeds]


@contextmanager
def prepared(name: str) -> Iterator[None]:
    """Begins what takes a backend long and needs no options (the `ASIDE` of its file) in a process beside this one, for
    as long as the block runs.

    Raises:
        InputError: The backend is unknown.
    """
    aside = discovery.optional(__name__, name, "ASIDE")
    if not isinstance(aside, Aside):
        yield
        return
    try:
        aside.begin()
        yield
    finally:
        aside.end()


def open_backend(name: str, options: Options) -> Backend:
    """Opens a backend by its name.

    Raises:
        InputError: The backend is unknown, or a key or a model is missing.
    """
    return cast("Factory", discovery.load(__name__, name, "open_backend"))(options)
