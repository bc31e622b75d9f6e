"""From the files of a batch to lines of the cassette: in any order, and whatever else stands in them.

found = harvested([Path("part.output"), Path("part.errors")], requests, backend, part, cassette, earlier)
found.answered, found.failed         # the other requests of the part are sent again
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fewshot.backends import Batched
from fewshot.cassette import Cassette
from fewshot.engine.batch.lines import Line, answers
from fewshot.engine.batch.state import Part
from fewshot.engine.guard import checked, guarded
from fewshot.errors import BackendError
from fewshot.records import Completion, Request
from fewshot.servers.exchange import AgainError


@dataclass(slots=True)
class Harvest:
    """What the files of a part hold.

    Attributes:
        answered: New answers by key; they are recorded.
        failed: Why a request failed for good, by key.
        earlier: Answers that were lost to their thought.
        roomless: Keys that fit only without room for a thought.
        recorded: Keys that were answered before.
        unreadable: Lines that are no lines of a file of answers.
        unknown: Lines under a key that was not asked.
        twice: Lines under a key that has an answer already.
        expired: Requests that the server did not come to.
        fatal: An error that no other request can escape (no credit).
    """

    answered: dict[str, Completion] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, Completion] = field(default_factory=dict)
    roomless: set[str] = field(default_factory=set)
    recorded: set[str] = field(default_factory=set)
    unreadable: int = 0
    unknown: int = 0
    twice: int = 0
    expired: int = 0
    fatal: BackendError | None = None

    @property
    def ended(self) -> set[str]:
        """The keys that are not sent again."""
        return self.answered.keys() | self.failed.keys() | self.recorded

    def remarks(self, part: Part, *, gone: int = 0) -> list[str]:
        """Says what was not as it should be, a line each. `gone`: files that the server no longer had."""
        answers_found = len(self.answered) + len(self.recorded)
        lines = []
        if gone:
            lines.append("its file of answers is gone: what it held is sent again, and paid twice")
        elif answers_found < part.completed - len(self.earlier):
            lines.append(f"it counts {part.completed} answers and holds {answers_found}: the others are sent again")
        for count, what in (
            (self.expired, "were not run in time"),
            (self.unreadable, "lines cannot be read"),
            (self.unknown, "lines answer what was not asked"),
            (self.twice, "lines answer again what is answered"),
        ):
            if count:
                lines.append(f"{count} {what}")
        return [f"batch {part.batch}: {line}" for line in lines]


def harvested(
    paths: Iterable[Path],
    requests: Mapping[str, Request],
    backend: Batched,
    part: Part,
    cassette: Cassette,
    earlier: Mapping[str, Completion],
) -> Harvest:
    """Reads files of answers; records each answer as it is read. `requests`: those of the part, by key.

    Raises:
        RunFolderError: An answer cannot be recorded.
    """
    found = Harvest()
    for path in paths:
        for line in answers(path):
            if line is None:
                found.unreadable += 1
            elif line.key not in requests:
                found.unknown += 1
            elif line.key in found.ended:
                found.twice += line.key not in found.recorded
            elif line.key in cassette:
                found.recorded.add(line.key)
            else:
                _take(found, line, requests[line.key], backend, part, cassette, earlier)
    return found


def _take(
    found: Harvest,
    line: Line,
    request: Request,
    backend: Batched,
    part: Part,
    cassette: Cassette,
    earlier: Mapping[str, Completion],
) -> None:
    """One line that belongs to one request."""
    if line.status is None:
        found.expired += line.code in {"batch_expired", "batch_cancelled"}
        return
    try:
        with guarded(backend.name):
            completion = checked(
                backend.read_batched(request, line.status, line.content, part.terms, earlier.get(line.key))
            )
    except AgainError as error:
        if error.earlier is not None:
            found.earlier[line.key] = error.earlier
        if error.without_room:
            found.roomless.add(line.key)
    except BackendError as error:
        found.fatal = found.fatal or (error if error.fatal else None)
        if not error.retryable and not error.fatal:
            found.failed[line.key] = str(error)
    else:
        cassette.append(request, completion, [demo.id for demo in request.demonstrations], key=line.key)
        found.answered[line.key] = completion
