"""Options of a format: fields of its reader, declared where they are used, and flags of every command that reads data.

@dataclass(frozen=True)
class TableReader(Reader):
    text_column: str | None = option("NAME", "the column of the texts [by its name]")      --text-column NAME
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, fields, is_dataclass, replace
from typing import Any, NamedTuple, TypeVar

from fewshot import discovery
from fewshot.errors import InputError
from fewshot.text.offsets import UNITS

_T = TypeVar("_T")
_KEY = "option"


class Option(NamedTuple):
    """An option of a reader: its field, and what `--help` says of the flag."""

    name: str
    metavar: str
    help: str

    @property
    def flag(self) -> str:
        """As a command line names it."""
        return f"--{self.name.replace('_', '-')}"


def option(metavar: str, help: str, default: Any = None) -> Any:
    """A field of a reader that is a flag. Its value is text, as the command line gives it."""
    return field(default=default, metadata={_KEY: (metavar, help)})


def offsets_option() -> Any:
    """The field `offsets` of a reader: the unit in which the file counts."""
    said = f"how the file counts: {', '.join(UNITS)} [characters]"
    return option("UNIT", said, default="characters")


def declared(reader: object) -> Iterator[Option]:
    """The options of a reader."""
    if is_dataclass(reader):
        for f in fields(reader):
            if _KEY in f.metadata:
                yield Option(f.name, *f.metadata[_KEY])


def with_options(reader: _T, values: dict[str, str]) -> _T:
    """The reader with some options, of which it takes those that it declares.

    Raises:
        InputError: a value that the reader refuses.
    """
    known = {one.name for one in declared(reader)}
    taken = {name: value for name, value in values.items() if name in known}
    return replace(reader, **taken) if taken else reader  # type: ignore[type-var]


def check_options(name: str, values: Mapping[str, str], source: str, readers: Mapping[str, object]) -> None:
    """Refuses an option that a reader does not have. `name`: of the reader that is taken for the source.

    Raises:
        InputError: names the readers that have it.
    """
    having = {other: {option.name for option in declared(one)} for other, one in readers.items()}
    for option in sorted(values.keys() - having[name]):
        able = [other for other, names in having.items() if option in names]
        if not able:
            known = sorted(set().union(*having.values()))
            raise discovery.unknown("option of a data format", option, known)
        raise InputError(f"--{option.replace('_', '-')} goes with {', '.join(able)}; {source} is read as {name}")
