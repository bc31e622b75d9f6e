"""A backend that asks one server: a request is sent, sent again in the way in which the server takes it, and read.

    temperature 0  →  400 "only 1 is allowed"  →  sent without a temperature  →  Completion(adapted={"temperature": …})

A backend for a server inherits from `ServerBackend` and says how it sends a body and how it reads a reply. Retries,
pacing and concurrency are the engine's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Literal

from fewshot.errors import BackendError
from fewshot.records import Api, Completion, Request
from fewshot.servers.adapting import Adaptations, Terms
from fewshot.servers.address import Server
from fewshot.servers.failures import AnswerError, ErrorReply, error_reply, from_reply, too_long
from fewshot.servers.prompt_counts import PromptCounts
from fewshot.servers.reasoning import with_tries
from fewshot.servers.transport import TOTAL_SECONDS, Reply
from fewshot.text.tokens import utf8_bytes


class AgainError(BackendError):
    """A request of a batch that is worth sending again, otherwise. `earlier`: an answer that was lost to its thought,
    whose tokens count; `without_room`: it fits only without room for a thought."""

    def __init__(self, message: str, earlier: Completion | None, *, without_room: bool = False) -> None:
        super().__init__(message, retryable=True)
        self.earlier, self.without_room = earlier, without_room


@dataclass(slots=True, kw_only=True)
class ServerBackend(ABC):
    """A prompted backend (`fewshot.backends`) that asks one server.

    Attributes:
        server: Where to send, with which key and headers.
        total_seconds: The most that one request may take.
        adaptations: The parameters that the server refuses; all requests of a run share them.
        counts: What the server has counted of each prompt.
    """

    name: str
    model: str
    endpoint: str | None
    api: Api
    server: Server
    notices: tuple[str, ...] = ()
    kind: Literal["prompted"] = "prompted"
    total_seconds: float = TOTAL_SECONDS
    adaptations: Adaptations = field(default_factory=Adaptations)
    counts: PromptCounts = field(default_factory=PromptCounts, repr=False)

    @abstractmethod
    async def _send(self, request: Request, body: dict[str, Any]) -> Reply:
        """Sends a body, once; returns the reply, of whatever status. Raises `BackendError` if there is none."""

    @abstractmethod
    def _read(self, reply: Reply, request: Request, seconds: float, adapted: Mapping[str, Any]) -> Completion:
        """Reads the reply to a request; raises `BackendError` if it is not an answer."""

    @property
    def reasoning_room(self) -> int:
        """The tokens that a request is sent beside its limit, for a thought."""
        return self.adaptations.room.tokens

    async def answer(self, request: Request) -> Completion:
        """Sends the request; again only if the server refuses a parameter, or if a thought used up the tokens that were
        meant for the answer and the request can be sent with more.

        Raises:
            BackendError: The request was not answered; says whether a retry, or going on at all, makes sense. What a
                server, its client or our reader raises beside that ends this request, and not the run.
        """
        try:
            return await self._answer(request)
        except BackendError:
            raise
        except Exception as error:
            reason = self.server.redact(f"{type(error).__name__}: {error}")
            raise BackendError(
                f"{self.server.public_url} did not send an answer ({reason})", retryable=True, maybe_paid=True
            ) from error

    async def _answer(self, request: Request) -> Completion:
        room, fits = self.adaptations.room.tokens, True
        earlier: Completion | None = None
        while True:
            changes = self.adaptations.now()
            body, adapted = self.adaptations.apply(request, changes, room)
            started = perf_counter()
            reply = await self._send(request, dict(body))
            seconds = perf_counter() - started
            outcome = self._outcome(reply, request, seconds, adapted)
            if isinstance(outcome, ErrorReply):
                if outcome.filtered:
                    return Completion("", "refused", seconds=seconds, adapted=adapted)
                if not outcome.too_long and self.adaptations.learn(outcome.refusal, body, changes):
                    continue  # ends: each refusal moves down a ladder
                if self.adaptations.is_too_much(outcome.refusal, room, too_long=outcome.too_long):
                    room, fits = 0, False
                    continue
                return self._failed(outcome, request)
            self.counts.note(_bytes_of(request), outcome.prompt_tokens)
            completion = with_tries(outcome, earlier)
            if not self.adaptations.learn_from_answer(outcome, request, body, room) or not fits:
                return completion
            room, earlier = self.adaptations.room.tokens, completion

    def _outcome(
        self, reply: Reply, request: Request, seconds: float, adapted: Mapping[str, Any]
    ) -> Completion | ErrorReply:
        """Returns the answer, or the error that came in its place, under whatever status."""
        if reply.status >= 300:
            return error_reply(reply.status, reply.headers, reply.content)
        try:
            return self._read(reply, request, seconds, adapted)
        except AnswerError as error:
            if error.reply.status == 200:  # it does not say which
                raise
            return ErrorReply(error.reply.status, error.reply.body, reply.headers)

    def _failed(self, reply: ErrorReply, request: Request) -> Completion:
        """Raises the error of a reply; returns the empty answer to a legend that is too long alone."""
        server = self.server
        if reply.too_long:
            return too_long(reply, request, url=server.public_url, redact=server.redact)
        raise from_reply(
            reply,
            server.public_url,
            self.model,
            server.redact,
            key=server.key_name,
            missing_version=server.missing_version,
        )

    def terms(self) -> Terms:
        """Returns how bodies are written at this moment."""
        return Terms(self.adaptations.now(), self.adaptations.room.tokens)

    def read_batched(
        self, request: Request, status: int, content: bytes, terms: Terms, earlier: Completion | None = None
    ) -> Completion:
        """Reads the answer to a request that was sent in a batch, on these terms: what `answer` does behind sending.

        Raises:
            AgainError: The request is worth sending again on the terms of now: it was refused for a parameter, or its
                thought used up the room.
            BackendError: It was not answered.
        """
        body, adapted = self.adaptations.apply(request, terms.changes, terms.room)
        outcome = self._outcome(Reply(status, {}, content), request, 0.0, adapted)
        if isinstance(outcome, ErrorReply):
            if outcome.filtered:
                return Completion("", "refused", adapted=adapted, batch=True)
            refusal = outcome.refusal
            if not outcome.too_long and self.adaptations.learn(refusal, body, terms.changes):
                raise AgainError("a parameter was refused", earlier)
            if self.adaptations.is_too_much(refusal, terms.room, too_long=outcome.too_long):
                raise AgainError("the room for a thought was refused", earlier, without_room=True)
            return replace(self._failed(outcome, request), batch=True)
        self.counts.note(_bytes_of(request), outcome.prompt_tokens)
        completion = replace(with_tries(outcome, earlier), batch=True)
        if self.adaptations.learn_from_answer(outcome, request, body, terms.room):
            raise AgainError("a thought used up the tokens of the answer", completion)
        return completion

    def _note_cut_prompts(self) -> None:
        """Adds the line about prompts that the server has cut, once."""
        if line := self.counts.notice():
            self.notices = (*self.notices, f"{self.name}: {line}")
        self.counts = PromptCounts()


def _bytes_of(request: Request) -> int:
    return utf8_bytes(request.prompt or "".join(turn.content for turn in request.turns or ()))
