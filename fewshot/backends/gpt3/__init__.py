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
from time import perf_counter
from typing import Any, Literal

from fewshot.backends import Options
from fewshot.backends.gpt3._retirement import retirement
from fewshot.backends.gpt3._wire import Reply, Wire
from fewshot.errors import InputError
from fewshot.records import Api, Completion, Request
from fewshot.servers.adapting import Adaptations
from fewshot.servers.address import API, Server
from fewshot.servers.failures import ErrorReply, from_exception, too_long
from fewshot.servers.limits import rate_limits
from fewshot.servers.reading import read_completion
from fewshot.servers.reasoning import Room, with_tries

DEFAULT_MODEL = "gpt-6-luna"
"""The model used at OpenAI's own address if none is named: small, current, without a shutdown date (Nov. 2026)."""

TOTAL_SECONDS = 300.0
"""The most that one request may take unless `--timeout` says otherwise: long answers of busy local servers take
minutes. A judgement."""

LIST_SECONDS = 5.0
"""The most that reading `/v1/models` may take: it only improves messages, so nobody should wait for it."""

_MODELS_SHOWN = 20
"""Models that a hint lists at most."""
ROUTES: dict[Api, str] = {"chat": "chat/completions", "completions": "completions"}


@dataclass(slots=True)
class Gpt3:
    """The backend. `adaptations`, the parameters that the server refuses, is shared by all requests of a run."""

    model: str
    endpoint: str | None
    api: Api
    server: Server
    notices: tuple[str, ...] = ()
    kind: Literal["prompted"] = "prompted"
    name: str = "gpt3"
    total_seconds: float = TOTAL_SECONDS
    adaptations: Adaptations = field(default_factory=Adaptations)
    _wire: Wire | None = field(default=None, repr=False)
    _answered: bool = False

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
                response = await self._send(request, body)
            except Exception as error:
                reply = ErrorReply.of(error)
                if reply.filtered:
                    return Completion("", "refused", seconds=perf_counter() - started, adapted=adapted)
                if not reply.too_long and self.adaptations.learn(reply.refusal, body, changes):
                    continue  # ends: each refusal moves down a ladder
                if self.adaptations.is_too_much(reply.refusal, room, too_long=reply.too_long):
                    room, fits = 0, False
                    continue
                if reply.too_long:
                    return too_long(reply, request, url=self.server.public_url, redact=self.server.redact)
                raise from_exception(error, self.server.public_url, self.model, self.server.redact) from None
            self._answered = True
            seconds, limits = perf_counter() - started, rate_limits(response.headers)
            answer = read_completion(response.content, request, seconds, adapted, self.server.redact, limits)
            completion = with_tries(answer, earlier)
            if not self.adaptations.learn_from_answer(answer, request, body, room) or not fits:
                return completion
            room, earlier = self.adaptations.room.tokens, completion

    @property
    def reasoning_room(self) -> int:
        """The tokens that a request is sent beside its limit, for a thought."""
        return self.adaptations.room.tokens

    async def _send(self, request: Request, body: Mapping[str, Any]) -> Reply:
        if self._wire is None:
            self._wire = Wire(self.server, self.total_seconds)
        return await self._wire.post(ROUTES[request.api], {"model": request.model, **body, **request.extra})

    async def close(self) -> None:
        """Closes connections; adds a notice if the model that answered has a shutdown date."""
        if self._wire is not None:
            # Asked at the end and only after an answer, so that it neither delays a run nor hides its errors.
            listing = await self._wire.get("models", LIST_SECONDS) if self._answered else None
            if listing is not None and (line := retirement(listing, self.model)):
                self.notices = (*self.notices, line)
            self._answered = False
            await self._wire.close()
            self._wire = None


def open_backend(options: Options) -> Gpt3:
    """Opens the backend.

    The address is `--base-url`, else `OPENAI_BASE_URL`, else OpenAI's; the key is `OPENAI_API_KEY` (other servers
    need none). The model is `--model`, else `FEWSHOT_GPT3_MODEL`, else, at OpenAI only, `DEFAULT_MODEL`.

    Raises:
        InputError: The address is not a URL, OpenAI's needs a key, or another server's model is not named.
    """
    url = options.base_url or os.environ.get("OPENAI_BASE_URL") or API
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    server = Server(url, key or "none")
    server.check()
    if server.is_openai and not key and not options.offline:
        raise InputError(
            f"no key for {server.public_url}",
            hint="set OPENAI_API_KEY, or use --replay RUN (needs no key), or --backend rules",
        )
    model, notices = _model(options, server)
    api = options.api or "chat"
    total = options.timeout or TOTAL_SECONDS
    adaptations = Adaptations(room=Room.of(options.reasoning_tokens))
    endpoint = f"{server.public_url}/{ROUTES[api]}"
    return Gpt3(model, endpoint, api, server, notices, total_seconds=total, adaptations=adaptations)


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
    import json

    from openai import OpenAI, OpenAIError

    try:
        with OpenAI(api_key=server.key, base_url=server.base_url, max_retries=0, timeout=LIST_SECONDS) as client:
            raw: Any = client.models.with_raw_response.list()
            names = [str(item["id"]) for item in json.loads(raw.content)["data"]]
    except OpenAIError as error:  # whatever is wrong, the user's next step is the same: name a model
        reason = from_exception(error, server.public_url, "", server.redact).message
        return f"name one with --model: /v1/models cannot be read: {reason}"
    except (ValueError, LookupError, TypeError):
        return "name one with --model: /v1/models did not return a list"
    return f"it offers {', '.join(names[:_MODELS_SHOWN])}" if names else "it offers no models"
