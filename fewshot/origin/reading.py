"""Examples of several files as one source, and what holds for the examples of every source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from fewshot.errors import DataError
from fewshot.origin import Origin, label, places
from fewshot.origin.ids import Ids
from fewshot.origin.protocol import Reader
from fewshot.records import Example

_NAMED = 3
"""Files that a line names."""


def of_files(reader: Reader, origin: Origin, task: str | None, is_mine: Callable[[Path], bool]) -> Iterator[Example]:
    """The examples of a folder or pattern, each with the split that its file's name tells, unless it names one itself.

    Raises:
        DataError: only some of the files tell a split; as the reader.
    """
    files = places.files_of(origin.name)
    mine = [path for path in files if _is_read(path, is_mine, origin)]
    if len(mine) < len(files):
        left = [str(path.name) for path in files if path not in set(mine)]
        more = ", …" if len(left) > _NAMED else ""
        files_are = "1 file of another format is" if len(left) == 1 else f"{len(left)} files of other formats are"
        origin.say(f"{origin.name}: {files_are} left out: {', '.join(left[:_NAMED])}{more}")
    splits = {path: places.split_in(path, origin.name) for path in mine}
    _check_splits(splits)
    for path in mine:
        prefix = places.prefix_of(path, mine)
        try:
            for example in reader.read(Origin(str(path), origin.said, origin.refused), task):
                yield placed(example, splits[path], prefix, label(path))
        except DataError as error:  # of a format that cannot be read behind what is wrong in it
            origin.refuse(error)


def _is_read(path: Path, is_mine: Callable[[Path], bool], origin: Origin) -> bool:
    """Whether a file is one that the reader is for; one that cannot be looked at is not."""
    try:
        return is_mine(path)
    except DataError as error:
        origin.refuse(error)
        return False


def _check_splits(splits: dict[Path, str | None]) -> None:
    without = [path for path, split in splits.items() if split is None]
    if without and len(without) < len(splits):
        with_one = next(path for path, split in splits.items() if split is not None)
        raise DataError(
            f"its name tells no split, that of {with_one.name} does",
            path=without[0],
            hint="rename it (train, devel, test), or leave it out with a pattern",
        )


def placed(example: Example, split: str | None, prefix: str, name: str) -> Example:
    """An example of one file among several. `prefix`: of ids that are made of the file's `name`."""
    split = split if example.split is None else example.split
    if prefix and example.id.startswith(f"{name}:"):
        group = example.group if example.group != example.id else prefix + example.group
        return replace(example, id=prefix + example.id, group=group, split=split)
    return example if split == example.split else replace(example, split=split)


def checked(examples: Iterable[Example], origin: Origin, *, by_id: bool) -> Iterator[Example]:
    """The examples of a source, checked as they pass. `by_id`: whether an id may occur twice.

    Raises:
        DataError: no examples; an id twice; only some records have a split. An origin that notes what cannot be used
            notes ids, and the rest is let pass.
    """
    path = origin.name
    seen, count, without = Ids(), 0, 0
    first: Example | None = None
    for example in examples:
        count += 1
        if by_id and seen.first(example.id, count) is not None:
            origin.refuse(DataError("duplicate id", path=path, id=example.id))
            continue
        if example.split is None:
            without += 1
            first = first or example
        yield example
    if origin.goes_on:
        return
    if not count:
        raise DataError("holds no examples", path=path)
    if first is not None and without < count:  # no split at all is fine; a mixture hides a mistake
        raise DataError(
            f"{without} of {count} records have no split, the others have one",
            path=path,
            id=first.id,
            hint="give every record a split, or none",
        )
