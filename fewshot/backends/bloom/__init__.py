"""`bloom`: a TGI endpoint, or a model of the hub through a provider, with huggingface_hub's client.

    fewshot run --backend bloom --base-url http://127.0.0.1:8080 --task ner             # text_generation
    fewshot run --backend bloom --api chat --base-url http://127.0.0.1:8080 --task ner  # chat_completion
    fewshot run --backend bloom --model bigscience/bloom --task ner                     # HF_TOKEN, a provider

Peculiarities of the client: it does not retry; it has no time-out unless given one; if a body has `error_type`, the
response is in the `__cause__` of its error; it leaves the stop sequence in the text; it sends a JSON schema in TGI's
form, which other servers ignore (use `gpt3` for those). Retries, pacing and concurrency are the engine's.
"""

from __future__ import annotations

import asyncio
import os
import warnings
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from fewshot.backends import Options
from fewshot.backends.bloom._translation import chat_arguments, read_chat, read_generation, tgi_arguments
from fewshot.errors import BackendError, InputError
from fewshot.records import Api, Completion, Request
from fewshot.servers.adapting import Adaptations
from fewshot.servers.address import Server
from fewshot.servers.failures import ErrorReply, from_reply, from_transport, too_long
from fewshot.servers.reasoning import Room, with_tries

if TYPE_CHECKING:
    from huggingface_hub import AsyncInferenceClient

DEFAULT_MODEL = "bigscience/bloom"
"""The model of the hub that is used if none is named."""

ROUTER = "https://router.huggingface.co"
TOTAL_SECONDS = 300.0
"""The most that one request may take unless `--timeout` says otherwise; as for `gpt3`."""

INFO_SECONDS = 5.0
"""The most that reading `/info` may take: a small page of the server itself."""

TOKEN = "HF_TOKEN"


@dataclass(slots=True)
class Bloom:
    """The backend. `target`: what the client is given, a URL or a model of the hub."""

    model: str
    endpoint: str | None
    api: Api
    target: str
    server: Server
    notices: tuple[str, ...] = ()
    kind: Literal["prompted"] = "prompted"
    name: str = "bloom"
    total_seconds: float = TOTAL_SECONDS
    adaptations: Adaptations = field(default_factory=Adaptations)
    _client: AsyncInferenceClient | None = field(default=None, repr=False)

    async def answer(self, request: Request) -> Completion:
        """Sends the request; again only if the server refuses a parameter, or if a thought used up the tokens that were
        meant for the answer and the request can be sent with more.

        Raises:
            BackendError: The request was not answered; says whether a retry, or going on at all, makes sense.
        """
        room, fits = self.adaptations.room.tokens, True
        earlier: Completion | None = None
        while True:
            changes = self.adaptations.now()
            body, adapted = self.adaptations.apply(request, changes, room)
            started = perf_counter()
            try:
                async with asyncio.timeout(self.total_seconds):
                    raw = await self._send(request, body)
            except BackendError:
                raise
            except Exception as error:
                reply = _error_reply(error)
                if reply.filtered:
                    return Completion("", "refused", seconds=perf_counter() - started, adapted=adapted)
                if not reply.too_long and self.adaptations.learn(reply.refusal, body, changes):
                    continue
                if self.adaptations.is_too_much(reply.refusal, room, too_long=reply.too_long):
                    room, fits = 0, False
                    continue
                if reply.too_long:
                    return too_long(reply, request, url=self.server.public_url, redact=self.server.redact)
                raise self._failure(error, reply) from None
            read = read_chat if request.api == "chat" else read_generation
            answer = read(raw, request, perf_counter() - started, adapted, self.server.redact)
            completion = with_tries(answer, earlier)
            if not self.adaptations.learn_from_answer(answer, request, body, room) or not fits:
                return completion
            room, earlier = self.adaptations.room.tokens, completion

    @property
    def reasoning_room(self) -> int:
        """The tokens that a request is sent beside its limit, for a thought."""
        return self.adaptations.room.tokens

    async def _send(self, request: Request, body: dict[str, Any]) -> Any:
        client = self._open()
        if request.api == "chat":
            return await client.chat_completion(**chat_arguments(request, body, self._chat_model))
        # `model` is given although the client has it: the client remembers, for the whole process and under this
        # name, which parameters a server does not take; without it that memory would be shared by all servers.
        return await client.text_generation(model=self.target, **tgi_arguments(request, body))

    @property
    def _chat_model(self) -> str | None:
        """The model that a chat request has to name; `None` if the target already is the model."""
        return None if self.target == self.model else self.model

    def _open(self) -> AsyncInferenceClient:
        if self._client is None:
            from huggingface_hub import AsyncInferenceClient

            # The client warns about parameters that it drops for a server that is not TGI; we record that in
            # `adapted` instead (`read_generation`).
            warnings.filterwarnings("ignore", "API endpoint/model for text-generation is not served via TGI")
            # The key is "none" if there is no token: given no token at all, the client would send the one of the
            # user's `hf auth login` to any address.
            self._client = AsyncInferenceClient(model=self.target, token=self.server.key, timeout=self.total_seconds)
        return self._client

    def _failure(self, error: Exception, reply: ErrorReply) -> BackendError:
        url, redact = self.server.public_url, self.server.redact
        if reply.status:
            return from_reply(reply, url, self.model, redact, key=TOKEN)
        # The client parses a 200 itself: JSON that is broken, or has another shape, surfaces as these.
        if isinstance(error, ValueError):
            return BackendError(f"{url} did not send JSON ({redact(str(error))})", retryable=True, maybe_paid=True)
        if isinstance(error, LookupError | TypeError):
            reason = redact(repr(error))
            return BackendError(f"{url} did not send an answer ({reason})", retryable=True, maybe_paid=True)
        return from_transport(error, url, redact)

    async def close(self) -> None:
        """Closes connections."""
        if self._client is not None:
            await self._client.close()  # type: ignore[no-untyped-call]
            self._client = None


def open_backend(options: Options) -> Bloom:
    """Opens the backend: a TGI endpoint (`--base-url`), or a model of the hub (`--model`).

    Raises:
        InputError: The address is not a URL, the hub needs a token, or an endpoint does not say which model it serves.
    """
    token = os.environ.get(TOKEN, "").strip()
    server = Server(options.base_url or ROUTER, token or "none")
    server.check()
    api: Api = options.api or "completions"
    total = options.timeout or TOTAL_SECONDS
    adaptations = Adaptations(room=Room.of(options.reasoning_tokens))
    if options.base_url is None:
        if not token and not options.offline:
            raise InputError("no token for the hub", hint=f"set {TOKEN}, or name a TGI server with --base-url")
        model = options.model or DEFAULT_MODEL
        notices = () if options.model else (f"bloom: no --model given, using {model}",)
        return Bloom(model, ROUTER, api, model, server, notices, total_seconds=total, adaptations=adaptations)
    model = options.model or ("" if options.offline else _served_model(server))
    return Bloom(model, server.public_url, api, options.base_url, server, total_seconds=total, adaptations=adaptations)


def _served_model(server: Server) -> str:
    """Returns the model that a TGI endpoint serves, from its `/info`."""
    import json
    from urllib.request import Request as HttpRequest
    from urllib.request import urlopen

    headers = {} if server.key == "none" else {"Authorization": f"Bearer {server.key}"}
    try:
        with urlopen(
            HttpRequest(f"{server.request_url.rstrip('/')}/info", headers=headers), timeout=INFO_SECONDS
        ) as info:
            return str(json.load(info)["model_id"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        reason = server.redact(str(error)) or type(error).__name__
        raise InputError(
            f"no --model given for {server.public_url}",
            hint=f"name it with --model: the server's /info does not name one ({reason})",
        ) from None


def _error_reply(error: Exception) -> ErrorReply:
    """Returns the reply behind an error of the client, from the error itself or from its `__cause__`."""
    for link in (error, error.__cause__):
        response = getattr(link, "response", None)
        if response is None:
            continue
        try:
            body = response.json()
        except ValueError:
            body = response.text
        return ErrorReply(response.status_code, body, response.headers)
    return ErrorReply(0)
