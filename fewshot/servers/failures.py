"""What went wrong, as one clear line that says whether trying again makes sense, and holds no secret.

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
from fewshot.servers.limits import heard

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@|(?<=[\w/])\?\w+=[^\s'\"<>]*")  # of any address, in any text
_LONGEST = 300
_RETRYABLE = {408, 409, 429}
# By name, for both transports: aiohttp, which sends, and httpx2, with which the SDK lists models.
_NOT_SENT = {"ConnectError", "ClientConnectorError", "ConnectionTimeoutError", "ClientHttpProxyError", "ProxyError"}
_LATE = {"TimeoutError", "TimeoutException"}
_TOO_LONG = re.compile(
    r"maximum context length|context[_ ](?:length|window)|exceeds? the (?:maximum|available) (?:context|length)"
    r"|`inputs` (?:tokens|must have less than)|prompt is too long|too many tokens",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Redactor:
    """Takes secrets out of a text.

    >>> Redactor.of("sk-1234")("key sk-1234 at http://me:pw@host/v1\\nis wrong")
    'key *** at http://host/v1 is wrong'
    """

    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, *secrets: str) -> Redactor:
        """Of these; "none" and the like are no secrets, and would tear holes into ordinary words."""
        return cls(tuple(sorted({s for s in secrets if len(s) > 4}, key=len, reverse=True)))

    def __call__(self, text: str) -> str:
        """The text on one line, without secrets, and not longer than a line should be."""
        text = " ".join(self.secrets_out(_CREDENTIALS.sub("", text)).split())
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

    def secrets_out(self, text: str, *, least: int = 0) -> str:
        """The text without secrets (of `least` characters), else as it is."""
        for secret in self.secrets:
            if len(secret) >= least and secret in text:
                text = text.replace(secret, "***")
        return text


def from_exception(error: Exception, url: str, model: str, redact: Redactor) -> BackendError:
    """The `BackendError` of what the SDK or the transport raised. Anything else is a bug, and raised as it is."""
    import aiohttp
    import openai

    if isinstance(error, openai.APIStatusError):
        said = Said(error.status_code, error.body, error.response.headers)
        return from_status(said, url, model, redact, key="OPENAI_API_KEY")
    if not isinstance(error, openai.APIError | aiohttp.ClientError | OSError):
        raise error
    return from_transport(error, url, redact)


def from_transport(error: Exception, url: str, redact: Redactor) -> BackendError:
    """The `BackendError` of a connection that was not made, or broke."""
    chain = list(_chain(error))
    names = {kind.__name__ for link in chain for kind in type(link).__mro__}
    why = redact(str(chain[-1])) or type(chain[-1]).__name__
    if names & _NOT_SENT:
        return BackendError(f"cannot connect to {url} ({why})", retryable=True, hint=f"is a server running at {url}?")
    if names & _LATE:
        return BackendError(f"{url} did not answer in time", retryable=True, maybe_paid=True)
    return BackendError(f"{url} dropped the connection ({why})", retryable=True, maybe_paid=True)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was raised from, the first cause last."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__


@dataclass(frozen=True, slots=True)
class Said:
    """A status other than 200, and what came with it."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: Exception) -> Said:
        """What the openai SDK's error holds; status 0 for an error that is no answer."""
        return cls(getattr(error, "status_code", None) or 0, getattr(error, "body", None))

    @property
    def refusal(self) -> Refusal | None:
        """What a 400 or 422 says; `None` for every other status."""
        if self.status not in {400, 422}:
            return None
        return _field(self.body, "code"), _field(self.body, "param"), words(self.body)

    @property
    def filtered(self) -> bool:
        """True where a 400 is the server's refusal to answer (Azure's content filter): an answer, no failure."""
        return self.status == 400 and _field(self.body, "code") == "content_filter"

    @property
    def too_long(self) -> bool:
        """True where the prompt, with the answer that was asked for, is more than the model reads."""
        if self.status not in {400, 413, 422}:
            return False
        return _field(self.body, "code") == "context_length_exceeded" or bool(_TOO_LONG.search(words(self.body)))


def words(body: object) -> str:
    """The server's own words, from the shapes that servers use.

    >>> words({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]})
    'body.seed: Extra inputs are not permitted'
    >>> words({"message": "Rate limit reached"}), words({"error": "overloaded"})
    ('Rate limit reached', 'overloaded')
    """
    if isinstance(body, Mapping):
        for key in ("message", "detail", "error", "msg"):
            if body.get(key):
                place = ".".join(map(str, body.get("loc") or ()))
                return f"{place}: {words(body[key])}" if place else words(body[key])
        return str(dict(body))
    if isinstance(body, list):
        return "; ".join(map(words, body))
    text = str(body or "")
    return re.sub(r"<[^>]*>", " ", text) if text.lstrip().startswith("<") else text


def too_long(said: Said, request: Request, *, url: str, redact: Redactor) -> Completion:
    """A question that is too long even alone is answered: with nothing. One that shows demonstrations has failed.

    Raises:
        BackendError: with fewer demonstrations it may fit.
    """
    if not request.demonstrations:
        return Completion("", "too_long")
    raise BackendError(
        f"{url} says {said.status}: {redact(words(said.body))}",
        status=said.status,
        hint="--context N leaves demonstrations out where they do not fit",
    )


def from_status(said: Said, url: str, model: str, redact: Redactor, *, key: str) -> BackendError:
    """The `BackendError` of a status. `key`: the variable that holds the key."""
    status = said.status
    reason = redact(words(said.body)) or "no reason given"
    broke = "insufficient_quota" in {_field(said.body, "code"), _field(said.body, "type")}
    retryable = (status in _RETRYABLE or status >= 500) and not broke
    hints = {
        401: f"check {key}",
        403: f"this key may not use the model or route; check {key} and --model",
        404: "check --model and --base-url (it usually ends in /v1)",
    }
    hint = "the account has no credit left" if broke else hints.get(status)
    name = f" (model {model})" if status == 404 and model else ""
    headers = said.headers
    limits = heard(headers)
    wait = retry_after(headers)
    if wait is None and status == 429 and limits is not None:
        wait = limits.wait
    return BackendError(
        f"{url} says {status}: {reason}{name}",
        retryable=retryable,
        fatal=broke or status in {401, 403, 404},
        retry_after=wait if retryable else None,
        status=status,
        maybe_paid=status in {408, 504},  # a gateway gave up waiting; the model may have answered
        limits=limits,
        hint=hint,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `Retry-After` (seconds or a date, RFC 9110 10.2.3).

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
    try:  # by the server's own clock: ours may be wrong, or jump
        now = parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        now = time()
    return max(0.0, until - now)


def _field(body: object, key: str) -> str:
    return str(body.get(key) or "") if isinstance(body, Mapping) else ""
