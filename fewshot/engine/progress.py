"""How far a run is: counted here, shown by whoever listens.

>>> seen = []
>>> counter = Counter(2, seen.append)
>>> counter.replayed(); counter.tell()
>>> (seen[-1].done, seen[-1].total, seen[-1].replayed)
(1, 2, 1)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from fewshot.records import Completion

EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """Requests that ended (`done`: answered, recorded or failed) of how many, and what they took since the start.

    `asked`: sent in this session; tokens are theirs. `total` is `None` where nobody knows. `stopping`: nothing
    is sent any more, what is in flight is waited for.
    """

    done: int = 0
    total: int | None = None
    asked: int = 0
    replayed: int = 0
    failed: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    stopping: bool = False


class Counter:
    """Counts, and tells a listener at most every `EVERY_SECONDS`."""

    def __init__(self, total: int | None, listen: Callable[[Progress], None] | None) -> None:
        self._total, self._listen = total, listen
        self._start = self._told = time.monotonic()
        self.done = self.sent = self.taken = self.failures = self.retries = 0
        self.prompt_tokens = self.completion_tokens = 0
        self.stopping = False

    def asked(self) -> None:
        """One request was sent for the first time."""
        self.sent += 1

    def tokens(self, completion: Completion) -> None:
        """What an answer of this session cost."""
        self.prompt_tokens += completion.prompt_tokens or 0
        self.completion_tokens += completion.completion_tokens or 0

    def answered(self) -> None:
        """One request ended with a new answer."""
        self._ended()

    def replayed(self) -> None:
        """One request ended with a recorded answer."""
        self.taken += 1
        self._ended()

    def failed(self) -> None:
        """One request failed for good."""
        self.failures += 1
        self._ended()

    def retried(self) -> None:
        """One request is about to be sent again."""
        self.retries += 1
        self._tell_sometimes()

    def _ended(self) -> None:
        self.done += 1
        self._tell_sometimes()

    def _tell_sometimes(self) -> None:
        if self._listen is not None and time.monotonic() - self._told >= EVERY_SECONDS:
            self.tell()

    def tell(self) -> None:
        """Tells the listener now."""
        if self._listen is not None:
            self._listen(self.now())
            self._told = time.monotonic()

    def now(self) -> Progress:
        """The state of things."""
        return Progress(
            done=self.done,
            total=self._total,
            asked=self.sent,
            replayed=self.taken,
            failed=self.failures,
            retries=self.retries,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            seconds=time.monotonic() - self._start,
            stopping=self.stopping,
        )
