"""Who answers: one file a backend, named as `--backend` names it. There are two kinds.

A *prompted* backend gets a `Request` and sends it once; concurrency, retries and pacing are the engine's,
the same for all. A *local* backend needs the text and no prompt, and yields predictions in its own order.
Both become lines of `responses.jsonl`, so resume and replay are the same for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, cast, runtime_checkable

from fewshot import discovery
from fewshot.records import Api, Completion, Example, Prediction, Request


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """How and where a local model decodes. `None`: the model's own decoder, the first GPU or else the CPU, the default
    batch (in padded tokens)."""

    decoder: str | None = None
    device: str | None = None
    batch_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class RecordedModel:
    """What a run recorded of a local model, for a replay, which does not load it.

    `digest`: of model and decoder; `labelled`: the number of labelled examples that it was trained on.
    """

    digest: str | None = None
    labelled: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a backend is opened with. `offline`: a replay; no key is needed and nothing may be connected. `timeout`: the
    most seconds that one request may take in all. `reasoning_tokens`: room for a thought beside the limit of each
    answer; 0 none, `None` learnt from the answers. `format`, `labels`: for local models without a manifest."""

    task: str
    model: str | None = None
    base_url: str | None = None
    api: Api | None = None
    offline: bool = False
    timeout: float | None = None
    reasoning_tokens: int | None = None
    format: str | None = None
    labels: tuple[str, ...] = ()
    local: LocalOptions = LocalOptions()
    recorded: RecordedModel = RecordedModel()


class PromptedBackend(Protocol):
    """Translates a request, sends it once, and says what came back."""

    kind: Literal["prompted"]
    name: str
    model: str
    endpoint: str | None  # scheme://host:port/path, never with credentials; None: no server
    api: Api
    notices: Sequence[str]  # lines for stderr, e.g. which default model was taken

    async def answer(self, request: Request) -> Completion:
        """The answer to one request.

        Raises:
            BackendError: not answered; says whether trying again, or going on at all, makes sense.
        """
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...


@runtime_checkable
class Reasons(Protocol):
    """What a prompted backend has beside that if it may send a larger limit than a request has: by how many tokens, at
    this moment. The engine reserves them."""

    @property
    def reasoning_room(self) -> int: ...


class LocalBackend(Protocol):
    """A model on this machine."""

    kind: Literal["local"]
    name: str
    model: str
    digest: str  # of weights and decoder settings: with the text it is the key of a line
    format: str | None  # the format of the model's own answers; None: not known
    labelled: int | None  # examples with labels that it was trained on; None: not known
    notices: Sequence[str]

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        """Predictions as they are ready, each example's once, in any order."""
        ...


Backend: TypeAlias = PromptedBackend | LocalBackend


class Factory(Protocol):
    """What a file in this package provides under the name `open_backend`."""

    def __call__(self, options: Options) -> Backend: ...


def names() -> tuple[str, ...]:
    """The backends by name: our own, then those of plugins."""
    return discovery.names(__name__)


def is_prompted(name: str) -> bool:
    """Whether a backend is shown demonstrations in a prompt; the file of one that is not says `PROMPTED = False`.

    Raises:
        InputError: no such backend.
    """
    return discovery.optional(__name__, name, "PROMPTED") is not False


def open_backend(name: str, options: Options) -> Backend:
    """The backend of that name, ready to answer.

    Raises:
        InputError: no such backend, no key, no model.
    """
    return cast("Factory", discovery.load(__name__, name, "open_backend"))(options)
