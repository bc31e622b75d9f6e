"""Files of requests and of answers, one JSON object a line, as the Batch endpoint and `vllm run-batch` take and write
them.

    {"custom_id": "3f…", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m", "messages": […]}}
    {"custom_id": "3f…", "response": {"status_code": 200, "body": {…}}, "error": null}

`custom_id` is the key of the request: an answer finds its place in any order, in any file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot.backends import Batched
from fewshot.errors import RunFolderError
from fewshot.files import whole
from fewshot.records import Request
from fewshot.servers.adapting import Terms

MOST_LINES, MOST_BYTES = 50_000, 200_000_000
"""What one file may have at OpenAI: requests, and bytes (200 MB, read as the smaller of its two meanings)."""

MOST_LINE_BYTES = 64 << 20
"""The most that a line of a downloaded file may have: what any other reply may have."""

_KEY_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file of answers. `status`: of the request, `None` if it was not run; `code`, `message`: why not."""

    key: str
    status: int | None
    content: bytes = b""
    code: str = ""
    message: str = ""


def line_of(key: str, request: Request, backend: Batched, terms: Terms) -> bytes:
    """Returns the line of a request, with its line end. ASCII, since JSON may hold half of a surrogate pair."""
    row = {
        "custom_id": key,
        "method": "POST",
        "url": backend.batch_route(request),
        "body": backend.batch_body(request, terms),
    }
    return json.dumps(row).encode() + b"\n"


def write(path: Path, lines: Iterable[bytes]) -> int:
    """Writes as many lines as one file may have; returns how many. The others are not drawn, except for one.

    Raises:
        RunFolderError: it cannot be written.
    """
    written = size = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as partial, partial.open("wb") as file:
            for line in lines:
                if written == MOST_LINES or (written and size + len(line) > MOST_BYTES):
                    break
                file.write(line)
                written, size = written + 1, size + len(line)
    except OSError as error:
        raise RunFolderError(f"cannot write {path}: {error.strerror}") from None
    return written


def keys(path: Path) -> list[str]:
    """Returns the keys of a file of requests.

    Raises:
        RunFolderError: it cannot be read, or is not one of ours.
    """
    try:
        with path.open("rb") as file:
            return [json.loads(line)["custom_id"] for line in file]
    except OSError as error:
        raise RunFolderError(
            f"cannot read {path}: {error.strerror}", hint="its batch cannot be told from others; put the file back"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RunFolderError(f"{path} is not a file of requests") from None


def answers(path: Path) -> Iterator[Line | None]:
    """Yields the lines of a file of answers; `None` for each that cannot be read."""
    with path.open("rb") as file:
        while raw := file.readline(MOST_LINE_BYTES):
            if raw.strip():
                yield _line(raw)


def _line(raw: bytes) -> Line | None:
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    key = row.get("custom_id") if isinstance(row, dict) else None
    if not isinstance(key, str):
        return None
    response, error = _object(row.get("response")), _object(row.get("error"))
    status, body = response.get("status_code"), response.get("body")
    if type(status) is int and 100 <= status < 600 and body is not None:
        return Line(key, status, json.dumps(body).encode())
    return Line(key, None, code=str(error.get("code") or ""), message=str(error.get("message") or ""))


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
