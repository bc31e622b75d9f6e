"""A fence around what answers: whatever goes wrong in a backend is a failed request, never the end of the run.

    async with guarded("gpt3"):
        completion = checked(await backend.answer(request))   # TypeError → BackendError("gpt3 failed on this …")

Servers and plugins may do anything. A backend turns what it knows into a `BackendError`; everything else is caught
here, and so is an answer that the cassette would write and then refuse to read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb

from fewshot.cassette.as_json import completion_from_json, completion_to_json
from fewshot.errors import BackendError
from fewshot.records import Completion

_LONGEST_REASON = 120
"""Characters of an unknown exception that are shown: messages quote no more (docs/security.md)."""

_SHORTEST_SECRET = 5
"""Characters: shorter values ("none", "true") are parts of ordinary words."""

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|HEADERS|PROXY", re.IGNORECASE)
"""Names of environment variables whose values may be secrets."""


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Turns every exception of the block that is not a `BackendError` into one. `name`: of the backend.

    Raises:
        BackendError: What the block raised, or its translation: not retryable, since a bug comes again, and perhaps
            paid, since the answer may have been there.
    """
    try:
        yield
    except BackendError:
        raise
    except Exception as error:
        raise BackendError(f"backend {name} failed on this request: {_reason(error)}", maybe_paid=True) from error


def checked(completion: object) -> Completion:
    """Returns an answer that can be recorded and read again.

    Raises:
        TypeError: It is not a `Completion`.
        DataError: One of its values could not be read back: a negative count, a number in place of a text.
    """
    if not isinstance(completion, Completion):
        raise TypeError(f"the answer is a {type(completion).__name__}, not a Completion")
    completion_from_json(completion_to_json(completion), completion.adapted)
    return completion


def _reason(error: Exception) -> str:
    """The kind of an exception, its message without secrets, and the line that raised it."""
    frames = extract_tb(error.__traceback__)
    line = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    message = " ".join(_without_secrets(str(error)).split())
    if len(message) > _LONGEST_REASON:
        message = f"{message[: _LONGEST_REASON - 1]}…"
    return f"{type(error).__name__}{f': {message}' if message else ''}{line}"


def _without_secrets(text: str) -> str:
    """A text without the values of environment variables that are named like secrets, in plain or as `repr` shows
    them. What only a backend knows (a password in its URL) it has to keep out of its exceptions itself."""
    values = {value for name, value in os.environ.items() if _SECRET_NAME.search(name)}
    parts = {part for value in values for part in (value, *value.split(), repr(value)[1:-1])}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORTEST_SECRET:
            text = text.replace(part, "***")
    return text
