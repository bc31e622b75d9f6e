"""One try of one request: paid for beforehand, let through at the right time, counted afterwards.

    completion = await sender.send(request)

What every try passes on its way: budget (its worst case is reserved), pacing, the backend; and on its way back: what
it cost, what the server said of its limits.
"""

from __future__ import annotations

from collections.abc import Callable

from fewshot.backends import PromptedBackend, Reasons
from fewshot.engine.budget import Cost, Purse, told, worst
from fewshot.engine.pacing import Pacer
from fewshot.engine.progress import Counter
from fewshot.engine.retries import BUSY, Pace
from fewshot.errors import BackendError
from fewshot.records import Completion, Request

_TOKENS_PER_BYTE = 0.25
"""Until the first answer tells."""


class Ending(Exception):  # noqa: N818  (no error: the run is ending, and this request with it)
    """The request is not sent any more."""


class Sender:
    """The way to a backend. `out_of_budget` is told why nothing more may be sent."""

    def __init__(
        self,
        backend: PromptedBackend,
        pace: Pace,
        purse: Purse,
        counter: Counter,
        *,
        out_of_budget: Callable[[str], None],
    ) -> None:
        self._backend, self._pace, self._counter, self._out_of_budget = backend, pace, counter, out_of_budget
        self._reasons = backend if isinstance(backend, Reasons) else None
        self.pacer = Pacer(pace.concurrency, pace.rpm, pace.tpm, pace.patience)
        self.purse = purse
        self._seen, self._most = Cost(), Cost()
        self._ending = False

    def close(self) -> None:
        """Nothing is sent any more: whoever waits to be let through goes home."""
        self._ending = True
        self.pacer.close()
        self.purse.close()

    async def send(self, request: Request, *, again: BackendError | None = None) -> Completion:
        """The answer to one try; `again`: what the last one ended in.

        Raises:
            BackendError: not answered.
            Ending: the run is ending, or the budget is at its end.
        """
        most = worst(request) + Cost(completion=self._reasons.reasoning_room if self._reasons else 0)
        if not await self.purse.reserve(most):
            if not self._ending:
                self._out_of_budget(self.purse.explain(most))
            raise Ending
        spent = Cost()
        try:
            ticket = await self.pacer.admit(self._estimate(most))
            if ticket is None:
                raise Ending
            if again is not None:
                self._counter.retried(again)
            try:
                completion = await self._backend.answer(request)
            except BackendError as error:
                spent = most if error.maybe_paid else spent
                if error.status == 429:
                    self._counter.pushed_back()
                if error.status in BUSY:
                    wait = error.retry_after
                    patient = wait is None or wait <= self._pace.patience
                    self.pacer.pushed_back(ticket, wait if patient else None, error.limits)
                else:
                    self.pacer.failed(ticket, error.limits)
                raise
            except BaseException:
                self.pacer.failed(ticket)
                raise
            spent = told(completion, most)
            self.pacer.answered(ticket, spent.tokens, completion.limits)
        finally:
            self.purse.settle(most, spent)
        if completion.prompt_tokens is not None:
            self._seen, self._most = self._seen + spent, self._most + most
        return completion

    def _estimate(self, most: Cost) -> float:
        """Tokens that a rate limit will count: the prompt as prompts were so far, and the room for the answer."""
        share = self._seen.prompt / self._most.prompt if self._most.prompt else _TOKENS_PER_BYTE
        return most.prompt * share + most.completion
