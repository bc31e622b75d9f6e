"""The engine `local`: one partition after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterator

from fewshot.annotate.intake import Partition
from fewshot.annotate.running import Ticker
from fewshot.annotate.work import Outcome, Workshop


def outcomes(workshop: Workshop, missing: Iterator[Partition], listen: Ticker) -> Iterator[Outcome]:
    """What becomes of each partition, in order."""
    for partition in missing:
        yield workshop.do(partition, listen)
