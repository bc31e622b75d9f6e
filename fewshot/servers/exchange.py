"""One request and what becomes of it: sent, sent again in the way in which the server takes it, read.

    temperature 0  →  400 "only 1 is allowed"  →  sent without a temperature  →  Completion(adapted={"temperature": …})

What the backends for servers have in common. Retries, pacing and concurrency are the engine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

from fewshot.errors import BackendError
from fewshot.records import Completion, Request
from fewshot.servers.adapting import Adaptations
from fewshot.servers.address import Server
from fewshot.servers.failures import AnswerError, ErrorReply, error_reply, from_reply, too_long
from fewshot.servers.reasoning import with_tries
from fewshot.servers.transport import Reply
from fewshot.text.tokens import BYTES_PER_TOKEN, utf8_bytes

_CUT = 10
"""Bytes a token from which on a prompt was cut: English has 4 to 5, tagged legends 2.5 to 4. A judgement."""

_LONG_ENOUGH = 1_000
"""Bytes of a prompt that is looked at: a few words may well be counted as one token."""


class Send(Protocol):
    """Sends a body, once; returns the reply, of whatever status, and what is recorded in `adapted` about it.

    Raises `BackendError` if there is no reply."""

    async def __call__(self, request: Request, body: dict[str, Any]) -> Reply: ...


class Read(Protocol):
    """Reads the reply to a request; raises `BackendError` if it is not an answer."""

    def __call__(self, reply: Reply, request: Request, seconds: float, adapted: Mapping[str, Any]) -> Completion: ...


@dataclass(slots=True)
class Exchange:
    """The requests of one run to one server. `adaptations`, what it refuses, is shared by all of them."""

    server: Server
    model: str
    adaptations: Adaptations
    cut: list[tuple[int, int]] = field(default_factory=list)  # bytes sent, tokens counted

    async def answer(self, request: Request, send: Send, read: Read) -> Completion:
        """Sends the request; again only if the server refuses a parameter, or if a thought used up the tokens that were
        meant for the answer and the request can be sent with more.

        Raises:
            BackendError: The request was not answered; says whether a retry, or going on at all, makes sense. What a
                server, its client or our reader raises beside that ends this request, and not the run.
        """
        try:
            return await self._answer(request, send, read)
        except BackendError:
            raise
        except Exception as error:
            reason = self.server.redact(f"{type(error).__name__}: {error}")
            raise BackendError(
                f"{self.server.public_url} did not send an answer ({reason})", retryable=True, maybe_paid=True
            ) from error

    async def _answer(self, request: Request, send: Send, read: Read) -> Completion:
        room, fits = self.adaptations.room.tokens, True
        earlier: Completion | None = None
        while True:
            changes = self.adaptations.now()
            body, adapted = self.adaptations.apply(request, changes, room)
            started = perf_counter()
            reply = await send(request, dict(body))
            seconds = perf_counter() - started
            outcome = self._outcome(reply, request, seconds, adapted, read)
            if isinstance(outcome, ErrorReply):
                if outcome.filtered:
                    return Completion("", "refused", seconds=seconds, adapted=adapted)
                if not outcome.too_long and self.adaptations.learn(outcome.refusal, body, changes):
                    continue  # ends: each refusal moves down a ladder
                if self.adaptations.is_too_much(outcome.refusal, room, too_long=outcome.too_long):
                    room, fits = 0, False
                    continue
                return self._failed(outcome, request)
            self._compare(outcome, request)
            completion = with_tries(outcome, earlier)
            if not self.adaptations.learn_from_answer(outcome, request, body, room) or not fits:
                return completion
            room, earlier = self.adaptations.room.tokens, completion

    def _outcome(
        self, reply: Reply, request: Request, seconds: float, adapted: Mapping[str, Any], read: Read
    ) -> Completion | ErrorReply:
        """Returns the answer, or the error that came in its place, under whatever status."""
        if reply.status >= 300:
            return error_reply(reply.status, reply.headers, reply.content)
        try:
            return read(reply, request, seconds, adapted)
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

    def _compare(self, completion: Completion, request: Request) -> None:
        """Notes a prompt of which the server has counted far fewer tokens than were sent."""
        sent = utf8_bytes(request.prompt or "".join(turn.content for turn in request.turns or ()))
        counted = completion.prompt_tokens
        if counted is not None and sent >= _LONG_ENOUGH and sent > counted * _CUT:
            self.cut.append((sent, counted))

    def notices(self, backend: str) -> tuple[str, ...]:
        """Returns a line about prompts that the server has cut; `()` if it has cut none."""
        if not self.cut:
            return ()
        sent, counted = max(self.cut)
        tokens = sent // BYTES_PER_TOKEN
        return (
            f"{backend}: the server has cut {len(self.cut)} prompts: one of {sent:,} bytes (some {tokens:,} tokens) "
            f"was counted as {counted:,} tokens; enlarge its context (docs/servers.md), or say --context {counted}",
        )
