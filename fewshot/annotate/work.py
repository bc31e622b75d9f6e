"""One partition: answered, written, noted. What the engines have in common, and all that an actor of Ray does.

workshop = Workshop(job, open_annotator(job))
workshop.do(partition, listen)            # Outcome: written with a note, or why it is still open
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fewshot import tasks
from fewshot.annotate import parts
from fewshot.annotate.answering import Annotator, Answered
from fewshot.annotate.intake import Partition, Reject
from fewshot.annotate.job import Job, digest_of
from fewshot.annotate.parts import Note
from fewshot.annotate.tally import Counts
from fewshot.records import Example
from fewshot.schema import Json

_SHOWN = 100
"""Failed requests of a partition that are kept for a message; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a partition. `note`: `None` if it is still to be written; `failures`: why, by id (some of them);
    `stopped`: why the job must end here; `blocked`: a person must mend that."""

    number: int
    note: Note | None = None
    failures: Mapping[str, str] = field(default_factory=dict)
    stopped: str | None = None
    blocked: bool = False
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workshop:
    """A job with the system that answers it."""

    job: Job
    annotator: Annotator

    def do(self, partition: Partition, listen: Callable[[int], None] = lambda _: None) -> Outcome:
        """Answers a partition and writes it, if every record of it was answered. `listen`: called with how many are.

        Raises:
            RunFolderError: it cannot be written.
            FewshotError: the system breaks on every record.
        """
        examples = partition.examples
        answered = self.annotator.answer(partition.number, examples, listen) if examples else Answered({})
        rejects: dict[str, str] = dict(answered.refused)
        if self.job.reject_failed and answered.stopped is None:
            rejects |= {id_: f"its request failed: {why}" for id_, why in answered.failed.items()}
        missing = [one.id for one in examples if one.id not in answered.predictions and one.id not in rejects]
        if missing:
            failures = {id_: answered.failed.get(id_, "not asked") for id_ in missing[:_SHOWN]}
            stopped, blocked = answered.stopped, answered.blocked
            return Outcome(partition.number, None, failures, stopped, blocked, answered.notices)
        note = self._written(partition, answered, rejects)
        return Outcome(
            partition.number, note, stopped=answered.stopped, blocked=answered.blocked, notices=answered.notices
        )

    def _written(self, partition: Partition, answered: Answered, refused: Mapping[str, str]) -> Note:
        """Writes the part: what was answered in the order of the input, and what was rejected, in that order too."""
        job, lines, rejects = self.job, list[Json](), list[Reject]()
        kind, signature = tasks.get(job.settings.task).kind, digest_of(self.annotator.signature)
        for entry in partition.entries:
            if isinstance(entry, Reject):
                rejects.append(entry)
            elif entry.id in refused:
                rejects.append(self._refused(entry, refused[entry.id]))
            else:
                row = parts.line(entry, answered.predictions[entry.id], kind, signature, text=job.text)
                why = parts.unwritable(row, job.to)
                if why is None:
                    lines.append(row)
                else:
                    rejects.append(self._refused(entry, why))
        counts = Counts(len(partition.entries), len(lines), len(rejects), answered.tokens, answered.usd)
        return parts.write(job.out, partition, lines, rejects, counts, job.to)

    def _refused(self, example: Example, why: str) -> Reject:
        return Reject(why, self.job.inputs[0] if len(self.job.inputs) == 1 else None, None, example.id)
