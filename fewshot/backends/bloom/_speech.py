"""A request in the client's words, and its answers in ours.

TGI: {"inputs": …, "parameters": {"max_new_tokens": 9, "do_sample": false, "stop": ["\\n\\n"], "details": true}}
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

from fewshot.errors import BackendError
from fewshot.records import Completion, FinishReason, Request
from fewshot.servers.failures import Redactor
from fewshot.servers.reading import THOUGHTS, answered

_LEFT_OUT = "dropped by the client: the endpoint is no TGI server"


def tgi_arguments(request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of `text_generation`. TGI takes no temperature of 0: it is asked not to sample.

    Raises:
        BackendError: an `--extra` that the client does not know.
    """
    warm = bool(body.get("temperature"))
    form = body.get("response_format")
    said = {
        "prompt": body["prompt"],
        "max_new_tokens": body.get("max_tokens", body.get("max_completion_tokens")),
        "do_sample": warm,
        "temperature": body["temperature"] if warm else None,
        "stop": body.get("stop"),
        "seed": body.get("seed"),
        "grammar": {"type": "json", "value": request.schema} if isinstance(form, dict) else None,
        "return_full_text": False,
        "details": True,
    }
    _check_extra(request.extra)
    return {key: value for key, value in said.items() if value is not None} | dict(request.extra)


def chat_arguments(request: Request, body: Mapping[str, Any], model: str | None) -> dict[str, Any]:
    """The keywords of `chat_completion`; what it does not know goes into the body as it is."""
    ours = ("messages", "max_tokens", "temperature", "stop", "seed", "response_format")
    said = {key: body[key] for key in ours if key in body}
    extra = {key: value for key, value in body.items() if key not in ours} | dict(request.extra)
    if model is not None:
        extra["model"] = model
    return said | ({"extra_body": extra} if extra else {})


def generated(raw: Any, request: Request, seconds: float, adapted: Mapping[str, Any], redact: Redactor) -> Completion:
    """The completion in what `text_generation` gives back: an object with details, or bare text."""
    if isinstance(raw, str):
        return answered(raw, "stop", request, seconds, {**adapted, "details": _LEFT_OUT}, redact)
    details = getattr(raw, "details", None)
    text = getattr(raw, "generated_text", None)
    if not isinstance(text, str):
        raise BackendError("the server answered without text", retryable=True, status=200, maybe_paid=True)
    finish: FinishReason = "length" if getattr(details, "finish_reason", None) == "length" else "stop"
    prefill = getattr(details, "prefill", None)
    return answered(
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
    """The completion in what `chat_completion` gives back."""
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
    return answered(
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
                f"--extra {name}: TGI has no such parameter", fatal=True, hint="those of text_generation, or --api chat"
            )
