"""Reads the body of a 200. Servers also send HTML, cut JSON or no choice with a 200: those are retried.

{"choices": [{"message": {"content": "p53 [END] x"}, "finish_reason": "stop"}], "usage": {…}}
with stop ("[END]",) → Completion("p53 ", "stop", adapted={"stop": "cut here"})

Models that reason send their thought in `reasoning_content` or `reasoning` beside the content, as a part of it, or in
the text itself. An empty content beside a thought is an answer (the thought took everything); a stop inside a thought
is not an end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fewshot.errors import BackendError
from fewshot.records import Completion, FinishReason, Limits, Request
from fewshot.servers.failures import Redactor, message_of
from fewshot.text.thinking import NONE, Thoughts, thoughts
from fewshot.text.tokens import BYTES_PER_TOKEN, utf8_bytes

STOP_CUT_BY_US = "cut here"
"""`adapted["stop"]` if the server left the stop sequence in its answer. Recorded: the value must not change."""

THOUGHTS = ("reasoning_content", "reasoning")
"""Where servers put a thought beside the content (DeepSeek and SGLang; OpenRouter; vLLM has used both)."""

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
        BackendError: Retryable; the body is not JSON, or has no choice, or its choice has neither text nor a thought.
    """
    body, encoding = _json(content, redact)
    adapted = {**adapted, **encoding}
    choices = body.get("choices")
    if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
        reason = f": {redact(message_of(body['error']))}" if body.get("error") else ""
        raise _no_answer(f"the server answered without a choice{reason}")
    choice = choices[0]
    text, thought, refused = _text(choice, request)
    # Other reasons ("tool_calls", "abort", vendors' own) count as "stop": what matters is whether the answer is whole.
    finish: FinishReason = "length" if choice.get("finish_reason") == "length" else "stop"
    if refused or choice.get("finish_reason") == "content_filter":
        finish = "refused"
    elif text is None and not thought and finish == "stop":
        raise _no_answer("the server answered without text (content is null)")
    usage = _object(body.get("usage"))
    details = _object(usage.get("completion_tokens_details"))
    return completion_from(
        text or "",
        finish,
        request,
        seconds,
        adapted,
        redact,
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        reasoning_tokens=_count(details, "reasoning_tokens"),
        thought=thought,
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
    reasoning_tokens: int | None = None,
    thought: str = "",
    limits: Limits | None = None,
) -> Completion:
    """Returns a completion of `text`, without secrets, cut at a stop sequence that the server left in it.

    `thought`: what came beside the text; its tokens are counted by its share of the characters if the server does not
    count them.
    """
    text = redact.without_secrets(text, least=_SECRET_IN_ANSWER)
    inside = thoughts(text, request.query.text, request.scheme.labels)
    kept = before_stop(text, request.stop, inside)
    if kept != text:
        adapted = {"stop": STOP_CUT_BY_US} | dict(adapted)
        finish = "stop" if finish == "length" else finish  # what ran into the limit came after the stop sequence
    thinking = len(thought) + sum(end - start for start, end in inside.extents)
    if thinking and not reasoning_tokens:
        total = completion_tokens or _estimated_tokens(thought + text)
        reasoning_tokens = max(1, round(total * thinking / len(thought + text)))
    return Completion(
        text=kept,
        finish_reason=finish,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        seconds=seconds,
        adapted=dict(adapted),
        limits=limits,
        reasoning_tokens=reasoning_tokens or None,
    )


def before_stop(text: str, stop: tuple[str, ...], inside: Thoughts = NONE) -> str:
    """Returns the text before the first stop sequence that is not inside a thought.

    >>> before_stop("a [END] b", ("###", "[END]"))
    'a '
    >>> before_stop("<think>a\\n\\nb</think>p53\\n\\nc", ("\\n\\n",), Thoughts(((0, 19),)))
    '<think>a\\n\\nb</think>p53'
    """
    return text[: min((_find(text, s, inside) for s in stop if s), default=len(text))]


def _find(text: str, stop: str, inside: Thoughts) -> int:
    """Where a stop stands outside of thoughts; the end of the text if nowhere."""
    at = text.find(stop)
    while at >= 0:
        end = inside.covers(at)
        if end is None:
            return at
        at = text.find(stop, end)
    return len(text)


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


def _text(choice: Mapping[str, Any], request: Request) -> tuple[str | None, str, bool]:
    """Returns `(text, thought, refused)` of a choice: from its message (chat) or its own text (completions)."""
    if request.api == "completions":
        said, refusal = choice, None
        text, parts = _joined(choice.get("text"))
    else:
        message = choice.get("message")
        said = message if isinstance(message, dict) else {}
        text, parts = _joined(said.get("content"))
        refusal = said.get("refusal")
    beside = next((value for name in THOUGHTS if isinstance(value := said.get(name), str) and value), "")
    return text, parts or beside, bool(refusal)


def _joined(content: object) -> tuple[str | None, str]:
    """Returns `(text, thought)` of a content: a string, or (Mistral's and others') a list of parts."""
    if isinstance(content, str):
        return content, ""
    if not isinstance(content, list):
        return None, ""
    parts = [part for part in content if isinstance(part, dict)]
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    thought = [_joined(part.get("thinking"))[0] or "" for part in parts if part.get("type") == "thinking"]
    return ("".join(texts) if texts else None), "".join(thought)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(usage: Mapping[str, Any], key: str) -> int | None:
    value = usage.get(key)
    return value if type(value) is int and 0 <= value < _HUGE else None


def _estimated_tokens(text: str) -> int:
    return utf8_bytes(text) // BYTES_PER_TOKEN
