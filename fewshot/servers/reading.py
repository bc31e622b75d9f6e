"""The body of a 200, read. Servers send HTML, half a JSON or no choice with a 200 too: those may be retried.

{"choices": [{"message": {"content": "p53 [END] x"}, "finish_reason": "stop"}], "usage": {…}}
with stop ("[END]",) → Completion("p53 ", "stop", adapted={"stop": "cut here"})
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fewshot.errors import BackendError
from fewshot.records import Completion, FinishReason, Limits, Request
from fewshot.servers.failures import Redactor, words

CUT = "cut here"
_HUGE = 1 << 53  # no answer takes so many tokens: a server that says so tells nothing
_SURELY_SECRET = 16
"""Characters of a secret that is looked for in answers: a password that is a word would tear holes into them."""


def read_completion(
    content: bytes,
    request: Request,
    seconds: float,
    adapted: Mapping[str, Any],
    redact: Redactor,
    limits: Limits | None = None,
) -> Completion:
    """The completion in a response body. A key that the server echoes into its answer is taken out of it.

    Raises:
        BackendError: (retryable) not JSON, no choice, or a choice without text.
    """
    body, encoding = _json(content, redact)
    adapted = {**adapted, **encoding}
    choices = body.get("choices")
    if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
        said = f": {redact(words(body['error']))}" if body.get("error") else ""
        raise _broken(f"the server answered without a choice{said}")
    choice = choices[0]
    text, refused = _text(choice, request)
    finish: FinishReason = "length" if choice.get("finish_reason") == "length" else "stop"
    if refused or choice.get("finish_reason") == "content_filter":
        finish = "refused"
    elif text is None and finish == "stop":
        raise _broken("the server answered without text (content is null)")
    usage = body.get("usage") if isinstance(body.get("usage"), dict) else {}
    return answered(
        text or "",
        finish,
        request,
        seconds,
        adapted,
        redact,
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        limits=limits,
    )


def answered(
    text: str,
    finish: FinishReason,
    request: Request,
    seconds: float,
    adapted: Mapping[str, Any],
    redact: Redactor,
    *,
    prompt_tokens: int | None = None,
    completion_tokens: int | None = None,
    limits: Limits | None = None,
) -> Completion:
    """A text as a completion: without secrets, and cut here at a stop that the server left in it."""
    text = redact.secrets_out(text, least=_SURELY_SECRET)
    kept = cut(text, request.stop)
    if kept != text:
        adapted = {"stop": CUT} | dict(adapted)
        finish = "stop" if finish == "length" else finish
    return Completion(
        text=kept,
        finish_reason=finish,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        seconds=seconds,
        adapted=dict(adapted),
        limits=limits,
    )


def cut(text: str, stop: tuple[str, ...]) -> str:
    """The text up to the first stop.

    >>> cut("a [END] b", ("###", "[END]"))
    'a '
    """
    return text[: min((at for s in stop if s and (at := text.find(s)) >= 0), default=len(text))]


def _json(content: bytes, redact: Redactor) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The object in a body, and what had to be done to read it."""
    adapted: Mapping[str, Any] = {}
    try:
        try:
            body = json.loads(content)
        except UnicodeDecodeError:  # JSON is UTF-8 (RFC 8259), and some servers have not heard of it
            body, adapted = json.loads(content.decode("latin-1")), {"encoding": "latin-1"}
    except (ValueError, RecursionError):
        start = content[:200].decode("utf-8", "replace")
        html = start.lstrip().startswith("<")
        what = "HTML" if html else "broken JSON" if start.strip() else "nothing"
        hint = "does --base-url end in /v1?" if html else None
        raise BackendError(
            f"the server answered {what}, not an answer: {redact(start[:80])!r}",
            retryable=True,
            status=200,
            maybe_paid=not html,
            hint=hint,
        ) from None
    if not isinstance(body, dict):
        raise _broken(f"the server answered {type(body).__name__}, not an object")
    return body, adapted


def _broken(message: str) -> BackendError:
    """A 200 without an answer in it: it may have been paid for."""
    return BackendError(message, retryable=True, status=200, maybe_paid=True)


def _text(choice: Mapping[str, Any], request: Request) -> tuple[str | None, bool]:
    """`(text, refused)` of a choice: its message in chat, its own text in completions."""
    if request.api == "completions":
        text, refusal = choice.get("text"), None
    else:
        message = choice.get("message")
        message = message if isinstance(message, dict) else {}
        text, refusal = message.get("content"), message.get("refusal")
    return (text if isinstance(text, str) else None), bool(refusal)


def _count(usage: Any, key: str) -> int | None:
    value = usage.get(key)
    return value if type(value) is int and 0 <= value < _HUGE else None
