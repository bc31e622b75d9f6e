"""What is looked for: one file a family of checks, found by its name as other plugins are.

fewshot/audit/checks/entities.py    CHECK, a `Check`: what is doubtful about the entities of a data set
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol, cast

from fewshot import discovery
from fewshot.audit.finding import Finding
from fewshot.records import FIELDS, Example, Kind


class Check(Protocol):
    """What a file in this package provides under the name `CHECK`; it inherits from this class."""

    @property
    def field(self) -> str | None:
        """The key of the records' values that it looks at (`panels`, `entities`, `hypothesis`); `None`: at whole
        records, whatever they are labelled for."""
        return None

    @property
    def quick(self) -> bool:
        """Whether it takes about a millisecond an example and loads no library: `run` counts what quick checks find."""
        return True

    def each(self, example: Example) -> Iterator[Finding]:
        """What an example shows by itself."""
        return iter(())

    def across(self, examples: Sequence[Example], doubtful: Collection[str]) -> Iterator[Finding]:
        """What only the examples together show. `doubtful`: the ids that show an error by themselves, so that of two
        copies the right one is blamed."""
        return iter(())


def names() -> tuple[str, ...]:
    """The checks by name: our own, then those of plugins."""
    return discovery.names(__name__)


def of_kind(kind: Kind | None) -> Iterator[Check]:
    """The checks of a kind of value, and those of whole records; `None`: all."""
    for name in discovery.usable(__name__):
        check = cast("Check", discovery.load(__name__, name, "CHECK"))
        if kind is None or check.field in (None, FIELDS[kind]):
            yield check
