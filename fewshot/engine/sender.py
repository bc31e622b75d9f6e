"""One try of one request: its worst case is reserved, its turn is waited for, its cost is settled.

    completion = await sender.send(request)

Every try passes the budget, the pacer and the backend, in this order. On the way back the pacer learns what the
server says about its rate limits, and the ledger what the answer cost.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from fewshot.backends import PromptedBackend, Reasons
from fewshot.engine.budget import Cost, Ledger, billed, worst_case
from fewshot.engine.guard import checked, guarded
from fewshot.engine.pacing import Pacer, Ticket
from fewshot.engine.progress import Counter
from fewshot.engine.retries import BUSY, Pace
from fewshot.errors import BackendError
from fewshot.records import Completion, Request

_TOKENS_PER_BYTE = 0.25
"""Tokens per UTF-8 byte of a prompt before the first answer tells: the usual estimate for English text."""


class RunEnding(Exception):  # noqa: N818  (not an error: the run ends, and this request with it)
    """The request is not sent, because the run ends."""


class Sender:
    """The way to a backend. Calls `out_of_budget` with the reason when the budget allows no further request."""

    def __init__(
        self,
        backend: PromptedBackend,
        pace: Pace,
        ledger: Ledger,
        counter: Counter,
        *,
        out_of_budget: Callable[[str], None],
    ) -> None:
        self._backend, self._pace, self._counter, self._out_of_budget = backend, pace, counter, out_of_budget
        self._reasons = backend if isinstance(backend, Reasons) else None
        self.pacer = Pacer(pace.concurrency, pace.rpm, pace.tpm, pace.patience)
        self.ledger = ledger
        # Totals over the answers whose tokens the server counted: their ratio calibrates the next estimate.
        self._counted, self._bounds = Cost(), Cost()
        self._ending = False
        self._silent_since: float | None = None  # when a request was sent that is still without an answer

    def close(self) -> None:
        """Stops sending: every request that still waits for the budget or its turn ends with `RunEnding`."""
        self._ending = True
        self.pacer.close()
        self.ledger.close()

    @property
    def silence(self) -> float:
        """Seconds since the last answer, or since the first request after it: time in which nothing is sent because
        of `--rpm` and `--tpm` does not count."""
        return 0.0 if self._silent_since is None else monotonic() - self._silent_since

    async def send(self, request: Request, *, previous: BackendError | None = None) -> Completion:
        """Returns the answer to one try. `previous`: the error of the try before, if this is a retry.

        Raises:
            BackendError: The try was not answered.
            RunEnding: The run ends, or the budget does not allow this request.
        """
        most = worst_case(request) + Cost(completion=self._reasons.reasoning_room if self._reasons else 0)
        if not await self.ledger.reserve(most):
            if not self._ending:
                self._out_of_budget(self.ledger.explain(most))
            raise RunEnding
        spent = Cost()  # a try that was refused costs nothing
        try:
            ticket = await self.pacer.admit(self._estimate(most))
            if ticket is None:
                raise RunEnding
            if self._silent_since is None:
                self._silent_since = monotonic()
            if previous is not None:
                self._counter.retried(previous)  # only now: a retry that is never sent is not one
            try:
                with guarded(self._backend.name):
                    completion = checked(await self._backend.answer(request))
            except BackendError as error:
                spent = most if error.maybe_paid else spent
                self._note_failure(ticket, error)
                raise
            except BaseException:
                self.pacer.failed(ticket)
                raise
            spent = billed(completion, most)
            self.pacer.answered(ticket, spent.tokens, completion.limits)
            self._silent_since = monotonic() if self.pacer.in_flight else None
        finally:
            self.ledger.settle(most, spent)  # also when cancelled: a reservation that stays would block the others
        if completion.prompt_tokens is not None:
            self._counted, self._bounds = self._counted + spent, self._bounds + most
        return completion

    def _note_failure(self, ticket: Ticket, error: BackendError) -> None:
        if error.status == 429:
            self._counter.pushed_back()
        if error.status in BUSY:
            wait = error.retry_after
            # A wait beyond our patience fails this request; the others must not sit it out as well.
            patient = wait is None or wait <= self._pace.patience
            self.pacer.pushed_back(ticket, wait if patient else None, error.limits)
        else:
            self.pacer.failed(ticket, error.limits)

    def _estimate(self, most: Cost) -> float:
        """Estimates the tokens that a rate limit will count: the prompt, and all the room for the answer.

        A worst case has one token per byte of the prompt; it is scaled by what the server counted so far.
        """
        ratio = self._counted.prompt / self._bounds.prompt if self._bounds.prompt else _TOKENS_PER_BYTE
        return most.prompt * ratio + most.completion
