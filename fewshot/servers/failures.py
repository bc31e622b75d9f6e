"""An error reply as one clear line, without secrets, that says whether a retry makes sense.

HTTP 401 → BackendError("http://…/v1 says 401: Incorrect API key provided", fatal=True,
                        hint="check OPENAI_API_KEY")
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import time

from fewshot.errors import BackendError
from fewshot.records import Completion, Request
from fewshot.servers.adapting import Refusal
from fewshot.servers.limits import rate_limits

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@|(?<=[\w/])\?\w+=[^\s'\"<>]*")  # in any URL, in any text
_LONGEST_MESSAGE = 300  # characters: three lines of a terminal; proxies answer with whole pages (a judgement)
_SHORTEST_SECRET = 5  # characters: "none" and the like are not secrets, and would be cut out of ordinary words
_RETRYABLE = {408, 409, 429}  # and every 5xx: the statuses that the openai SDK retries
# Exception names for both transports: aiohttp, which sends, and httpx2, with which the SDK lists models. By name, so
# that neither has to be imported to read an error.
_NOT_SENT = {"ConnectError", "ClientConnectorError", "ConnectionTimeoutError", "ClientHttpProxyError", "ProxyError"}
_LATE = {"TimeoutError", "TimeoutException"}
# The wordings of OpenAI, vLLM, llama.cpp, TGI and Anthropic.
_TOO_LONG = re.compile(
    r"maximum context length|context[_ ](?:length|window)|exceeds? the (?:maximum|available) (?:context|length)"
    r"|`inputs` (?:tokens|must have less than)|prompt is too long|too many tokens",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Redactor:
    """Removes secrets from a text.

    >>> Redactor.of("sk-1234")("key sk-1234 at http://me:pw@host/v1\\nis wrong")
    'key *** at http://host/v1 is wrong'
    """

    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, *secrets: str) -> Redactor:
        """Returns a redactor for these secrets, without the very short ones; a secret that holds another goes first."""
        return cls(tuple(sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True)))

    def __call__(self, text: str) -> str:
        """Returns the text on one line, without secrets, shortened to 300 characters."""
        text = " ".join(self.without_secrets(_CREDENTIALS.sub("", text)).split())
        return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"

    def without_secrets(self, text: str, *, least: int = 0) -> str:
        """Returns the text without the secrets that have at least `least` characters, otherwise unchanged."""
        for secret in self.secrets:
            if len(secret) >= least and secret in text:
                text = text.replace(secret, "***")
        return text


def from_exception(error: Exception, url: str, model: str, redact: Redactor) -> BackendError:
    """Returns the `BackendError` for an exception of the SDK or the transport.

    Raises:
        Exception: The exception itself, if it is anything else: then it is a bug.
    """
    import aiohttp
    import openai

    if isinstance(error, openai.APIStatusError):
        reply = ErrorReply(error.status_code, error.body, error.response.headers)
        return from_reply(reply, url, model, redact, key="OPENAI_API_KEY")
    if not isinstance(error, openai.APIError | aiohttp.ClientError | OSError):
        raise error
    return from_transport(error, url, redact)


def from_transport(error: Exception, url: str, redact: Redactor) -> BackendError:
    """Returns the `BackendError` for a connection that failed or broke."""
    chain = list(_chain(error))
    names = {kind.__name__ for link in chain for kind in type(link).__mro__}
    # The first cause names the host or the broken certificate; the outer errors say "Connection error."
    why = redact(str(chain[-1])) or type(chain[-1]).__name__
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


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """A reply with a status other than 200. Status 0: an exception without a reply."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: Exception) -> ErrorReply:
        """Returns the reply in an error of the openai SDK; status 0 if it holds none."""
        return cls(getattr(error, "status_code", None) or 0, getattr(error, "body", None))

    @property
    def refusal(self) -> Refusal | None:
        """The code, parameter and message of a 400 or 422; `None` for every other status."""
        if self.status not in {400, 422}:
            return None
        return _field(self.body, "code"), _field(self.body, "param"), message_of(self.body)

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


def message_of(body: object) -> str:
    """Returns the server's message, from the shapes of error bodies that servers use.

    >>> message_of({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]})
    'body.seed: Extra inputs are not permitted'
    >>> message_of({"message": "Rate limit reached"}), message_of({"error": "overloaded"})
    ('Rate limit reached', 'overloaded')
    """
    if isinstance(body, Mapping):
        for key in ("message", "detail", "error", "msg"):
            if body.get(key):
                field_name = ".".join(map(str, body.get("loc") or ()))  # FastAPI: where the offending value stands
                message = message_of(body[key])
                return f"{field_name}: {message}" if field_name else message
        return str(dict(body))
    if isinstance(body, list):
        return "; ".join(map(message_of, body))
    text = str(body or "")
    return re.sub(r"<[^>]*>", " ", text) if text.lstrip().startswith("<") else text


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


def from_reply(reply: ErrorReply, url: str, model: str, redact: Redactor, *, key: str) -> BackendError:
    """Returns the `BackendError` for an error reply. `key`: the environment variable that holds the key."""
    status = reply.status
    reason = redact(message_of(reply.body)) or "no reason given"
    # A 429 like a rate limit, but waiting does not help: the account is out of credit.
    no_credit = "insufficient_quota" in {_field(reply.body, "code"), _field(reply.body, "type")}
    retryable = (status in _RETRYABLE or status >= 500) and not no_credit
    hints = {
        401: f"check {key}",
        403: f"this key may not use the model or route; check {key} and --model",
        404: "check --model and --base-url (it usually ends in /v1)",
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
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    try:
        until = parsedate_to_datetime(headers["retry-after"]).timestamp()
    except (KeyError, ValueError):
        return None
    try:  # measured by the server's own clock: ours may be wrong, or jump
        now = parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        now = time()
    return max(0.0, until - now)


def _field(body: object, key: str) -> str:
    return str(body.get(key) or "") if isinstance(body, Mapping) else ""
