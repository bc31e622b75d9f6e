"""The JSON in the body of a 200: an object, or a stream of events joined to the object that they amount to.

    data: {"choices": [{"delta": {"content": "p5"}}]}
    data: {"choices": [{"delta": {"content": "3"}, "finish_reason": "stop"}]}      {"choices": [{"message":
    data: [DONE]                                                               →     {"content": "p53"}, …}]}

We ask for no stream. Some gateways stream all the same, or end an ordinary answer with `data: [DONE]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fewshot.errors import BackendError
from fewshot.servers.secrets import Redactor

_DONE = "[DONE]"
_FIELDS = ("data:", "event:", "id:", "retry:", ":")  # of the event stream format; ":" begins a comment
_TEXTS = ("content", "reasoning_content", "reasoning", "refusal", "text")
_SNIPPET = 80  # characters of an unreadable body that an error message shows
_LOOKED_AT = 20_000  # characters of it that are redacted for that: far more than 80, and no 64 MB


def json_of(content: bytes, redact: Redactor) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Returns the object in a body, and what is recorded in `adapted` about reading it.

    Raises:
        BackendError: Retryable; there is no object, or a stream that ends before the answer does.
    """
    text, adapted = _text(content)
    body = _parsed(text, redact)
    if not isinstance(body, dict):
        raise no_answer(f"the server answered {type(body).__name__}, not an object")
    return body, adapted


def value_of(content: bytes, redact: Redactor) -> object:
    """Returns the JSON value in a body.

    Raises:
        BackendError: Retryable; there is none.
    """
    return _parsed(_text(content)[0], redact)


def _text(content: bytes) -> tuple[str, Mapping[str, str]]:
    try:
        return content.decode("utf-8-sig"), {}
    except UnicodeDecodeError:  # JSON must be UTF-8 (RFC 8259), but some servers send UTF-16 or Latin-1
        pass
    try:
        return content.decode(json.detect_encoding(content)), {}
    except UnicodeDecodeError:
        return content.decode("latin-1"), {"encoding": "latin-1"}


def _parsed(text: str, redact: Redactor) -> object:
    try:
        return _stream(text, redact) if text.lstrip().startswith(_FIELDS) else _value(text)
    except (ValueError, RecursionError):
        raise _unreadable(text, redact) from None


def no_answer(message: str) -> BackendError:
    """Returns the error for a 200 without an answer in it: it may have been paid for."""
    return BackendError(message, retryable=True, status=200, maybe_paid=True)


def _unreadable(text: str, redact: Redactor) -> BackendError:
    html = text.lstrip().startswith("<")
    what = "HTML" if html else "broken JSON" if text.strip() else "nothing"
    return BackendError(
        f"the server answered {what}, not an answer: {_start(text, redact)!r}",
        retryable=True,
        status=200,
        maybe_paid=not html,  # HTML comes from a proxy: the model never saw the request
        hint="does --base-url end in /v1?" if html else None,
    )


def _start(text: str, redact: Redactor) -> str:
    """Returns what a body begins with: on one line, redacted, and only then cut."""
    return redact(" ".join(text.split())[:_LOOKED_AT])[:_SNIPPET]


def _value(text: str) -> object:
    """Returns the JSON value in a text, which nothing but the end of a stream may follow."""
    start = len(text) - len(text.lstrip())
    value, end = json.JSONDecoder().raw_decode(text, start)
    if text[end:].replace("data:", "", 1).strip() not in {"", _DONE}:
        raise ValueError("something follows the answer")
    return value


@dataclass(slots=True)
class _Joined:
    """A stream, as far as it is read."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    finish: object = None
    beside: dict[str, Any] = field(default_factory=dict)  # usage, errors, …
    error: object = None  # of the choice
    choices: int = 0

    def add(self, event: Mapping[str, Any]) -> None:
        """Adds an event."""
        self.beside |= {key: value for key, value in event.items() if key != "choices" and value is not None}
        choices = event.get("choices")
        if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
            return
        choice: dict[str, Any] = choices[0]
        self.choices += 1
        self.finish = choice.get("finish_reason") or self.finish
        self.error = choice.get("error") or self.error
        part = next((p for p in (choice.get("delta"), choice.get("message")) if isinstance(p, dict)), choice)
        for name in _TEXTS:
            value = part.get(name)
            if isinstance(value, list):
                value = "".join(p["text"] for p in value if isinstance(p, dict) and isinstance(p.get("text"), str))
            if isinstance(value, str):
                self.texts.setdefault(name, []).append(value)

    def body(self) -> dict[str, Any]:
        """Returns the object that an answer without a stream would have been."""
        if not self.choices:
            return self.beside
        message = {name: "".join(parts) for name, parts in self.texts.items()}
        choice = {"message": message, "text": message.get("text"), "finish_reason": self.finish, "error": self.error}
        return {**self.beside, "choices": [choice]}


def _stream(text: str, redact: Redactor) -> dict[str, Any]:
    joined, done = _Joined(), False
    for data in _data(text):
        if data == _DONE:
            done = True
            break
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            raise no_answer(f"the server's stream holds broken JSON: {_start(data, redact)!r}") from None
        if isinstance(event, dict):
            joined.add(event)
    if not (done or joined.finish or joined.error or joined.beside.get("error")):
        raise no_answer("the server's stream ends before the answer does")
    return joined.body()


_LINE_END = re.compile(r"\r\n|\n|\r")  # not `splitlines`: JSON may hold U+2028 as it is


def _data(text: str) -> Iterator[str]:
    """Yields the data of each event: its `data:` lines. Events end at an empty line, which some servers leave out:
    a line that begins a new object begins a new event."""
    lines: list[str] = []
    for line in (*_LINE_END.split(text), ""):
        if line.startswith("data:"):
            data = line.removeprefix("data:").strip()
            if lines and (data == _DONE or data.startswith('{"')):
                yield "\n".join(lines)
                lines = []
            lines.append(data)
        elif not line.strip() and lines:
            yield "\n".join(lines)
            lines = []
