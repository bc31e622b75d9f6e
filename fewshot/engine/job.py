"""What the engine is given to do, in one piece.

job = Job(requests, backend, cassette, pace=Pace(concurrency=4), budget=Budget(usd=2.0), price=price)
outcome = ask(job)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fewshot.backends import PromptedBackend
from fewshot.cassette import Cassette
from fewshot.engine.budget import Budget
from fewshot.engine.prices import Price
from fewshot.engine.progress import Progress
from fewshot.engine.retries import Pace
from fewshot.records import Request


@dataclass(frozen=True, slots=True)
class Batching:
    """That requests go through the Batch endpoint of the server (docs/batch.md).

    Args:
        folder: Where `batch.json` and the files of requests are kept: a run folder, locked by its cassette.
        poll: Seconds between two looks at a batch.
        wait: Whether to submit what is missing and to wait for it; else what has ended is collected.
    """

    folder: Path
    poll: float = 30.0
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """Requests, who answers them, and on which terms.

    Args:
        requests: Drawn from as workers become free; may be a generator. A repeated question is sent once.
        backend: Sends a request once. `None`: answers come from recordings only.
        cassette: Where answers are looked up first and recorded.
        reuse: A second cassette to look answers up in; lines that are used are copied into `cassette`.
        pace: Concurrency, rate limits and retries.
        budget: The most that may be spent while this job runs; replayed answers cost nothing.
        price: Dollars per token, for `budget.usd` and `Progress.cost`; `None` if unknown.
        strict: Answers come from recordings only, even if there is a backend.
        batches: Through the Batch endpoint instead of one by one; the backend must be `Batched`.
        listen: Called with the `Progress`, several times a second, in the thread of the event loop.
    """

    requests: Iterable[Request]
    backend: PromptedBackend | None
    cassette: Cassette
    reuse: Cassette | None = None
    pace: Pace = field(default_factory=Pace)
    budget: Budget = field(default_factory=Budget)
    price: Price | None = None
    strict: bool = False
    batches: Batching | None = None
    listen: Callable[[Progress], None] | None = None

    @property
    def sender(self) -> PromptedBackend | None:
        """The backend that requests may be sent to; `None` if everything must be recorded."""
        return None if self.strict else self.backend
