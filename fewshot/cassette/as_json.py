"""Requests and completions as JSON: what a key is made of, and what `responses.jsonl` keeps."""

from __future__ import annotations

from fewshot.errors import NOWHERE, Where
from fewshot.fields import string_at, type_of
from fewshot.records import Completion, Request
from fewshot.schema import Json

_HUGE = 1 << 53
"""Larger counts and times are refused: from 2**53 on a float no longer holds every integer, so that JSON written by
another program may have rounded them."""


def request_to_json(request: Request) -> Json:
    """Returns the identity of a request: its key is the digest of this, and `responses.jsonl` keeps it."""
    row: Json = {
        "backend": request.backend,
        "endpoint": request.endpoint,
        "model": request.model,
        "api": request.api,
    }
    if request.turns is not None:
        row["turns"] = [{"role": turn.role, "content": turn.content} for turn in request.turns]
    else:
        row["prompt"] = request.prompt
    return row | {
        "max_tokens": request.max_tokens,
        "temperature": float(request.temperature),
        "stop": list(request.stop),
        "seed": request.seed,
        "sample": request.sample,
        "schema": request.schema,
        "extra": dict(request.extra),
    }


def completion_to_json(completion: Completion) -> Json:
    """Returns what `responses.jsonl` keeps of an answer (`adapted` is a key of the line itself)."""
    row: Json = {
        "text": completion.text,
        "finish_reason": completion.finish_reason,
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.completion_tokens,
        "seconds": completion.seconds,
    }
    if completion.reasoning_tokens is not None:  # beside a thought only: lines of before keep their bytes
        row["reasoning_tokens"] = completion.reasoning_tokens
    if completion.batch:
        row["batch"] = True
    return row


def completion_from_json(row: object, adapted: object, where: Where = NOWHERE) -> Completion:
    """Returns a recorded answer. The file may be someone else's, so every type is checked.

    Raises:
        DataError: A key is missing or mistyped.
    """
    if not isinstance(row, dict):
        where.fail(f"completion must be an object, not {type_of(row)}")
    if row.get("finish_reason") not in ("stop", "length", "refused", "too_long"):
        where.fail(f"completion.finish_reason is {row.get('finish_reason')!r}")
    for key in ("prompt_tokens", "completion_tokens", "reasoning_tokens"):
        count = row.get(key)
        if (
            isinstance(count, bool)
            or not isinstance(count, int | None)
            or (count is not None and not 0 <= count < _HUGE)
        ):
            where.fail(f"completion.{key} must be a whole number")
    if not is_duration(row.get("seconds", 0)):
        where.fail("completion.seconds must be a number")
    return Completion(
        text=string_at(row, "text", where, "completion"),
        finish_reason=row["finish_reason"],
        prompt_tokens=row.get("prompt_tokens"),
        completion_tokens=row.get("completion_tokens"),
        seconds=float(row.get("seconds", 0)),
        adapted=adapted if isinstance(adapted, dict) else {},
        reasoning_tokens=row.get("reasoning_tokens"),
        batch=row.get("batch") is True,
    )


def is_duration(value: object) -> bool:
    """Returns whether a JSON value can be a number of seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _HUGE
