"""`gpt3`: any server that speaks OpenAI's chat or completions API, through the openai SDK.

    fewshot run --backend gpt3 --task ner                                # OpenAI itself, the default model
    fewshot run --backend gpt3 --base-url http://127.0.0.1:8000/v1 --model NAME --task ner

Translates a request, sends it once and reads what comes back. If the server refuses a parameter or the system role,
the request is sent again without it, within the same `answer`; the change is learned for the rest of the run and
recorded in `Completion.adapted`. Retries, pacing and concurrency are the engine's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fewshot.backends import BATCH, PROMPT, SERVER, Options
from fewshot.backends.gpt3._listing import models_of, retirement
from fewshot.backends.gpt3._wire import SDK, Wire
from fewshot.errors import BackendError, InputError
from fewshot.records import Api, Completion, Request
from fewshot.servers.adapting import Adaptations, Terms
from fewshot.servers.address import API, Server, admits, check_header, custom_headers, key_of
from fewshot.servers.batches import Batches
from fewshot.servers.exchange import ServerBackend
from fewshot.servers.failures import error_reply, from_reply
from fewshot.servers.limits import rate_limits
from fewshot.servers.reading import read_completion
from fewshot.servers.reasoning import Room
from fewshot.servers.secrets import NO_KEY
from fewshot.servers.transport import TOTAL_SECONDS, Reply, fetch

DEFAULT_MODEL = "gpt-6-luna"
"""The model used at OpenAI's own address if none is named: small, current, without a shutdown date (Nov. 2026)."""

LIST_SECONDS = 5.0
"""The most that reading `/v1/models` may take: it only improves messages, so a run must not wait for it."""

_MODELS_SHOWN = 20
"""Models that a hint lists at most."""

_LONGEST_NAME = 120
"""Characters of a model's name that are shown."""

KEY = "OPENAI_API_KEY"
HEEDS = PROMPT | SERVER | BATCH
ASIDE = SDK
ALIASES = ("openai",)
"""Other names under which `--backend` knows this one; it is recorded under its own."""

ROUTES: dict[Api, str] = {"chat": "chat/completions", "completions": "completions"}


@dataclass(slots=True, kw_only=True)
class Gpt3(ServerBackend):
    """The backend."""

    name: str = "gpt3"
    _wire: Wire | None = field(default=None, repr=False)
    _answered: bool = False

    async def _send(self, request: Request, body: dict[str, Any]) -> Reply:
        if self._wire is None:
            self._wire = Wire(self.server, self.total_seconds)
        return await self._wire.post(ROUTES[request.api], {"model": request.model, **body, **request.extra})

    def _read(self, reply: Reply, request: Request, seconds: float, adapted: Mapping[str, Any]) -> Completion:
        self._answered = True
        redact, limits = self.server.redact, rate_limits(reply.headers)
        return read_completion(reply.content, request, seconds, adapted, redact, limits)

    def batches(self) -> Batches:
        """Returns the Batch endpoint of the server."""
        return Batches(self.server, self.total_seconds)

    def batch_route(self, request: Request) -> str:
        """Returns the path of a request's line, as OpenAI names it whatever the address."""
        return f"/v1/{ROUTES[request.api]}"

    def batch_body(self, request: Request, terms: Terms) -> dict[str, Any]:
        """Returns the body of a request's line."""
        body, _ = self.adaptations.apply(request, terms.changes, terms.room)
        return {"model": request.model, **body, **request.extra}

    async def close(self) -> None:
        """Closes connections; adds a notice if the model that answered has a shutdown date."""
        if self._wire is not None:
            # Asked at the end and only after an answer, so that it neither delays a run nor hides its errors.
            listing = await self._wire.get("models", LIST_SECONDS) if self._answered else None
            if listing is not None and (line := retirement(listing, self.model)):
                self.notices = (*self.notices, line)
            self._note_cut_prompts()
            self._answered = False
            await self._wire.close()
            self._wire = None


def open_backend(options: Options) -> Gpt3:
    """Opens the backend.

    The address is `--base-url`, else `OPENAI_BASE_URL`, else OpenAI's; the key is that of `--key-env`, else
    `OPENAI_API_KEY` (other servers need none). The model is `--model`, else `FEWSHOT_GPT3_MODEL`, else, at OpenAI
    only, `DEFAULT_MODEL`.

    Raises:
        InputError: The address is not a URL, OpenAI's needs a key, a key or a header cannot be sent, or another
            server's model is not named.
    """
    url = options.base_url if options.base_url is not None else os.environ.get("OPENAI_BASE_URL") or API
    name, key = key_of(None if options.offline else options.key_env, KEY, options.headers)
    server = Server(url, key or NO_KEY, options.headers, name)
    server.check(offline=options.offline)
    if not options.offline:
        for header, value in custom_headers().items():
            check_header(header, value, where="OPENAI_CUSTOM_HEADERS")
    if server.is_openai and not key and not options.offline and not admits(options.headers):
        raise InputError(
            f"no key for {server.public_url}",
            hint="set OPENAI_API_KEY, or repeat a recorded run (`fewshot run --replay RUN`), or take --backend rules",
        )
    model, notices = _model(options, server)
    api = options.api or "chat"
    total = options.timeout or TOTAL_SECONDS
    adaptations = Adaptations(room=Room.of(options.reasoning_tokens))
    endpoint = f"{server.public_url}/{ROUTES[api]}"
    return Gpt3(
        model=model,
        endpoint=endpoint,
        api=api,
        server=server,
        notices=notices,
        total_seconds=total,
        adaptations=adaptations,
    )


def _model(options: Options, server: Server) -> tuple[str, tuple[str, ...]]:
    if named := options.model or os.environ.get("FEWSHOT_GPT3_MODEL"):
        return named, ()
    if server.is_openai:
        return DEFAULT_MODEL, (f"gpt3: no --model given, using {DEFAULT_MODEL}",)
    if options.offline:
        return "", ()
    raise InputError(f"no --model given for {server.public_url}", hint=_model_hint(server))


def _model_hint(server: Server) -> str:
    """Returns a hint that lists the models of `/v1/models`, or says why the list cannot be read."""
    try:
        reply = fetch(server, "models", LIST_SECONDS)
    except BackendError as error:  # whatever is wrong, the user's next step is the same: name a model
        return f"name one with --model: /v1/models cannot be read: {error.message}"
    if reply.status >= 300:
        told = error_reply(reply.status, reply.headers, reply.content)
        refused = from_reply(told, server.public_url, "", server.redact, key=server.key_name)
        return f"name one with --model: /v1/models cannot be read: {refused.message}"
    models = list(models_of(reply.content))
    if not models:
        return "name one with --model: /v1/models did not return a list of models"
    shown = [server.redact(str(model))[:_LONGEST_NAME] for model in models[:_MODELS_SHOWN]]
    more = f", … {len(models)} in all" if len(models) > _MODELS_SHOWN else ""
    return f"it offers {', '.join(shown)}{more}"
