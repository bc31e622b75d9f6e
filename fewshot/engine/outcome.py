"""What became of the requests of a job.

>>> outcome = Outcome({"3f…": Completion("p53")}, {("fig-1", 0): "3f…"})
>>> outcome.answer("fig-1").text, outcome.answer("fig-2")
('p53', None)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fewshot.engine.progress import Progress
from fewshot.records import Completion


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the requests. Each ends exactly once: in `answers`, in `failed`, or counted in `unsent`.

    Attributes:
        answers: By request key.
        keys: The key of each request, by (id, sample).
        failed: Why a request failed for good, by id.
        stats: The final progress.
        unsent: Requests never sent because the run ended early.
        stopped: Why the run ended early (budget, wrong key, server down); `None` if it did not.
        blocked: It ended because of something that a person must mend (wrong key, unknown model, no credit).
        interrupted: Ctrl-C or SIGTERM ended the run.
        notices: What was not as it should be, in a line each.
    """

    answers: dict[str, Completion] = field(default_factory=dict)
    keys: dict[tuple[str, int], str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    stats: Progress = field(default_factory=Progress)
    unsent: int = 0
    stopped: str | None = None
    blocked: bool = False
    interrupted: bool = False
    notices: tuple[str, ...] = ()

    def answer(self, id: str, sample: int = 0) -> Completion | None:
        """Returns the answer to a request, or `None` if it was not answered."""
        return self.answers.get(self.keys.get((id, sample), ""))

    @property
    def sent(self) -> int:
        """Requests that were sent in this session and ended (each counts once, however often it was retried)."""
        return self.stats.sent

    @property
    def replayed(self) -> int:
        """Requests whose answer was already recorded."""
        return self.stats.replayed
