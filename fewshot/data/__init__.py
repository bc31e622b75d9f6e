"""Where examples come from and go to: one file a format, named as `--from` and `--to` name it.

A reader names file, line and id of what it cannot read, raises `DataError`, and drops nothing in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, cast

from fewshot import discovery
from fewshot.errors import InputError
from fewshot.records import Example

DEMO = Path(__file__).parent.parent / "corpus" / "demo.jsonl"


class Reader(Protocol):
    """What a file in this package provides under the name `READER`, if it can be read from."""

    @property
    def suffixes(self) -> frozenset[str]:
        """Endings of the file names it reads, with the dot; the source's format is guessed by them."""
        ...

    def read(self, source: str, task: str | None) -> list[Example]:
        """All examples of a source, in its order. `task`: what they are read for (None: everything)."""
        ...


class Writer(Protocol):
    """What a file in this package provides under the name `WRITER`, if it can be written to."""

    def write(self, examples: Iterable[Example], path: Path) -> int:
        """Writes the examples, returns how many."""
        ...


def names() -> tuple[str, ...]:
    """The data formats of this package, by name."""
    return discovery.names(__name__)
