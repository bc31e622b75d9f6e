"""A job from its first partition to its last: what is written is passed over, the rest is answered and written.

    entries ──► partitions ──► of this shard ──► not noted yet ──► engine (local, ray) ──► parts, notes ──► counts checked

An engine takes the partitions that are missing, in order, and yields what became of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import import_module
from time import monotonic
from typing import Protocol, cast

from fewshot.annotate import intake, job, parts
from fewshot.annotate.intake import Partition
from fewshot.annotate.job import Job
from fewshot.annotate.tally import Counts, Done, Listener, Pace
from fewshot.annotate.work import Outcome, Workshop
from fewshot.cassette.lock import Lock
from fewshot.errors import InputError, RunFolderError

_EVERY = 0.1
"""Seconds between two calls of a listener, at least."""


class Engine(Protocol):
    """What a file of an engine (`local`, `ray`) provides as `outcomes`."""

    def __call__(self, workshop: Workshop, missing: Iterator[Partition], listen: Ticker) -> Iterator[Outcome]:
        """What becomes of each partition, in any order, until one says `stopped`. `listen`: told of records."""
        ...


class Ticker(Protocol):
    """Is told how many records of the partition at hand are answered."""

    def __call__(self, asked: int, /) -> None: ...


def annotate(asked: Job, listen: Listener | None = None) -> Done:
    """Annotates all records of the inputs; the same job in the same folder goes on where it ended.

    Args:
        asked: The job.
        listen: Called with how far it is, several times a second.

    Raises:
        InputError: inputs, settings or a model that cannot be used.
        RunFolderError: the folder holds another job, is in use, or cannot be written; the input has changed.
        KeyboardInterrupt: Ctrl-C; what is written stays. `Terminated` after SIGTERM.
    """
    intake.check(asked.inputs)
    job.create(asked.out)
    with Lock(asked.out / job.JOB):
        _sweep(asked)
        workshop = Workshop.open(asked)
        job.begin(asked.out, asked.record(workshop.annotator.signature))
        return _Run(asked, workshop, listen or (lambda _: None)).done()


def _sweep(asked: Job) -> None:
    """Removes files that were being written when a former command was killed."""
    for folder in (asked.out, asked.out / job.PARTS, asked.out / job.STATE):
        for path in folder.glob(".*.part"):
            path.unlink(missing_ok=True)


@dataclass(slots=True)
class _Run:
    """One command."""

    asked: Job
    workshop: Workshop
    listen: Listener
    began: float = field(default_factory=monotonic)
    counts: Counts = field(default_factory=Counts)
    written: list[int] = field(default_factory=list)
    fresh: int = 0  # records that this command has written
    said: list[str] = field(default_factory=list)
    total: int | None = None
    seen: Counts = field(default_factory=Counts)  # of the whole input
    partitions: int = 0
    told: float = 0.0
    input: blake2b = field(default_factory=lambda: blake2b(digest_size=16))

    def done(self) -> Done:
        total = intake.estimated(self.asked.inputs)
        shard = self.asked.shard
        self.total = total if total is None or shard is None else total // shard.of
        failures: dict[str, str] = {}
        stopped, blocked, notices = None, False, list(self.workshop.annotator.notices)
        engine = cast("Engine", import_module(f"fewshot.annotate.{self.asked.engine}").outcomes)
        for outcome in engine(self.workshop, self._missing(), self._tick):
            notices += outcome.notices
            failures |= outcome.failures
            if outcome.note is not None:
                self._take(outcome.note, fresh=True)
            if outcome.stopped is not None:
                stopped, blocked = outcome.stopped, outcome.blocked
                break
        if stopped is None and not self.seen.records:
            raise InputError(f"{', '.join(self.asked.inputs)[:200]}: holds no records")
        if stopped is None and not failures:
            self._finish()
        notices = list(dict.fromkeys((*notices, *self.said)))
        return Done(
            self.counts, len(self.written), stopped, blocked, failures, tuple(notices), monotonic() - self.began
        )

    def _missing(self) -> Iterator[Partition]:
        """The partitions of this shard that are still to be written, in order. Those that are written are read too: the
        input must be the same, and an id that stood in one may not come again.

        Raises:
            RunFolderError: the input has changed since a partition was written.
        """
        asked = self.asked
        settings = asked.settings
        every = intake.entries(
            asked.inputs, settings.task, settings.reading, said=self.said, longest=asked.longest
        )
        for partition in intake.partitions(every, asked.size):
            self.seen += Counts(records=len(partition.entries))
            self.partitions += 1
            self.input.update(partition.digest.encode())
            if asked.shard is not None and not asked.shard.owns(partition.number):
                continue
            note = parts.note_of(asked.out, partition.number, asked.to)
            if note is None:
                yield partition
            elif note.input != partition.digest:
                raise RunFolderError(
                    f"the input has changed since partition {partition.number} of {asked.out} was written",
                    hint="choose another --out",
                )
            else:
                self._take(note)

    def _take(self, note: parts.Note, *, fresh: bool = False) -> None:
        self.counts += note.counts
        self.written.append(note.number)
        self.fresh += note.counts.records if fresh else 0
        self._tick(0)

    def _tick(self, asked: int) -> None:
        now = monotonic()
        if now - self.told < _EVERY:
            return
        self.told, seconds = now, now - self.began
        rate = (self.fresh + asked) / seconds if seconds > 0 else 0.0
        rest = None if self.total is None else max(0, self.total - self.counts.records - asked)
        left = rest / rate if rest is not None and rate else None
        self.listen(Pace(self.counts, len(self.written), self.total, rate, left, seconds, asked))

    def _finish(self) -> None:
        """Checks that nothing is missing and nothing is there twice, and writes what says so.

        Raises:
            RunFolderError: counts do not add up.
        """
        shard, numbers = self.asked.shard, sorted(self.written)
        wanted = [n for n in range(self.partitions) if shard is None or shard.owns(n)]
        counts = self.counts
        if numbers != wanted or counts.records != counts.written + counts.rejected:
            raise RunFolderError(
                f"{self.asked.out}: {len(wanted)} partitions and {counts.records} records were read, {len(numbers)}"
                f" partitions, {counts.written} records and {counts.rejected} rejects were written",
                hint="report this: it must not happen",
            )
        whole = {
            **counts.to_json(),
            "partitions": len(numbers),
            "input": {
                "records": self.seen.records, "partitions": self.partitions, "digest": self.input.hexdigest(),
            },
        }  # fmt: skip
        parts.finish(self.asked.out, numbers, self.asked.to, whole)
