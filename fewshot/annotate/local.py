"""The engine `local`: one partition after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fewshot.annotate.answering import Annotator
from fewshot.annotate.feed import Item
from fewshot.annotate.intake import Partition
from fewshot.annotate.job import Job
from fewshot.annotate.running import End, Ticker
from fewshot.annotate.work import Workshop


def ends(job: Job, annotator: Annotator, items: Iterable[Item], listen: Ticker) -> Iterator[End]:
    """What becomes of each item, in order."""
    workshop = Workshop(job, annotator)
    for item in items:
        yield workshop.do(item, listen) if isinstance(item, Partition) else item
