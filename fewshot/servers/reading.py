"""Reads the body of a 200. Servers also send HTML, cut JSON or no choice with a 200: those are retried.

{"choices": [{"message": {"content": "p53 [END] x"}, "finish_reason": "stop"}], "usage": {…}}
with stop ("[END]",) → Completion("p53 ", "stop", adapted={"stop": "cut here"})
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fewshot.errors import BackendError
from fewshot.records import Completion, FinishReason, Limits, Request
from fewshot.servers.failures import Redactor, message_of

STOP_CUT_BY_US = "cut here"
"""`adapted["stop"]` if the server left the stop sequence in its answer. Recorded: the value must not change."""

_HUGE = 1 << 53  # tokens; a float no longer holds every integer from here on, and no answer is that long
_SECRET_IN_ANSWER = 16
"""Only secrets of this many characters are taken out of answers: real keys have 32 and more, and a shorter password
may be a word of the answer, which must stay as it is. A judgement."""

_SNIPPET = 80  # characters of an unreadable body that an error message shows
_SNIPPET_BYTES = 200  # enough bytes for them


def read_completion(
    content: bytes,
    request: Request,
    seconds: float,
    adapted: Mapping[str, Any],
    redact: Redactor,
    limits: Limits | None = None,
) -> Completion:
    """Returns the completion in a response body; a key that the server echoes into its answer is removed.

    Args:
        content: The body.
        request: The request; its `stop` and `api` decide how the body is read.
        seconds: The duration of the try.
        adapted: The parameters that were changed for this server.
        redact: Removes secrets.
        limits: The rate limits from the headers.

    Raises:
        BackendError: Retryable; the body is not JSON, or has no choice, or its choice has no text.
    """
    body, encoding = _json(content, redact)
    adapted = {**adapted, **encoding}
    choices = body.get("choices")
    if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
        reason = f": {redact(message_of(body['error']))}" if body.get("error") else ""
        raise _no_answer(f"the server answered without a choice{reason}")
    choice = choices[0]
    text, refused = _text(choice, request)
    # Other reasons ("tool_calls", "abort", vendors' own) count as "stop": what matters is whether the answer is whole.
    finish: FinishReason = "length" if choice.get("finish_reason") == "length" else "stop"
    if refused or choice.get("finish_reason") == "content_filter":
        finish = "refused"
    elif text is None and finish == "stop":
        raise _no_answer("the server answered without text (content is null)")
    usage = body.get("usage") if isinstance(body.get("usage"), dict) else {}
    return completion_from(
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


def completion_from(
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
    """Returns a completion of `text`, without secrets, cut at a stop sequence that the server left in it."""
    text = redact.without_secrets(text, least=_SECRET_IN_ANSWER)
    kept = before_stop(text, request.stop)
    if kept != text:
        adapted = {"stop": STOP_CUT_BY_US} | dict(adapted)
        finish = "stop" if finish == "length" else finish  # what ran into the limit came after the stop sequence
    return Completion(
        text=kept,
        finish_reason=finish,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        seconds=seconds,
        adapted=dict(adapted),
        limits=limits,
    )


def before_stop(text: str, stop: tuple[str, ...]) -> str:
    """Returns the text before the first stop sequence.

    >>> before_stop("a [END] b", ("###", "[END]"))
    'a '
    """
    return text[: min((at for s in stop if s and (at := text.find(s)) >= 0), default=len(text))]


def _json(content: bytes, redact: Redactor) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Returns the object in a body, and what is recorded in `adapted` about reading it."""
    adapted: Mapping[str, Any] = {}
    try:
        try:
            body = json.loads(content)
        except UnicodeDecodeError:  # JSON must be UTF-8 (RFC 8259), but some servers send Latin-1
            body, adapted = json.loads(content.decode("latin-1")), {"encoding": "latin-1"}
    except (ValueError, RecursionError):
        start = content[:_SNIPPET_BYTES].decode("utf-8", "replace")
        html = start.lstrip().startswith("<")
        what = "HTML" if html else "broken JSON" if start.strip() else "nothing"
        hint = "does --base-url end in /v1?" if html else None
        raise BackendError(
            f"the server answered {what}, not an answer: {redact(start[:_SNIPPET])!r}",
            retryable=True,
            status=200,
            maybe_paid=not html,  # HTML comes from a proxy: the model never saw the request
            hint=hint,
        ) from None
    if not isinstance(body, dict):
        raise _no_answer(f"the server answered {type(body).__name__}, not an object")
    return body, adapted


def _no_answer(message: str) -> BackendError:
    """Returns the error for a 200 without an answer in it: it may have been paid for."""
    return BackendError(message, retryable=True, status=200, maybe_paid=True)


def _text(choice: Mapping[str, Any], request: Request) -> tuple[str | None, bool]:
    """Returns `(text, refused)` of a choice: from its message (chat) or its own text (completions)."""
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
