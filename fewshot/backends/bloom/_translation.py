"""Translates a request into arguments of huggingface_hub's client, and its return values into completions.

TGI: {"inputs": …, "parameters": {"max_new_tokens": 9, "do_sample": false, "stop": ["\\n\\n"], "details": true}}
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

from fewshot.errors import BackendError
from fewshot.records import Completion, FinishReason, Request
from fewshot.servers.failures import Redactor
from fewshot.servers.reading import THOUGHTS, completion_from

_DROPPED = "dropped by the client: the endpoint is no TGI server"  # recorded in `adapted`: must not change


def tgi_arguments(request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the keyword arguments of `text_generation`.

    TGI refuses a temperature of 0; it is asked not to sample instead.

    Raises:
        BackendError: The client does not know an `--extra` parameter.
    """
    samples = bool(body.get("temperature"))
    response_format = body.get("response_format")
    arguments = {
        "prompt": body["prompt"],
        "max_new_tokens": body.get("max_tokens", body.get("max_completion_tokens")),
        "do_sample": samples,
        "temperature": body["temperature"] if samples else None,
        "stop": body.get("stop"),
        "seed": body.get("seed"),
        "grammar": {"type": "json", "value": request.schema} if isinstance(response_format, dict) else None,
        "return_full_text": False,
        "details": True,
    }
    _check_extra(request.extra)
    return {key: value for key, value in arguments.items() if value is not None} | dict(request.extra)


def chat_arguments(request: Request, body: Mapping[str, Any], model: str | None) -> dict[str, Any]:
    """Returns the keyword arguments of `chat_completion`; parameters that it does not know go into the body as is."""
    known = ("messages", "max_tokens", "temperature", "stop", "seed", "response_format")
    arguments = {key: body[key] for key in known if key in body}
    extra = {key: value for key, value in body.items() if key not in known} | dict(request.extra)
    if model is not None:
        extra["model"] = model
    return arguments | ({"extra_body": extra} if extra else {})


def read_generation(
    raw: Any, request: Request, seconds: float, adapted: Mapping[str, Any], redact: Redactor
) -> Completion:
    """Returns the completion in the result of `text_generation`: an object with details, or a bare text."""
    if isinstance(raw, str):
        return completion_from(raw, "stop", request, seconds, {**adapted, "details": _DROPPED}, redact)
    details = getattr(raw, "details", None)
    text = getattr(raw, "generated_text", None)
    if not isinstance(text, str):
        raise BackendError("the server answered without text", retryable=True, status=200, maybe_paid=True)
    finish: FinishReason = "length" if getattr(details, "finish_reason", None) == "length" else "stop"
    prefill = getattr(details, "prefill", None)
    return completion_from(
        text,
        finish,
        request,
        seconds,
        adapted,
        redact,
        prompt_tokens=len(prefill) if prefill else None,
        completion_tokens=getattr(details, "generated_tokens", None),
    )


def read_chat(raw: Any, request: Request, seconds: float, adapted: Mapping[str, Any], redact: Redactor) -> Completion:
    """Returns the completion in the result of `chat_completion`."""
    choices = getattr(raw, "choices", None)
    if not choices:
        raise BackendError("the server answered without a choice", retryable=True, status=200, maybe_paid=True)
    reason, said = choices[0].finish_reason, choices[0].message
    text = said.content
    finish: FinishReason = "length" if reason == "length" else "refused" if reason == "content_filter" else "stop"
    thought = next((value for name in THOUGHTS if isinstance(value := getattr(said, name, None), str)), "")
    if text is None and not thought and finish == "stop":
        raise BackendError("the server answered without text", retryable=True, status=200, maybe_paid=True)
    usage = getattr(raw, "usage", None)
    return completion_from(
        text or "",
        finish,
        request,
        seconds,
        adapted,
        redact,
        prompt_tokens=getattr(usage, "prompt_tokens", None),
        completion_tokens=getattr(usage, "completion_tokens", None),
        thought=thought,
    )


def _check_extra(extra: Mapping[str, Any]) -> None:
    from huggingface_hub import AsyncInferenceClient

    known = signature(AsyncInferenceClient.text_generation).parameters
    for name in extra:
        if name not in known:
            raise BackendError(
                f"--extra {name}: TGI has no such parameter",
                fatal=True,
                hint="use a parameter of text_generation, or --api chat",
            )
