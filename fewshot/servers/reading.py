"""Reads the body of a 200. Servers also send HTML, cut JSON or no choice with a 200: those are retried.

{"choices": [{"message": {"content": "p53 [END] x"}, "finish_reason": "stop"}], "usage": {…}}
with stop ("[END]",) → Completion("p53 ", "stop", adapted={"stop": "cut here"})

Models that reason send their thought in `reasoning_content` or `reasoning` beside the content, as a part of it, or in
the text itself. An empty content beside a thought is an answer (the thought took everything); a stop inside a thought
is not an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fewshot.records import Completion, FinishReason, Limits, Request
from fewshot.servers.failures import AnswerError, ErrorReply, message_of
from fewshot.servers.secrets import Redactor
from fewshot.servers.streams import json_of, no_answer
from fewshot.text.thinking import NONE, Thoughts, thoughts
from fewshot.text.tokens import BYTES_PER_TOKEN, utf8_bytes

STOP_CUT_BY_US = "cut here"
"""`adapted["stop"]` if the server left the stop sequence in its answer. Recorded: the value must not change."""

THOUGHTS = ("reasoning_content", "reasoning")
"""Where servers put a thought beside the content (DeepSeek and SGLang; OpenRouter; vLLM has used both)."""

_HUGE = 1 << 53  # tokens; a float no longer holds every integer from here on, and no answer is that long

_REASONS: Mapping[str, FinishReason] = {
    **dict.fromkeys(
        # OpenAI; TGI; Anthropic; Gemini, Cohere; DashScope (the text "null"); older llama.cpp and Ollama
        ("stop", "tool_calls", "function_call", "eos", "eos_token", "stop_sequence", "end_turn", "tool_use",
         "pause_turn", "complete", "completed", "finished", "null", "none", "done", "end", "stop_token"),
        "stop",
    ),
    **dict.fromkeys(
        # OpenAI; Anthropic, Gemini; TGI; Mistral; Anthropic; vLLM (it stopped a loop)
        ("length", "max_tokens", "max_new_tokens", "max_length", "model_length", "token_limit",
         "model_context_window_exceeded", "repetition"),
        "length",
    ),
    **dict.fromkeys(
        # OpenAI, Azure; Anthropic; Gemini; Bedrock; Zhipu
        ("content_filter", "content_filtered", "refusal", "safety", "recitation", "blocklist", "prohibited_content",
         "spii", "guardrail_intervened", "sensitive"),
        "refused",
    ),
}  # fmt: skip
"""Why an answer ends, in the words of servers. Any other reason (`error`, `abort`, `insufficient_system_resource`) is
a failure."""

_STATUSES: Mapping[str, int] = {
    **dict.fromkeys(("invalid_api_key", "authentication_error", "unauthenticated", "unauthorized"), 401),
    **dict.fromkeys(("insufficient_quota", "payment_required", "insufficient_balance"), 402),
    **dict.fromkeys(("permission_error", "permission_denied", "forbidden"), 403),
    **dict.fromkeys(("model_not_found", "not_found_error", "not_found"), 404),
    **dict.fromkeys(("rate_limit_exceeded", "rate_limit_error", "resource_exhausted", "too_many_requests"), 429),
    **dict.fromkeys(("unsupported_parameter", "unsupported_value", "context_length_exceeded", "content_filter",
                     "invalid_argument"), 400),
    **dict.fromkeys(("overloaded_error", "overloaded", "unavailable", "service_unavailable"), 503),
}  # fmt: skip
"""The status that an error in the body of a 200 has by its code or type: OpenAI's, Anthropic's, Google's."""


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
        AnswerError: The body holds an error, beside the choice or in place of one.
        BackendError: Retryable; the body is not JSON, or has no choice, or its choice has neither text nor a thought,
            or its reason to end is not one that ends an answer.
    """
    body, encoding = json_of(content, redact)
    adapted = {**adapted, **encoding}
    choice = _choice(body, redact)
    text, thought, refused = _text(choice, request)
    finish = finish_reason(choice.get("finish_reason"), redact)
    if refused:
        finish = "refused"
    elif text is None and not thought and finish == "stop":
        raise no_answer("the server answered without text (content is null)")
    usage = _object(body.get("usage"))
    details = _object(usage.get("completion_tokens_details"))
    return completion_from(
        text or "",
        finish,
        request,
        seconds,
        adapted,
        redact,
        prompt_tokens=count(usage, "prompt_tokens"),
        completion_tokens=count(usage, "completion_tokens"),
        reasoning_tokens=count(details, "reasoning_tokens"),
        thought=thought,
        limits=limits,
    )


def finish_reason(reason: object, redact: Redactor) -> FinishReason:
    """Returns why an answer ends.

    >>> finish_reason("MAX_TOKENS", Redactor.of()), finish_reason(None, Redactor.of())
    ('length', 'stop')

    Raises:
        BackendError: Retryable: the answer was not finished, or cannot be told to be.
    """
    if reason is None or reason == "":
        return "stop"
    known = None
    if isinstance(reason, str):
        name = reason.strip().lower().replace("-", "_").removeprefix("finish_reason_")
        known = _REASONS.get(name)
    if known is None:
        shown = redact(reason)[:40] if isinstance(reason, str) else type(reason).__name__
        raise no_answer(f"the server ended its answer for {shown!r}, which is not the end of an answer")
    return known


def _choice(body: Mapping[str, Any], redact: Redactor) -> Mapping[str, Any]:
    """Returns the choice in a body, unless there is an error in its place or beside it."""
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
    error = body.get("error") or (choice or {}).get("error")
    if error:
        raise error_in(error, body, redact)
    if choice is None:
        reason = "" if not isinstance(body.get("detail"), str) else f": {redact(body['detail'])}"
        raise no_answer(f"the server answered without a choice{reason}")
    return choice


def error_in(error: object, body: Mapping[str, Any], redact: Redactor) -> AnswerError:
    """Returns the error for one that stands in the body of a 200, with the status that it has by its own words."""
    inner = _object(error)
    named = (inner.get("code"), inner.get("status"), inner.get("type"), inner.get("http_status"), body.get("status"))
    statuses = (_status(value) for value in named)
    status = next((status for status in statuses if status is not None), 200)
    if isinstance(error, str) and error.startswith("Unexpected endpoint"):  # LM Studio, without /v1
        status = 404
    return AnswerError(f"the server answered with an error: {redact(message_of(error))}", ErrorReply(status, error))


def _status(value: object) -> int | None:
    """Returns an HTTP status that a value is or means; `None` for anything else."""
    if isinstance(value, str):
        text = value.strip().lower()
        if text in _STATUSES:
            return _STATUSES[text]
        value = int(text) if text.isascii() and text.isdigit() and len(text) == len("400") else None
    return value if type(value) is int and 400 <= value <= 599 else None


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
    text = redact.answer(text, _sent(request))
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


def _sent(request: Request) -> str:
    return request.prompt or "\n".join(turn.content for turn in request.turns or ())


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


def count(usage: Mapping[str, Any], key: str) -> int | None:
    """Returns a number of tokens; `None` if it is none, whatever the server sends."""
    value = usage.get(key)
    return value if type(value) is int and 0 <= value < _HUGE else None


def _estimated_tokens(text: str) -> int:
    return utf8_bytes(text) // BYTES_PER_TOKEN
