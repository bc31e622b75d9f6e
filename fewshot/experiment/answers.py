"""Predictions for the examples of a plan, and who gave them: what every system has in common.

A line of the cassette stands behind every prediction; `systems` holds the two sorts of system that fill it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fewshot import engine
from fewshot.cassette import Cassette
from fewshot.engine.prices import Price
from fewshot.experiment.requests import Requests
from fewshot.experiment.signature import Identity
from fewshot.prompt.wording import ResolvedPrompt
from fewshot.records import Completion, Prediction, Training
from fewshot.servers.reasoning import without_amount

Listener = Callable[[engine.Progress], None]


@dataclass(frozen=True, slots=True)
class Answers:
    """Predictions in data order (without the examples that failed), and how it went.

    `failed`: why, by id; `stopped`: why the run ended early; `blocked`: a person must mend that; `asked`: the number of
    requests (or texts) that were sent, `recorded`: that were recorded before; `seconds`: a local model's time for the
    `asked`; `times`: the seconds of each example as they are recorded, its samples together.
    """

    predictions: tuple[Prediction, ...]
    complete: bool = True
    failed: Mapping[str, str] = field(default_factory=dict)
    stopped: str | None = None
    blocked: bool = False
    completions: tuple[Completion, ...] = ()
    asked: int = 0
    recorded: int = 0
    seconds: float | None = None
    times: tuple[float, ...] = ()
    notices: tuple[str, ...] = ()
    stats: engine.Progress = field(default_factory=engine.Progress)

    @property
    def adapted(self) -> dict[str, str]:
        """What servers made us change, over all answers; the room that thoughts were given without its amount."""
        changes: dict[str, str] = {}
        for completion in self.completions:
            changes |= {name: without_amount(str(value)) for name, value in completion.adapted.items()}
        return dict(sorted(changes.items()))


@dataclass(frozen=True, slots=True)
class Tapes:
    """Where answers are recorded and taken from. `strict`: from recordings only; `lost`: the examples whose requests
    failed when they were recorded (id → why): they fail again; `batches`: the folder for those of a run that goes
    through a Batch endpoint; `wait`: whether it waits for them."""

    cassette: Cassette
    reuse: Cassette | None = None
    strict: bool = False
    lost: Mapping[str, str] = field(default_factory=dict)
    batches: Path | None = None
    wait: bool = True


class System(Protocol):
    """Whatever answers the examples of a plan. One row of the table."""

    @property
    def identity(self) -> Identity: ...
    @property
    def wording(self) -> ResolvedPrompt | None:
        """The prompt's text; `None`: no prompt is sent."""
        ...

    @property
    def requests(self) -> Requests:
        """What is asked; empty for systems that are not prompted."""
        ...

    @property
    def price(self) -> Price | None:
        """What tokens cost; `None`: not known."""
        ...

    @property
    def training(self) -> Training:
        """How its model was trained; empty for what is not trained here."""
        ...

    @property
    def notices(self) -> Sequence[str]: ...

    def answer(self, tapes: Tapes, listen: Listener | None = None) -> Answers:
        """Predictions for the examples of its plan.

        Raises:
            ReplayError: `tapes.strict`, and an answer is not recorded.
        """
        ...


@dataclass(frozen=True, slots=True)
class GivenSystem:
    """Predictions that are there already: their maker is known by a file."""

    identity: Identity
    predictions: tuple[Prediction, ...]
    failed: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[str] = ()
    wording: None = None
    price: None = None
    training: Training = field(default_factory=Training)
    requests: Requests = field(default_factory=Requests)

    def answer(self, tapes: Tapes | None = None, listen: Listener | None = None) -> Answers:
        """The predictions."""
        del tapes, listen
        return Answers(self.predictions, failed=self.failed)
