"""Everything that can go wrong on purpose, as one tree.

    FewshotError                 one clear line on stderr, exit 2
    ├── InputError               a flag, a name or a file that the user gave
    │   ├── DataError            … inside a file: carries path, line and id
    │   ├── UnknownSettingError  a keyword of run() or replay() that is not a setting (a TypeError too)
    │   └── MissingExtraError    a part that `pip install 'fewshot[…]'` brings
    ├── RunFolderError           a run folder that is not what the command needs
    ├── ReplayError              a recording that is missing, or that differs
    ├── IncompleteError          requests failed for good: exit 3, the same command continues
    └── BackendError             one request was not answered (the engine decides what follows)

An error says what was wrong, where, and what to do next:

>>> print(DataError("span ends after the text", path="gold.jsonl", line=7, id="fig-3"))
gold.jsonl:7 (id fig-3): span ends after the text
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from pathlib import Path

    from fewshot.records import Limits


class FewshotError(Exception):
    """Root of the tree. `hint` says what to do; it is printed after the message."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InputError(FewshotError):
    """What the user gave cannot be used."""


class DataError(InputError):
    """A file holds something that cannot be read; says which file, line (from 1) and id."""

    def __init__(
        self,
        message: str,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        id: str | None = None,
        hint: str | None = None,
    ) -> None:
        place = "" if path is None else str(path)
        if line is not None:
            place += f":{line}" if place else f"line {line}"
        if id is not None:
            place += f" (id {id})" if place else f"id {id}"
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
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


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file, for error messages."""

    path: str | Path | None = None
    line: int | None = None
    id: str | None = None

    def fail(self, message: str, *, hint: str | None = None) -> NoReturn:
        """Raises the `DataError` of this place."""
        raise DataError(message, path=self.path, line=self.line, id=self.id, hint=hint)


NOWHERE = Where()


class MissingExtraError(InputError):
    """A command needs an optional part of the package."""

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(f"{what} is not installed", hint=f"pip install 'fewshot[{extra}]'")
        self.extra = extra


class RunFolderError(FewshotError):
    """A run folder is missing, broken, in use, or made with other settings."""


class ReplayError(FewshotError):
    """A strict replay found no recording for a request, or another result than the recorded one."""


class IncompleteError(FewshotError):
    """The run stopped before every request was answered; the same command continues it."""

    exit_code = 3


class BackendError(FewshotError):
    """One request was not answered.

    `retryable`: the same request may succeed later (`retry_after` seconds, where the server said so).
    `fatal`: no other request can succeed either (wrong key, unknown model): the run should stop.
    `maybe_paid`: it was sent and its answer got lost (time-out, cut body), so that it may have been paid for.
    `limits`: what the server said of its rate limits beside the refusal.
    """

    exit_code = 3

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
        self.fatal = fatal
        self.retry_after = retry_after
        self.status = status
        self.maybe_paid = maybe_paid
        self.limits = limits
