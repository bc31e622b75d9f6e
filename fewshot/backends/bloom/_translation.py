"""Translates a request into arguments of huggingface_hub's client, and what TGI replies into completions.

TGI: {"inputs": …, "parameters": {"max_new_tokens": 9, "do_sample": false, "stop": ["\\n\\n"], "details": true}}
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

from fewshot.errors import BackendError
from fewshot.records import Completion, Request
from fewshot.servers.limits import rate_limits
from fewshot.servers.reading import completion_from, count, error_in, finish_reason
from fewshot.servers.secrets import Redactor
from fewshot.servers.streams import no_answer, value_of
from fewshot.servers.transport import Reply

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
    known = ("messages", "max_tokens", "temperature", "stop", "seed", "response_format", "stream")
    arguments = {key: body[key] for key in known if key in body and key != "stream"}  # the client says it itself
    extra = {key: value for key, value in body.items() if key not in known} | dict(request.extra)
    if model is not None:
        extra["model"] = model
    return arguments | ({"extra_body": extra} if extra else {})


def read_generation(
    reply: Reply, request: Request, seconds: float, adapted: Mapping[str, Any], redact: Redactor
) -> Completion:
    """Returns the completion in the reply to `text_generation`: an object with details, or a bare text.

    Raises:
        BackendError: Retryable; there is no text, or its reason to end is not one that ends an answer.
    """
    body = _generated(reply.content, redact)
    if body.get("error"):
        raise error_in(body["error"], body, redact)
    text, details = body.get("generated_text"), body.get("details")
    if not isinstance(text, str):
        raise no_answer("the server answered without text")
    if not isinstance(details, dict):
        details, adapted = {}, {**adapted, "details": _DROPPED}
    prefill = details.get("prefill")
    return completion_from(
        text,
        finish_reason(details.get("finish_reason"), redact),
        request,
        seconds,
        adapted,
        redact,
        prompt_tokens=len(prefill) if isinstance(prefill, list) and prefill else None,
        completion_tokens=count(details, "generated_tokens"),
        limits=rate_limits(reply.headers),
    )


def _generated(content: bytes, redact: Redactor) -> Mapping[str, Any]:
    """Returns the object in a reply: `[{…}]` from the route `/`, `{…}` from `/generate`, a text from some servers."""
    value = value_of(content, redact)
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, str):
        return {"generated_text": value}
    if not isinstance(value, dict):
        raise no_answer(f"the server answered {type(value).__name__}, not an object")
    return value


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
