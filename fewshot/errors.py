"""Every error that the package raises on purpose, as one tree.

    FewshotError                 one clear line on stderr, exit 2
    ├── InputError               a flag, a name or a file from the user cannot be used
    │   ├── DataError            … because of its content: carries path, line and id
    │   ├── UnknownSettingError  … because a keyword of run() or replay() is not a setting (a TypeError too)
    │   └── MissingExtraError    … because `pip install 'fewshot[…]'` is missing
    ├── RunFolderError           a run folder is not what the command needs
    ├── ReplayError              a recording is missing, or differs
    ├── IncompleteError          requests failed for good: exit 3, the same command continues
    │   └── BlockedError         … once a person has mended something (key, model, credit): exit 4
    └── BackendError             one request was not answered (the engine decides what follows)

    KeyboardInterrupt
    └── Terminated               SIGTERM: exit 3, the same command continues

    UserWarning
    └── FewshotWarning           what a run has to say, in Python; the command line prints it

A message says what is wrong and where; a hint says what to do next:

>>> print(DataError("span ends after the text", path="gold.jsonl", line=7, id="fig-3"))
gold.jsonl:7 (id fig-3): span ends after the text
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from fewshot.records import Limits


_LONGEST_ID = 120
"""Characters of an id in a message: it may be a whole text."""


class FewshotError(Exception):
    """The root of the tree. `hint` says what to do; it is printed after the message."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InputError(FewshotError):
    """A flag, a name or a file from the user cannot be used."""


class DataError(InputError):
    """A file holds something that cannot be used; names the file, the line (from 1) and the id."""

    def __init__(
        self,
        message: str,
        *,
        path: str | os.PathLike[str] | None = None,
        line: int | None = None,
        id: str | None = None,
        hint: str | None = None,
    ) -> None:
        location = "" if path is None else str(path)
        if line is not None:
            location += f":{line}" if location else f"line {line}"
        if id is not None:
            shown = id if len(id) <= _LONGEST_ID else f"{id[: _LONGEST_ID - 1]}…"
            location += f" (id {shown})" if location else f"id {shown}"
        super().__init__(f"{location}: {message}" if location else message, hint=hint)
        self.reason = message  # without the place
        self.path = path
        self.line = line
        self.id = id


class UnknownSettingError(InputError, TypeError):
    """A keyword that is not a setting.

    >>> print(UnknownSettingError("run", "shotz", ["shots", "split"]))
    run() has no setting 'shotz'; did you mean 'shots'?
    """

    def __init__(self, caller: str, name: str, known: Sequence[str]) -> None:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"settings are {', '.join(known)}"
        super().__init__(f"{caller}() has no setting {name!r}", hint=hint)


class Where(NamedTuple):
    """A location in a file, for error messages."""

    path: str | os.PathLike[str] | None = None
    line: int | None = None
    id: str | None = None

    def fail(self, message: str, *, hint: str | None = None) -> NoReturn:
        """Raises a `DataError` that names this location."""
        raise DataError(message, path=self.path, line=self.line, id=self.id, hint=hint)


NOWHERE = Where()
"""For values that come from no file."""


class MissingExtraError(InputError):
    """An optional part of the package is needed and not installed; the hint says how to install it."""

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(f"{what} is not installed", hint=f"pip install 'fewshot[{extra}]'")
        self.extra = extra


class RunFolderError(FewshotError):
    """A run folder is missing, damaged, in use, or was made with other settings."""


class ReplayError(FewshotError):
    """A strict replay misses a recording, or comes to another result than the recorded one."""


class IncompleteError(FewshotError):
    """The run stopped before every request was answered; the same command continues it."""

    exit_code = 3


class BlockedError(IncompleteError):
    """The run stopped, and no command continues it before a person mends something: the key, the name of the model,
    the address, the credit of the account."""

    exit_code = 4


class FewshotWarning(UserWarning):
    """What a run has to say that is no error: what it decided, left out or doubts."""


class Terminated(KeyboardInterrupt):
    """SIGTERM ended the run, as Ctrl-C does."""


NEEDS_A_PERSON = frozenset({401, 402, 403, 404})
"""HTTP statuses that no retry changes: wrong key, no credit, not allowed, no such model or route."""


class BackendError(FewshotError):
    """One request was not answered.

    Attributes:
        retryable: The same request may succeed later.
        fatal: No other request can succeed either (wrong key, unknown model, no credit): the run should stop. So is
            every error with a status of `NEEDS_A_PERSON` that is not retryable.
        retry_after: Seconds to wait, at least 0, if the server says so; what is not a number says nothing.
        status: The HTTP status; `None` if there was none.
        maybe_paid: The request was sent and its answer got lost (time-out, cut body): it may have been paid for.
        limits: The server's rate limits, if its headers state them.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        fatal: bool = False,
        retry_after: float | None = None,
        status: int | None = None,
        maybe_paid: bool = False,
        limits: Limits | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable
        self.fatal = fatal or (status in NEEDS_A_PERSON and not retryable)
        self.exit_code = BlockedError.exit_code if self.fatal else IncompleteError.exit_code
        self.retry_after = None if retry_after is None or isnan(retry_after) else max(0.0, retry_after)
        self.status = status
        self.maybe_paid = maybe_paid
        self.limits = limits
