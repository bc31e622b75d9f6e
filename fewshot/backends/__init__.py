"""Backends answer: one file each, named as `--backend` names it. There are two kinds.

    async answer(Request) -> Completion                   a prompted backend: gpt3, bloom, rules
    predict(list[Example]) -> Iterator[Prediction]        a local model: the text alone, without a prompt

A prompted backend translates a request and sends it once; concurrency, retries and pacing are the engine's, the same
for all. Both kinds become lines of `responses.jsonl`, so resume and replay are the same for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, cast

from fewshot import discovery
from fewshot.records import Api, Completion, Example, Prediction, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a backend is opened with.

    Attributes:
        task: The name of the task.
        model: `--model`.
        base_url: `--base-url`.
        api: `--api`.
        seed: `--seed`.
        extra: `--extra`, parameters that go into a request unchanged.
        offline: A replay: no key is needed, and nothing may be connected or loaded.
        timeout: The most seconds that one request may take in all.
        format: Local models: the format of the answers, if the model has no manifest.
        labels: Local models: the labels of the data, if the model has no manifest.
        decoder: Local models: `--decoder`.
        device: Local models: `--device`.
        batch_tokens: Local models: the tokens of one batch.
        digest: Local models, offline: the recorded digest.
        labelled: Local models, offline: the recorded number of labelled examples.
    """

    task: str
    model: str | None = None
    base_url: str | None = None
    api: Api | None = None
    seed: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    offline: bool = False
    timeout: float | None = None
    format: str | None = None
    labels: tuple[str, ...] = ()
    decoder: str | None = None
    device: str | None = None
    batch_tokens: int | None = None
    digest: str | None = None
    labelled: int | None = None


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


Backend: TypeAlias = PromptedBackend | LocalBackend


class Factory(Protocol):
    """What each file of this package provides as `open_backend`."""

    def __call__(self, options: Options) -> Backend: ...


def names() -> tuple[str, ...]:
    """Returns the names of the backends in this package."""
    return discovery.names(__name__)


def is_prompted(name: str) -> bool:
    """Returns whether a backend is prompted; the file of a local one says `PROMPTED = False`.

    Raises:
        InputError: The backend is unknown.
    """
    try:
        return discovery.load(__name__, name, "PROMPTED") is not False
    except AttributeError:  # prompted backends need not say so
        return True


def open_backend(name: str, options: Options) -> Backend:
    """Opens a backend by its name.

    Raises:
        InputError: The backend is unknown, or a key or a model is missing.
    """
    return cast("Factory", discovery.load(__name__, name, "open_backend"))(options)
