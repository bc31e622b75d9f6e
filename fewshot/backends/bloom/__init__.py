"""`bloom`: a TGI endpoint, or a model of the hub through a provider, with huggingface_hub's client.

    fewshot run --backend bloom --base-url http://127.0.0.1:8080 --task ner             # text_generation
    fewshot run --backend bloom --api chat --base-url http://127.0.0.1:8080 --task ner  # chat_completion
    fewshot run --backend bloom --model bigscience/bloom --task ner                     # HF_TOKEN, a provider

Peculiarities of the client: it does not retry; it leaves the stop sequence in the text; it sends a JSON schema in TGI's
form, which other servers ignore (use `gpt3` for those). Retries, pacing and concurrency are the engine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fewshot.backends import PROMPT, SERVER, Options
from fewshot.backends.bloom._translation import chat_arguments, read_generation, tgi_arguments
from fewshot.errors import BackendError, InputError
from fewshot.records import Api, Completion, Request
from fewshot.servers.adapting import Adaptations
from fewshot.servers.address import Server, key_of
from fewshot.servers.exchange import ServerBackend
from fewshot.servers.limits import rate_limits
from fewshot.servers.reading import read_completion
from fewshot.servers.reasoning import Room
from fewshot.servers.secrets import NO_KEY
from fewshot.servers.streams import json_of
from fewshot.servers.transport import TOTAL_SECONDS, Reply, fetch

if TYPE_CHECKING:
    from fewshot.backends.bloom._client import Client

DEFAULT_MODEL = "bigscience/bloom"
"""The model of the hub that is used if none is named."""

ROUTER = "https://router.huggingface.co"
INFO_SECONDS = 5.0
"""The most that reading `/info` may take: a small page of the server itself."""

TOKEN = "HF_TOKEN"
HEEDS = PROMPT | SERVER
ALIASES = ("tgi",)
"""Other names under which `--backend` knows this one; it is recorded under its own."""


@dataclass(slots=True, kw_only=True)
class Bloom(ServerBackend):
    """The backend. `target`: what the client is given, a URL or a model of the hub."""

    target: str
    name: str = "bloom"
    _client: Client | None = field(default=None, repr=False)

    async def _send(self, request: Request, body: dict[str, Any]) -> Reply:
        if self._client is None:
            from fewshot.backends.bloom._client import Client

            self._client = Client(self.server, self.target, self.total_seconds)
        if request.api == "chat":
            return await self._client.chat(**chat_arguments(request, body, self._chat_model))
        # `model` is given although the client has it: the client remembers, for the whole process and under this
        # name, which parameters a server does not take; without it that memory would be shared by all servers.
        return await self._client.generate(model=self.target, **tgi_arguments(request, body))

    def _read(self, reply: Reply, request: Request, seconds: float, adapted: Mapping[str, Any]) -> Completion:
        redact = self.server.redact
        if request.api == "chat":
            return read_completion(reply.content, request, seconds, adapted, redact, rate_limits(reply.headers))
        return read_generation(reply, request, seconds, adapted, redact)

    @property
    def _chat_model(self) -> str | None:
        """The model that a chat request has to name; `None` if the target already is the model."""
        return None if self.target == self.model else self.model

    async def close(self) -> None:
        """Closes connections; adds a notice if the server has cut prompts."""
        if self._client is not None:
            self._note_cut_prompts()
            await self._client.close()
            self._client = None


def open_backend(options: Options) -> Bloom:
    """Opens the backend: a TGI endpoint (`--base-url`), or a model of the hub (`--model`).

    Raises:
        InputError: The address is not a URL, the hub needs a token, a token or a header cannot be sent, or an endpoint
            does not say which model it serves.
    """
    name, token = key_of(None if options.offline else options.key_env, TOKEN, options.headers)
    url = ROUTER if options.base_url is None else options.base_url
    server = Server(url, token or NO_KEY, options.headers, name)
    server.check(offline=options.offline)
    api: Api = options.api or "completions"
    notices: tuple[str, ...] = ()
    if options.base_url is None:
        if not token and not options.offline:
            raise InputError("no token for the hub", hint=f"set {TOKEN}, or name a TGI server with --base-url")
        model = options.model or DEFAULT_MODEL
        notices = () if options.model else (f"bloom: no --model given, using {model}",)
        endpoint, target = ROUTER, model
    else:
        model = options.model or ("" if options.offline else _served_model(server))
        endpoint, target = server.public_url, server.base
    return Bloom(
        model=model,
        endpoint=endpoint,
        api=api,
        target=target,
        server=server,
        notices=notices,
        total_seconds=options.timeout or TOTAL_SECONDS,
        adaptations=Adaptations(room=Room.of(options.reasoning_tokens)),
    )


def _served_model(server: Server) -> str:
    """Returns the model that a TGI endpoint serves, from its `/info`."""
    try:
        reply = fetch(server, "info", INFO_SECONDS)
        reason = f"it says {reply.status}"
        if reply.status == 200:
            model = json_of(reply.content, server.redact)[0].get("model_id")
            if isinstance(model, str) and model:
                return model
            reason = "no model_id"
    except BackendError as error:
        reason = error.message
    raise InputError(
        f"no --model given for {server.public_url}",
        hint=f"name it with --model: the server's /info does not name one ({reason})",
    )
