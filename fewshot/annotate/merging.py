"""The shards of a job as one: checked, then joined, with the bytes of the job that was not cut.

merge([Path("shard-1"), Path("shard-2")], Path("whole"))
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot.annotate import job, parts
from fewshot.annotate.job import DONE, PARTS, STATE
from fewshot.annotate.tally import Counts
from fewshot.cassette.lock import Lock
from fewshot.errors import RunFolderError


@dataclass(frozen=True, slots=True)
class Merged:
    """What was joined."""

    counts: Counts
    partitions: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A shard: its folder, `job.json` and `done.json`."""

    folder: Path
    record: dict[str, Any]
    done: dict[str, Any]

    @property
    def shard(self) -> tuple[int, int]:
        index, of = self.record["shard"]
        return int(index), int(of)


def merge(folders: Sequence[Path], out: Path) -> Merged:
    """Joins the folders of all shards of a job into one, as the job without shards would have written it.

    Raises:
        RunFolderError: a shard is missing, there twice, of another job, not finished, or of another input; a part is
            not what was written; `out` holds something.
    """
    pieces = _checked([_piece(folder) for folder in folders])
    first = pieces[0]
    to = first.record["to"]
    if out.exists() and any(path.name != f"{job.JOB}.lock" for path in out.iterdir()):
        raise RunFolderError(f"{out} holds something already", hint="choose another --out")
    job.create(out)
    with Lock(out / job.JOB):
        for name in (PARTS, STATE):
            (out / name).mkdir(exist_ok=True)
        counts, numbers = Counts(), list[int]()
        for number, folder in _owners(pieces):
            counts += _copied(folder, out, number, to)
            numbers.append(number)
        whole = {**counts.to_json(), "partitions": len(numbers), "input": first.done["input"]}
        if counts.records != first.done["input"]["records"]:
            raise RunFolderError(
                f"{counts.records} records are in the shards, {first.done['input']['records']} were in the input"
            )
        job.begin(out, first.record | {"shard": None})
        parts.finish(out, numbers, to, whole)
    return Merged(counts, len(numbers))


def _piece(folder: Path) -> _Piece:
    record = job.read(folder)
    shard = record.get("shard")
    pair = shard if isinstance(shard, list) and [type(number) for number in shard] == [int, int] else [0, 0]
    if not 1 <= pair[0] <= pair[1]:
        raise RunFolderError(f"{folder} is no shard: it holds a whole job", hint="its parts need no merge")
    if not (folder / DONE).exists():
        raise RunFolderError(f"{folder} is not finished", hint="run its command again, it goes on")
    done = job.json_object(folder / DONE)
    found = done.get("input")
    if not isinstance(found, dict) or not all(type(found.get(name)) is int for name in ("records", "partitions")):
        raise RunFolderError(f"{folder / DONE} is broken", hint="run its command again")
    return _Piece(folder, record, done)


def _checked(pieces: Sequence[_Piece]) -> list[_Piece]:
    """The shards in order, if they are all those of one job.

    Raises:
        RunFolderError: they are not.
    """
    if not pieces:
        raise RunFolderError("no shard is named")
    first = pieces[0]
    for piece in pieces[1:]:
        mine = {**piece.record, "shard": [first.shard[0], piece.shard[1]]}
        if conflicts := job.differences(first.record, mine):
            raise RunFolderError(f"{piece.folder} is of another job than {first.folder} ({'; '.join(conflicts)})")
        if piece.done["input"] != first.done["input"]:
            raise RunFolderError(f"{piece.folder} read another input than {first.folder}: it has changed between")
    by_index: dict[int, _Piece] = {}
    for piece in pieces:
        other = by_index.setdefault(piece.shard[0], piece)
        if other is not piece:
            raise RunFolderError(f"{other.folder} and {piece.folder} are both shard {piece.shard[0]}")
    of = first.shard[1]
    if missing := [index for index in range(1, of + 1) if index not in by_index]:
        more = ", …" if len(missing) > 5 else ""
        raise RunFolderError(f"shards are missing: {', '.join(map(str, missing[:5]))}{more} of {of}")
    return [by_index[index] for index in sorted(by_index)]


def _owners(pieces: Sequence[_Piece]) -> Iterator[tuple[int, Path]]:
    """Every partition with the folder that holds it, in order."""
    shards = [(job.Shard(*piece.shard), piece.folder) for piece in pieces]
    for number in range(pieces[0].done["input"]["partitions"]):
        yield next((number, folder) for shard, folder in shards if shard.owns(number))


def _copied(folder: Path, out: Path, number: int, to: job.To) -> Counts:
    """Copies a part and its note, if the part is what was written."""
    note = parts.note_of(folder, number, to)
    if note is None or not parts.is_as_noted(folder, note, to):
        raise RunFolderError(
            f"partition {number} of {folder} is missing, or is not what was written",
            hint=f"remove its note, {parts.note_path(folder, number)}, and run the command again",
        )
    for path in (parts.part_path(folder, number, to), parts.note_path(folder, number)):
        shutil.copyfile(path, out / path.relative_to(folder))
    return note.counts


def summary(merged: Merged) -> Mapping[str, Any]:
    """The counts as a row."""
    return {**merged.counts.to_json(), "partitions": merged.partitions}
