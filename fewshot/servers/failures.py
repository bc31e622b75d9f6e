"""An error reply as one clear line, without secrets, that says whether a retry makes sense.

HTTP 401 → BackendError("http://…/v1 says 401: Incorrect API key provided", fatal=True,
                        hint="check OPENAI_API_KEY")

What a server sends is read by `error_reply`; its body may be of any shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time

from fewshot.errors import BackendError
from fewshot.records import Completion, Request
from fewshot.servers.adapting import Refusal
from fewshot.servers.limits import rate_limits
from fewshot.servers.secrets import Redactor

_RETRYABLE = {408, 409, 429}  # and every 5xx: the statuses that the openai SDK retries
_ADAPTABLE = {400, 422, 500}  # llama-server raises what a chat template refuses as a 500
# Exception names of the transport. By name, so that it need not be imported to read an error.
_PROXY = {"ClientProxyConnectionError", "ClientHttpProxyError", "ProxyError"}
_NOT_SENT = {"ConnectError", "ClientConnectorError", "ConnectionTimeoutError", "InvalidURL", "UnicodeError"} | _PROXY
_LATE = {"TimeoutError", "TimeoutException"}
# The wordings of OpenAI, vLLM, llama.cpp, TGI and Anthropic.
_TOO_LONG = re.compile(
    r"maximum context length|context[_ ](?:length|window)|exceeds? the (?:maximum|available) (?:context|length)"
    r"|`inputs` (?:tokens|must have less than)|prompt is too long|too many tokens",
    re.IGNORECASE,
)
_NO_CREDIT_CODES = {
    "insufficient_quota", "insufficient_user_quota", "exceeded_current_quota_error", "billing_hard_limit_reached",
    "billing_not_active", "insufficient_balance", "payment_required",
}  # fmt: skip
# Anthropic's 400. OpenAI's own sentence ("You exceeded your current quota") does not decide: Gemini says it of the
# requests of a minute.
_NO_CREDIT = re.compile(r"credit balance is too low|insufficient (?:balance|credits?|funds)", re.IGNORECASE)

_DEEPEST = 20
"""Levels of nesting that the message of an error body is looked for in: FastAPI's, the deepest known, has 4."""

_MARKUP = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """A reply with a status other than 200, or an error in the body of a 200. `body`: what stands in its `error`, if
    it has one; a text if it is not JSON."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def refusal(self) -> Refusal | None:
        """The code, parameter and message of a 400, 422 or 500; `None` for every other status."""
        if self.status not in _ADAPTABLE:
            return None
        return Refusal(_field(self.body, "code"), _field(self.body, "param"), message_of(self.body), self.status)

    @property
    def filtered(self) -> bool:
        """Whether this is a refusal to answer (a 400 of Azure's content filter): that is an answer, not a failure."""
        return self.status == 400 and _field(self.body, "code") == "content_filter"

    @property
    def too_long(self) -> bool:
        """Whether the prompt and the room for its answer exceed the context window of the model."""
        if self.status not in {400, 413, 422}:
            return False
        return _field(self.body, "code") == "context_length_exceeded" or bool(_TOO_LONG.search(message_of(self.body)))

    @property
    def without_credit(self) -> bool:
        """Whether the account has no credit or quota left: waiting does not help, even if the status is a 429."""
        if self.status == 402 or {_field(self.body, "code"), _field(self.body, "type")} & _NO_CREDIT_CODES:
            return True
        return self.status in {400, 403, 429} and bool(_NO_CREDIT.search(message_of(self.body)))


class AnswerError(BackendError):
    """A body under HTTP 200 that is an error. `reply`: that error, with the status that it has by its own words."""

    def __init__(self, message: str, reply: ErrorReply) -> None:
        super().__init__(message, retryable=True, status=200, maybe_paid=True)
        self.reply = reply


def error_reply(status: int, headers: Mapping[str, str], content: bytes) -> ErrorReply:
    """Returns the reply in a response.

    >>> error_reply(429, {}, b'{"error": {"message": "Slow down"}}').body
    {'message': 'Slow down'}
    """
    text = content.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = text
    if isinstance(body, list) and len(body) == 1:  # Gemini
        body = body[0]
    if isinstance(body, dict) and body.get("error"):
        body = body["error"]
    return ErrorReply(status, body, headers)


def message_of(body: object, depth: int = _DEEPEST) -> str:
    """Returns the server's message, from the shapes of error bodies that servers use.

    >>> message_of({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]})
    'body.seed: Extra inputs are not permitted'
    >>> message_of({"message": "Rate limit reached"}), message_of({"error": "overloaded"})
    ('Rate limit reached', 'overloaded')
    """
    if depth == 0:
        return "…"
    if isinstance(body, Mapping):
        for key in ("message", "detail", "error", "msg"):
            if body.get(key):
                location = body.get("loc")  # FastAPI: where the offending value stands
                names = location if isinstance(location, list) else ()
                field_name = ".".join(str(name) for name in names if isinstance(name, str | int))
                message = message_of(body[key], depth - 1)
                return f"{field_name}: {message}" if field_name else message
        return _shown(body)
    if isinstance(body, list):
        return "; ".join(message_of(item, depth - 1) for item in body)
    text = str(body or "")
    return _MARKUP.sub(" ", text) if text.lstrip().startswith("<") else text


def _shown(body: Mapping[object, object]) -> str:
    try:
        return str(dict(body))
    except RecursionError:
        return "…"


def from_transport(error: Exception, url: str, redact: Redactor, *, proxy: str | None = None) -> BackendError:
    """Returns the `BackendError` for a connection that failed or broke. `proxy`: through which it went."""
    chain = list(_chain(error))
    names = {kind.__name__ for link in chain for kind in type(link).__mro__}
    # The first cause names the host or the broken certificate; the outer errors say "Connection error."
    why = redact(str(chain[-1])) or type(chain[-1]).__name__
    if names & _PROXY and proxy is not None:
        return BackendError(
            f"cannot connect to {url} through the proxy {redact(proxy)} ({why})",
            retryable=True,
            hint="HTTP_PROXY or HTTPS_PROXY names it; NO_PROXY lists hosts that need none",
        )
    if names & _NOT_SENT:
        return BackendError(f"cannot connect to {url} ({why})", retryable=True, hint=f"is a server running at {url}?")
    if names & _LATE:
        return BackendError(f"{url} did not answer in time", retryable=True, maybe_paid=True)
    return BackendError(f"{url} dropped the connection ({why})", retryable=True, maybe_paid=True)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields an error and the errors it was raised from, the first cause last."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__


def too_long(reply: ErrorReply, request: Request, *, url: str, redact: Redactor) -> Completion:
    """Returns the empty answer to a question that does not fit even without demonstrations.

    Raises:
        BackendError: The prompt shows demonstrations; with fewer it may fit.
    """
    if not request.demonstrations:
        return Completion("", "too_long")
    raise BackendError(
        f"{url} says {reply.status}: {redact(message_of(reply.body))}",
        status=reply.status,
        hint="--context N leaves out demonstrations that do not fit",
    )


def from_reply(
    reply: ErrorReply, url: str, model: str, redact: Redactor, *, key: str, missing_version: str | None = None
) -> BackendError:
    """Returns the `BackendError` for an error reply.

    Args:
        reply: The reply.
        url: The server, for the message.
        model: The model, for the message of a 404.
        redact: Removes secrets.
        key: The environment variable that holds the key.
        missing_version: The address with `/v1`, if it has none.
    """
    status = reply.status
    reason = redact(message_of(reply.body)) or "no reason given"
    no_credit = reply.without_credit
    retryable = (status in _RETRYABLE or status >= 500) and not no_credit
    hints = {
        401: f"check {key}",
        403: f"this key may not use the model or route; check {key} and --model",
        404: f"did you mean --base-url {missing_version}?"
        if missing_version
        else "check --model and --base-url (it usually ends in /v1)",
    }
    hint = "the account has no credit left" if no_credit else hints.get(status)
    name = f" (model {model})" if status == 404 and model else ""
    headers = reply.headers
    limits = rate_limits(headers)
    wait = retry_after(headers)
    if wait is None and status == 429 and limits is not None:  # no Retry-After, but the reset of the exhausted limit
        wait = limits.wait
    return BackendError(
        f"{url} says {status}: {reason}{name}",
        retryable=retryable,
        fatal=no_credit or status in {401, 403, 404},
        retry_after=wait if retryable else None,
        status=status,
        maybe_paid=status in {408, 504},  # a gateway gave up waiting, but the model may have answered
        limits=limits,
        hint=hint,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds to wait, from `retry-after-ms` or `Retry-After` (seconds or a date, RFC 9110 10.2.3).

    >>> retry_after({"retry-after-ms": "250"}), retry_after({"retry-after": "2"}), retry_after({})
    (0.25, 2.0, None)
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if isfinite(seconds):
            return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(headers["retry-after"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None
    try:  # measured by the server's own clock: ours may be wrong, or jump
        now = parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        now = time()
    return max(0.0, until - now)


def _field(body: object, key: str) -> str:
    value = body.get(key) if isinstance(body, Mapping) else None
    return str(value) if isinstance(value, str | int | float) and value else ""
