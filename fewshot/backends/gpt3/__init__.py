"""`gpt3`: any server that speaks OpenAI's chat or completions API, through the openai SDK.

    fewshot run --backend gpt3 --task ner                                # the API itself, its default model
    fewshot run --backend gpt3 --base-url http://127.0.0.1:8000/v1 --model NAME --task ner

Translates a request, sends it once and reads what comes back. What a server will not take (a parameter, the
system role) is learnt once, sent again within the same answer, and told in `Completion.adapted`. Retries,
pacing and concurrency are the engine's.
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
from fewshot.servers.failures import Said, from_exception, too_long
from fewshot.servers.limits import heard
from fewshot.servers.reading import read_completion
from fewshot.servers.reasoning import Room, with_tries

DEFAULT_MODEL = "gpt-6-luna"
"""The small model taken at the API's own address where none is named: current, no shutdown date (Nov. 2026)."""

TOTAL_SECONDS = 300.0
LIST_SECONDS = 5.0
ROUTES: dict[Api, str] = {"chat": "chat/completions", "completions": "completions"}


@dataclass(slots=True)
class Gpt3:
    """The backend. `changes` is what this server was found not to take, shared by all requests of the run."""

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
                response = await self._send(request, body)
            except Exception as error:
                said = Said.of(error)
                if said.filtered:
                    return Completion("", "refused", seconds=perf_counter() - started, adapted=adapted)
                if not said.too_long and self.adaptations.learn(said.refusal, body, changes):
                    continue
                if self.adaptations.is_too_much(said.refusal, room, too_long=said.too_long):
                    room, fits = 0, False
                    continue
                if said.too_long:
                    return too_long(said, request, url=self.server.shown, redact=self.server.redact)
                raise from_exception(error, self.server.shown, self.model, self.server.redact) from None
            self._answered = True
            seconds, limits = perf_counter() - started, heard(response.headers)
            read = read_completion(response.content, request, seconds, adapted, self.server.redact, limits)
            completion = with_tries(read, earlier)
            if not self.adaptations.hear(read, request, body, room) or not fits:
                return completion
            room, earlier = self.adaptations.room.tokens, completion

    @property
    def reasoning_room(self) -> int:
        """Tokens that a request is sent beside its limit, for a thought."""
        return self.adaptations.room.tokens

    async def _send(self, request: Request, body: Mapping[str, Any]) -> Reply:
        if self._wire is None:
            self._wire = Wire(self.server, self.total_seconds)
        return await self._wire.post(ROUTES[request.api], {"model": request.model, **body, **request.extra})

    async def close(self) -> None:
        """Lets go of connections; where the model that answered has a day on which it ends, a notice says so."""
        if self._wire is not None:
            listing = await self._wire.get("models", LIST_SECONDS) if self._answered else None
            if listing is not None and (line := retirement(listing, self.model)):
                self.notices = (*self.notices, line)
            self._answered = False
            await self._wire.close()
            self._wire = None


def open_backend(options: Options) -> Gpt3:
    """The backend for these options.

    `--base-url`, else `OPENAI_BASE_URL`, else the API; the key from `OPENAI_API_KEY` (other servers need none).
    `--model`, else `FEWSHOT_GPT3_MODEL`, else (at the API only) `DEFAULT_MODEL`.

    Raises:
        InputError: no key for the API; no model for another server; not a URL.
    """
    url = options.base_url or os.environ.get("OPENAI_BASE_URL") or API
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    server = Server(url, key or "none")
    server.check()
    if server.own and not key and not options.offline:
        raise InputError(
            f"no key for {server.shown}",
            hint="set OPENAI_API_KEY, or use --replay RUN (needs no key), or --backend rules",
        )
    model, notices = _model(options, server)
    api = options.api or "chat"
    total = options.timeout or TOTAL_SECONDS
    adaptations = Adaptations(room=Room.of(options.reasoning_tokens))
    endpoint = f"{server.shown}/{ROUTES[api]}"
    return Gpt3(model, endpoint, api, server, notices, total_seconds=total, adaptations=adaptations)


def _model(options: Options, server: Server) -> tuple[str, tuple[str, ...]]:
    if named := options.model or os.environ.get("FEWSHOT_GPT3_MODEL"):
        return named, ()
    if server.own:
        return DEFAULT_MODEL, (f"gpt3: no --model given, using {DEFAULT_MODEL}",)
    if options.offline:
        return "", ()
    raise InputError(f"no --model given for {server.shown}", hint=_offered(server))


def _offered(server: Server) -> str:
    """What `/v1/models` there offers, as a hint; says so where the server does not tell."""
    import json

    from openai import OpenAI, OpenAIError

    try:
        with OpenAI(api_key=server.key, base_url=server.base_url, max_retries=0, timeout=LIST_SECONDS) as client:
            raw: Any = client.models.with_raw_response.list()
            names = [str(item["id"]) for item in json.loads(raw.content)["data"]]
    except OpenAIError as error:  # whatever is wrong there, the user's next step is the same: name a model
        why = from_exception(error, server.shown, "", server.redact).message
        return f"name one; its list of models could not be read: {why}"
    except (ValueError, LookupError, TypeError):
        return "name one; its list of models could not be read: it is none"
    return f"it offers {', '.join(names[:20])}" if names else "it offers none"
