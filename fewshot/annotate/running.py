"""A job from its first partition to its last: what is written is passed over, the rest is answered and written.

    feed ──► Partition ──► engine (local, ray) ──► part, note ──► Outcome ──► counts checked, done.json
        └──► Note: written by a former command

An engine takes the items of a feed and gives back what became of them, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from time import monotonic
from typing import Protocol, TypeAlias, cast

from fewshot.annotate import intake, job, parts
from fewshot.annotate.answering import Annotator
from fewshot.annotate.feed import Item, Seen, feed
from fewshot.annotate.job import Job
from fewshot.annotate.opening import open_annotator
from fewshot.annotate.tally import Counts, Done, Listener, Pace
from fewshot.annotate.work import Outcome
from fewshot.cassette.lock import Lock
from fewshot.errors import InputError, RunFolderError
from fewshot.experiment.secrecy import refuse_secrets

_EVERY = 0.1
"""Seconds between two calls of a listener, at least."""

End: TypeAlias = Outcome | parts.Note | Seen


class Ticker(Protocol):
    """Is told how many records of the partition at hand are answered."""

    def __call__(self, asked: int, /) -> None: ...


class Engine(Protocol):
    """What the file of an engine (`local`, `ray`) provides as `ends`."""

    def __call__(self, job: Job, annotator: Annotator, items: Iterable[Item], listen: Ticker) -> Iterator[End]:
        """What becomes of each item (notes and what was seen: nothing), in any order, up to an outcome that says
        `stopped`. `listen`: told of records that are answered."""
        ...


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
    refuse_secrets(asked.settings)
    intake.check(asked.inputs)
    job.create(asked.out)
    with Lock(asked.out / job.JOB):
        _sweep(asked)
        run = _Run(asked, listen or (lambda _: None))
        try:
            return run.done(_ends(asked, run))
        except KeyboardInterrupt as stop:
            whole = "1 part is whole" if run.partitions == 1 else f"{run.partitions:,} parts are whole"
            said = f"stopped; {whole} in {asked.out}, the same command goes on"
            raise type(stop)(said) from None


def _ends(asked: Job, run: _Run) -> Iterator[End]:
    """Opens the system, and the engine over it. What is not needed here (a model, where workers have their own) is
    dropped again."""
    elsewhere = asked.engine != "local"
    settings = replace(asked.settings, device="cpu") if elsewhere else asked.settings
    annotator = open_annotator(replace(asked, settings=settings))
    run.notices += annotator.notices
    job.begin(asked.out, asked.record(annotator.signature))
    engine = cast("Engine", import_module(f"fewshot.annotate.{asked.engine}").ends)
    return engine(asked, annotator, feed(asked), run.tick)


def _sweep(asked: Job) -> None:
    """Removes files that were being written when a former command was killed."""
    for folder in (asked.out, asked.out / job.PARTS, asked.out / job.STATE):
        for path in folder.glob(".*.part"):
            path.unlink(missing_ok=True)


@dataclass(slots=True)
class _Run:
    """One command: what it has counted so far."""

    asked: Job
    listen: Listener
    began: float = field(default_factory=monotonic)
    counts: Counts = field(default_factory=Counts)
    numbers: list[int] = field(default_factory=list)  # of the partitions that are written
    fresh: int = 0  # records that this command has written
    notices: list[str] = field(default_factory=list)
    total: int | None = None
    told: float = 0.0

    @property
    def partitions(self) -> int:
        return len(self.numbers)

    def done(self, ends: Iterator[End]) -> Done:
        total, shard = intake.estimated(self.asked.inputs), self.asked.shard
        self.total = total if total is None or shard is None else total // shard.of
        failures: dict[str, str] = {}
        stopped: Outcome | None = None
        seen: Seen | None = None
        for end in ends:
            if isinstance(end, Seen):
                seen = end
                self.notices += end.said
            elif isinstance(end, parts.Note):
                self._take(end)
            else:
                self.notices += end.notices
                failures |= end.failures
                if end.note is not None:
                    self._take(end.note, fresh=True)
                if end.stopped is not None:
                    stopped = end
                    break
        if stopped is None and seen is not None and not failures:
            self._finish(seen)
        return Done(
            self.counts,
            self.partitions,
            None if stopped is None else stopped.stopped,
            stopped is not None and stopped.blocked,
            failures,
            tuple(dict.fromkeys(self.notices)),
            monotonic() - self.began,
        )

    def _take(self, note: parts.Note, *, fresh: bool = False) -> None:
        self.counts += note.counts
        self.numbers.append(note.number)
        self.fresh += note.counts.records if fresh else 0
        self.tick(0)

    def tick(self, asked: int) -> None:
        now = monotonic()
        if now - self.told < _EVERY:
            return
        self.told, seconds = now, now - self.began
        rate = (self.fresh + asked) / seconds if seconds > 0 else 0.0
        rest = None if self.total is None else max(0, self.total - self.counts.records - asked)
        left = rest / rate if rest is not None and rate else None
        self.listen(Pace(self.counts, self.partitions, self.total, rate, left, seconds, asked))

    def _finish(self, seen: Seen) -> None:
        """Checks that nothing is missing and nothing is there twice, and writes what says so.

        Raises:
            InputError: there was nothing to annotate.
            RunFolderError: counts do not add up.
        """
        shard, numbers, counts = self.asked.shard, sorted(self.numbers), self.counts
        if not seen.records:
            raise InputError(f"{', '.join(self.asked.inputs)[:200]}: holds no records")
        wanted = [n for n in range(seen.partitions) if shard is None or shard.owns(n)]
        all_there = shard is not None or counts.records == seen.records
        if numbers != wanted or not all_there or counts.records != counts.written + counts.rejected:
            raise RunFolderError(
                f"{self.asked.out}: {len(wanted)} partitions of {seen.records} records were read, {len(numbers)}"
                f" partitions, {counts.written} records and {counts.rejected} rejects are written",
                hint="report this: it must not happen",
            )
        whole = {**counts.to_json(), "partitions": len(numbers), "input": seen.to_json()}
        parts.finish(self.asked.out, numbers, self.asked.to, whole)
