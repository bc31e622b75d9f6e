"""Where parts are handed in and collected: every word with the Batch endpoint.

await desk.recover()                    # what was handed in while nobody could write it down
desk.write(requests, terms); await desk.submit()
ended = await desk.look()
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from fewshot.backends import Batched
from fewshot.engine.batch import lines
from fewshot.engine.batch.state import QUEUED, REFUSED, WRITTEN, Part, State
from fewshot.engine.job import Batching, Job
from fewshot.errors import BackendError, RunFolderError
from fewshot.records import Request
from fewshot.servers.adapting import Terms
from fewshot.servers.batches import Batch, Batches, is_queue_full

_T = TypeVar("_T")


class Keep(Protocol):
    """Calls the server until it answers."""

    def __call__(self, call: Callable[[], Awaitable[_T]]) -> Awaitable[_T]: ...


_MOST_ALONE = 3
"""Times that a part is refused for the queue's limit with nothing of ours in the queue, before it is halved: it may be
others of the account who fill the queue, or the part may be larger than the limit."""


class Desk:
    """The parts of one run at one server. `keep`: calls the server until it answers."""

    def __init__(self, batching: Batching, state: State, job: Job, keep: Keep) -> None:
        backend: object = job.backend
        if not isinstance(backend, Batched):
            raise TypeError("the backend of this job has no batches")
        self._state, self._keep, self._batching = state, keep, batching
        self.backend: Batched = backend
        self._batches: Batches = backend.batches()
        self._alone = 0  # refusals for the queue's limit while nothing of ours was in it
        self.reasons: dict[str, str] = {}
        self.gone: dict[str, int] = {}
        self._seen: dict[str, Batch] = {}

    @property
    def is_queueing(self) -> bool:
        """Whether a part waits for the limit of queued tokens, so that no other is written."""
        return any(part.status == QUEUED for part in self._state.open)

    def keys_of(self, part: Part) -> list[str]:
        """Returns the keys of a part."""
        return lines.keys(self._state.lines(part))

    def keys(self) -> Iterator[str]:
        """Yields the keys of all parts that are open."""
        for part in self._state.open:
            yield from self.keys_of(part)

    def write(self, requests: Mapping[str, Request], terms: Terms) -> None:
        """Writes requests into as many parts as the limits of a file make of them."""
        rest = list(requests)
        while rest:
            name = self._state.new_name()
            route = self.backend.batch_route(requests[rest[0]])
            part = Part(name, 0, route, dict(terms.changes), terms.room)
            rows = (lines.line_of(key, requests[key], self.backend, terms) for key in rest)
            count = lines.write(self._state.lines(part), rows)
            self._state.put(part, requests=count)
            rest = rest[count:]

    async def recover(self) -> None:
        """Looks up what an earlier command may have handed in without hearing of it. What it had only written, and
        never named to the server, is handed in by `submit`."""
        for part in self._state.open:
            if part.status == WRITTEN and part.file is None:
                file = await self._keep(partial(self._batches.find_file, self._file_name(part)))
                self._state.put(part, file=file)
        for part in self._state.open:
            if part.status == WRITTEN and part.file is not None:
                await self._adopt(part)

    async def _adopt(self, part: Part) -> bool:
        """Takes the batch of a part that is there already; returns whether there is one."""
        found = await self._keep(partial(self._batches.find, part.name, part.file or ""))
        if found is None or found.status == "failed":  # a batch that failed costs nothing and is created anew
            return False
        self._note(part, found)
        return True

    async def submit(self) -> None:
        """Hands in what is written, one after the other, until the queue is full."""
        if self._batching.wait:
            for part in [part for part in self._state.open if part.batch is None]:
                if not await self._hand_in(part):
                    return

    async def _hand_in(self, part: Part) -> bool:
        if part.file is None:
            part = self._state.put(part, file=await self._uploaded(part))
        queue_full = ""

        async def create() -> Batch | None:
            nonlocal queue_full
            try:
                return await self._batches.create(str(part.file), part.route, {"fewshot": part.name})
            except BackendError as error:
                if is_queue_full(str(error)):
                    queue_full = str(error)
                    return None
                # Its reply got lost, and the batch may be there: another one would be paid as well.
                if error.retryable and error.status != 429 and await self._adopt(part):
                    return self._seen[part.name]
                raise

        batch = await self._keep(create)
        if batch is None:
            self._full(part, queue_full)
            return False
        self._note(part, batch)
        return True

    async def _uploaded(self, part: Part) -> str:
        path, name = self._state.lines(part), self._file_name(part)
        try:
            return await self._keep(partial(self._batches.upload, path, name))
        except BackendError as error:
            if error.status not in {404, 405, 501}:
                raise
            hint = "leave --batch out, or see `fewshot batch export`"
            raise BackendError(f"{error.message}: it has no Batch endpoint", fatal=True, hint=hint) from None

    async def look(self) -> list[Part]:
        """Asks how the open batches are; returns the parts whose batches have ended. One whose batch failed because
        the queue was full waits instead."""
        ended = []
        for part in [part for part in self._state.open if part.batch is not None]:
            batch = await self._keep(partial(self._batches.retrieve, str(part.batch)))
            if batch.queue_full:
                self._full(part, batch.reason)
                continue
            part = self._note(part, batch)  # noqa: PLW2901
            self._alone = 0
            if batch.ended:
                ended.append(part)
        return ended

    def _full(self, part: Part, reason: str) -> None:
        """The limit of queued tokens is reached: the part waits for those before it; alone, it is halved in the end.

        Raises:
            BackendError: It is a single request, and does not fit.
        """
        self.reasons[part.name] = reason
        part = self._state.put(part, batch=None, status=QUEUED)
        if any(other.batch for other in self._state.open):
            return
        self._alone += 1
        if self._alone < _MOST_ALONE:
            return
        self._alone = 0
        if part.requests == 1:
            raise BackendError(f"the limit of queued tokens does not admit a single request: {reason}")
        self._halve(part)

    def _halve(self, part: Part) -> None:
        with_ends = self._state.lines(part).read_bytes().splitlines(keepends=True)
        middle = len(with_ends) // 2
        for half in (with_ends[:middle], with_ends[middle:]):
            new = Part(self._state.new_name(), 0, part.route, part.changes, part.room, status=QUEUED)
            count = lines.write(self._state.lines(new), half)
            self._state.put(new, requests=count)
        self.close_part(part, REFUSED)

    async def download(self, part: Part) -> list[Path]:
        """Downloads the files of a batch that has ended; returns their paths. Notes those that are gone."""
        batch, paths = self._seen[part.name], []
        for kind, file in zip(_DOWNLOADED, (batch.output, batch.errors_file), strict=True):
            if not file:
                continue
            path = self._state.lines(part).with_suffix(f".{kind}")
            try:
                await self._keep(partial(self._batches.download, file, path))
            except BackendError as error:
                if error.status != 404:
                    raise
                self.gone[part.name] = self.gone.get(part.name, 0) + 1
                continue
            paths.append(path)
        return paths

    def close_part(self, part: Part, status: str) -> None:
        """Ends a part: its answers are recorded (or it has none), its files are not needed any more."""
        self._state.put(part, status=status)
        for path in (self._state.lines(part), *(self._state.lines(part).with_suffix(f".{k}") for k in _DOWNLOADED)):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise RunFolderError(f"cannot remove {path}: {error.strerror}") from None

    def summary(self) -> str:
        """Says how the open batches are: `batch batch_1a2b in_progress`, `3 batches in_progress, queued`."""
        parts = self._state.open
        if not parts:
            return ""
        statuses = ", ".join(dict.fromkeys(part.status for part in parts))
        what = f"batch {parts[0].batch or 'not created yet'}" if len(parts) == 1 else f"{len(parts)} batches"
        return f"{what} {statuses}"

    async def close(self) -> None:
        """Closes the connections."""
        await self._batches.close()

    def _note(self, part: Part, batch: Batch) -> Part:
        self._seen[part.name] = batch
        if batch.reason:
            self.reasons[part.name] = batch.reason
        return self._state.put(
            part, batch=batch.id, status=batch.status, completed=batch.completed, failed=batch.failed
        )

    @staticmethod
    def _file_name(part: Part) -> str:
        return f"{part.name}.jsonl"


_DOWNLOADED = ("output", "errors")
"""Endings of the files that are downloaded: answers, and requests that failed or expired."""
