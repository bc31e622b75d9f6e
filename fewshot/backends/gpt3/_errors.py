"""What went wrong, as one clear line that says whether trying again makes sense, and holds no secret.

HTTP 401 → BackendError("http://…/v1 says 401: Incorrect API key provided", fatal=True,
                        hint="check OPENAI_API_KEY")
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

from fewshot.backends.gpt3._adapt import Refusal
from fewshot.errors import BackendError

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_LONGEST = 300
_RETRYABLE = {408, 409, 429}
_HINTS = {
    401: "check OPENAI_API_KEY",
    403: "this key may not use the model or route; check OPENAI_API_KEY and --model",
    404: "check --model and --base-url (it usually ends in /v1)",
}


@dataclass(frozen=True, slots=True)
class Redactor:
    """Takes secrets out of a text.

    >>> Redactor(("sk-1234",))("key sk-1234 at http://me:pw@host/v1\\nis wrong")
    'key *** at http://host/v1 is wrong'
    """

    secrets: tuple[str, ...]

    def __call__(self, text: str) -> str:
        """The text on one line, without secrets, and not longer than a line should be."""
        text = _CREDENTIALS.sub("", text)
        for secret in sorted(set(self.secrets), key=len, reverse=True):
            # "none" and the like are no secrets, and would tear holes into ordinary words
            if len(secret) > 4:
                text = text.replace(secret, "***")
        text = " ".join(text.split())
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def from_exception(error: Exception, url: str, model: str, redact: Redactor) -> BackendError:
    """The `BackendError` of whatever the SDK or its transport raised."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return _from_status(error, url, model, redact)
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return BackendError(f"{url} did not answer in time", retryable=True)
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__
        if type(cause).__name__ == "ConnectError":
            why = redact(str(cause))
            return BackendError(
                f"cannot connect to {url} ({why})", retryable=True, hint=f"is a server running at {url}?"
            )
        why = redact(str(cause or error)) or type(cause).__name__
        return BackendError(f"{url} dropped the connection ({why})", retryable=True)
    if isinstance(error, ValueError):
        return BackendError(f"{url} sent no JSON ({redact(str(error))})", retryable=True)
    return BackendError(f"{url}: {type(error).__name__}: {redact(str(error))}", retryable=True)


def refusal_text(error: Exception) -> Refusal | None:
    """What a 400 or 422 says; `None` for every other error."""
    if getattr(error, "status_code", None) not in {400, 422}:
        return None
    body = getattr(error, "body", None)
    return _field(body, "code"), _field(body, "param"), words(body)


def is_content_filter(error: Exception) -> bool:
    """True where a 400 is the server's refusal to answer (Azure's content filter): an answer, no failure."""
    body = getattr(error, "body", None)
    return getattr(error, "status_code", None) == 400 and _field(body, "code") == "content_filter"


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


def _from_status(error: Any, url: str, model: str, redact: Redactor) -> BackendError:
    status = error.status_code
    said = redact(words(error.body)) or "no reason given"
    broke = "insufficient_quota" in {_field(error.body, "code"), _field(error.body, "type")}
    retryable = (status in _RETRYABLE or status >= 500) and not broke
    hint = "the account has no credit left" if broke else _HINTS.get(status)
    name = f" (model {model})" if status == 404 and model else ""
    return BackendError(
        f"{url} says {status}: {said}{name}",
        retryable=retryable,
        fatal=broke or status in {401, 403, 404},
        retry_after=retry_after(error.response.headers) if retryable else None,
        status=status,
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
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time())
    except (KeyError, ValueError):
        return None


def _field(body: object, key: str) -> str:
    return str(body.get(key) or "") if isinstance(body, Mapping) else ""
