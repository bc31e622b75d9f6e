"""What a data format provides: a reader, a writer, or both. One that inherits from these says what is left open here
(`...`), and what of the rest is not so for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from fewshot.origin import Origin
from fewshot.origin.head import Head
from fewshot.records import Example, Kind


class Reader(Protocol):
    """What a file in `fewshot/data` provides under the name `READER`, if it can be read from. Options of the format are
    fields of a dataclass (`fewshot.origin.options`)."""

    @property
    def suffixes(self) -> frozenset[str]:
        """Endings of the file names it reads, with the dot, where the content does not tell."""
        return frozenset()

    @property
    def prefix(self) -> str:
        """What the name of a source that is not a path begins with, up to a colon (`hub:`); "": sources are paths."""
        return ""

    @property
    def configs(self) -> Mapping[Kind, str]:
        """What comes behind `PREFIX:OWNER/NAME` for a kind of value, where the study's command lines name a data set
        and a task only; empty: they do not mean this reader."""
        return {}

    @property
    def reads_folders(self) -> bool:
        """Whether it reads a folder as one source; else each file of a folder is given to it."""
        return False

    @property
    def numbers_ids(self) -> bool:
        """Whether no id can occur twice in a file, since ids are made of line numbers or the reader has checked."""
        return False

    @property
    def holds_predictions(self) -> bool:
        """Whether its lines may be predictions without a text (`fewshot.schema`)."""
        return False

    def recognises(self, head: Head) -> bool | None:
        """Whether a file that begins so is of this format: `True`: by its content; `False`: it cannot be; `None`: the
        ending of its name decides."""
        return None

    def read(self, source: Origin, task: str | None) -> Iterable[Example]:
        """All examples of a source, in its order, one at a time where that can be. `task`: what they are read for
        (None: everything)."""
        ...

    def rows(self, source: Origin) -> Iterator[tuple[int, object]] | None:
        """The records as JSON (`fewshot.schema`) with their lines, unchecked, for an audit of what `read` refuses;
        `None`: the format cannot hold broken records."""
        return None


class Writer(Protocol):
    """What a file in `fewshot/data` provides under the name `WRITER`, if it can be written to."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of value that it can hold, one of them in a file; empty: it holds all that is known."""
        return frozenset()

    @property
    def suffixes(self) -> frozenset[str]:
        """Endings of file names that mean this format when they are written; empty: those of its reader."""
        return frozenset()

    @property
    def ending(self) -> str:
        """What the tools of this format expect a file to end in, with the dot, where no ending means it here."""
        return ""

    @property
    def writes_folder(self) -> bool:
        """Whether it writes a folder that does not exist yet, instead of a file."""
        return False

    def for_ending(self, suffix: str) -> Writer:
        """The writer for a file with that ending, where a format has several forms."""
        return self

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes the examples, returns how many. `task`: which labels, where the format holds one sort."""
        ...
