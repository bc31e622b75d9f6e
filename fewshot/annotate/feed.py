"""What a job has to do: its partitions in order, those that are written as their notes, and at the end what was seen.

    for item in feed(job): …        Partition | Note … Seen

It depends on the job and its folder alone, so that whoever reads it again (another command; a worker of Ray in the
place of one that died) sees the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any, TypeAlias

from fewshot.annotate import intake, parts
from fewshot.annotate.intake import Partition
from fewshot.annotate.job import Job
from fewshot.annotate.parts import Note
from fewshot.errors import RunFolderError


@dataclass(frozen=True, slots=True)
class Seen:
    """The whole input, also what belongs to other shards: its records, its partitions, a digest of what they say; and
    what its readers said of it."""

    records: int
    partitions: int
    digest: str
    said: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What `done.json` says of the input."""
        row = asdict(self)
        del row["said"]
        return row


Item: TypeAlias = Partition | Note | Seen


def feed(job: Job) -> Iterator[Item]:
    """The items of a job. Partitions that are written are read all the same: the input must be what it was, and an id
    that stood in one may not come again.

    Raises:
        RunFolderError: the input has changed since a partition was written.
        InputError: it cannot be read.
    """
    settings, said = job.settings, list[str]()
    records = count = 0
    digest = blake2b(digest_size=16)
    every = intake.entries(job.inputs, settings.task, settings.reading, said=said, longest=job.longest)
    for partition in intake.partitions(every, job.size):
        records, count = records + len(partition.entries), count + 1
        digest.update(partition.digest.encode())
        if job.shard is not None and not job.shard.owns(partition.number):
            continue
        note = parts.note_of(job.out, partition.number, job.to)
        if note is not None and note.input != partition.digest:
            raise RunFolderError(
                f"the input has changed since partition {partition.number} of {job.out} was written",
                hint="choose another --out",
            )
        yield note or partition
    yield Seen(records, count, digest.hexdigest(), tuple(said))
