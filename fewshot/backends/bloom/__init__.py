"""`bloom`: a TGI endpoint, or a model of the hub through a provider, by huggingface_hub's client.

    fewshot run --backend bloom --base-url http://127.0.0.1:8080 --task ner             # text_generation
    fewshot run --backend bloom --api chat --base-url http://127.0.0.1:8080 --task ner  # chat_completion
    fewshot run --backend bloom --model bigscience/bloom --task ner                     # HF_TOKEN, a provider

The client neither retries nor, unless told, ends; with `error_type` in a body its errors hide the response in their
cause; a stop string stays in the text; a JSON schema is sent in TGI's form, which other servers ignore (`gpt3` sends
theirs). Retries, pacing and concurrency are the engine's.
"""

from __future__ import annotations

import asyncio
import os
import warnings
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from fewshot.backends import Options
from fewshot.backends.bloom._speech import chat_arguments, generated, read_chat, tgi_arguments
from fewshot.errors import BackendError, InputError
from fewshot.records import Api, Completion, Request
from fewshot.servers.adapting import Adaptations
from fewshot.servers.address import Server
from fewshot.servers.failures import Said, from_status, from_transport, too_long
from fewshot.servers.reasoning import Room, with_tries

if TYPE_CHECKING:
    from huggingface_hub import AsyncInferenceClient

DEFAULT_MODEL = "bigscience/bloom"
"""Of the hub, where none is named."""

ROUTER = "https://router.huggingface.co"
TOTAL_SECONDS = 300.0
INFO_SECONDS = 5.0
TOKEN = "HF_TOKEN"


@dataclass(slots=True)
class Bloom:
    """The backend. `target`: the URL, or the model of the hub."""

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
        """Sends the request, and again only if the server does not take a parameter, or if a thought took what was
        meant for the answer and the request can be sent with more.

        Raises:
            BackendError: not answered; says whether trying again, or going on at all, makes sense.
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
                said = _said(error)
                if said.filtered:
                    return Completion("", "refused", seconds=perf_counter() - started, adapted=adapted)
                if not said.too_long and self.adaptations.learn(said.refusal, body, changes):
                    continue
                if self.adaptations.is_too_much(said.refusal, room, too_long=said.too_long):
                    room, fits = 0, False
                    continue
                if said.too_long:
                    return too_long(said, request, url=self.server.shown, redact=self.server.redact)
                raise self._failure(error, said) from None
            read = read_chat if request.api == "chat" else generated
            answer = read(raw, request, perf_counter() - started, adapted, self.server.redact)
            completion = with_tries(answer, earlier)
            if not self.adaptations.hear(answer, request, body, room) or not fits:
                return completion
            room, earlier = self.adaptations.room.tokens, completion

    @property
    def reasoning_room(self) -> int:
        """Tokens that a request is sent beside its limit, for a thought."""
        return self.adaptations.room.tokens

    async def _send(self, request: Request, body: dict[str, Any]) -> Any:
        client = self._open()
        if request.api == "chat":
            return await client.chat_completion(**chat_arguments(request, body, self._named))
        # Named, since the client keeps what a server does not take under this name, for the whole process.
        return await client.text_generation(model=self.target, **tgi_arguments(request, body))

    @property
    def _named(self) -> str | None:
        """The model that a chat names, where the address does not."""
        return None if self.target == self.model else self.model

    def _open(self) -> AsyncInferenceClient:
        if self._client is None:
            from huggingface_hub import AsyncInferenceClient

            # It warns of what it leaves out at a server that is no TGI; `generated` tells it in the completion.
            warnings.filterwarnings("ignore", "API endpoint/model for text-generation is not served via TGI")
            # Without a token "none": the client would send that of somebody's login to any address.
            self._client = AsyncInferenceClient(model=self.target, token=self.server.key, timeout=self.total_seconds)
        return self._client

    def _failure(self, error: Exception, said: Said) -> BackendError:
        url, redact = self.server.shown, self.server.redact
        if said.status:
            return from_status(said, url, self.model, redact, key=TOKEN)
        if isinstance(error, ValueError):
            return BackendError(f"{url} sent no JSON ({redact(str(error))})", retryable=True, maybe_paid=True)
        if isinstance(error, LookupError | TypeError):
            why = redact(repr(error))
            return BackendError(f"{url} sent something else than an answer ({why})", retryable=True, maybe_paid=True)
        return from_transport(error, url, redact)

    async def close(self) -> None:
        """Lets go of connections."""
        if self._client is not None:
            await self._client.close()  # type: ignore[no-untyped-call]
            self._client = None


def open_backend(options: Options) -> Bloom:
    """The backend for these options: `--base-url`, a TGI endpoint; without one `--model`, a model of the hub.

    Raises:
        InputError: no token for the hub; an endpoint that does not say which model it serves; not a URL.
    """
    token = os.environ.get(TOKEN, "").strip()
    server = Server(options.base_url or ROUTER, token or "none")
    server.check()
    api: Api = options.api or "completions"
    total = options.timeout or TOTAL_SECONDS
    adaptations = Adaptations(room=Room.of(options.reasoning_tokens))
    if options.base_url is None:
        if not token and not options.offline:
            raise InputError(
                "no token for the hub", hint=f"set {TOKEN}, or give --base-url, the address of a TGI server"
            )
        model = options.model or DEFAULT_MODEL
        notices = () if options.model else (f"bloom: no --model given, using {model}",)
        return Bloom(model, ROUTER, api, model, server, notices, total_seconds=total, adaptations=adaptations)
    model = options.model or ("" if options.offline else _served(server))
    return Bloom(model, server.shown, api, options.base_url, server, total_seconds=total, adaptations=adaptations)


def _served(server: Server) -> str:
    """The model that a TGI endpoint serves, as its `/info` says."""
    import json
    from urllib.request import Request as Http
    from urllib.request import urlopen

    headers = {} if server.key == "none" else {"Authorization": f"Bearer {server.key}"}
    try:
        with urlopen(Http(f"{server.bare.rstrip('/')}/info", headers=headers), timeout=INFO_SECONDS) as answer:
            return str(json.load(answer)["model_id"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        why = server.redact(str(error)) or type(error).__name__
        raise InputError(
            f"no --model given for {server.shown}", hint=f"name it; the server's /info does not ({why})"
        ) from None


def _said(error: Exception) -> Said:
    """The response behind an error of the client; where the body has an `error_type` it is that of its cause."""
    for link in (error, error.__cause__):
        response = getattr(link, "response", None)
        if response is None:
            continue
        try:
            body = response.json()
        except ValueError:
            body = response.text
        return Said(response.status_code, body, response.headers)
    return Said(0)
