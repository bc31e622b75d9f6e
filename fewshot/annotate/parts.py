"""What a job writes: a part a partition, as JSON lines or Parquet, and beside it the note that it is whole.

    parts/part-00007.jsonl    {"id", "group", "text", "panels": [{"labels", "start", "end", "text"}], "problems", …}
    state/00007.json          {"records": 5000, "written": 4998, "rejected": 2, …, "rejects": [{"reason", "file", …}]}

The note is written last: a part without one is written again, with the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from fewshot import files
from fewshot.annotate.intake import Partition, Reject
from fewshot.annotate.job import DONE, PARTS, REJECTS, STATE, To, as_json, json_object, refuse_links
from fewshot.annotate.tally import Counts
from fewshot.errors import RunFolderError
from fewshot.records import FIELDS, Example, Hypothesis, Kind, Prediction
from fewshot.schema import Json, example_to_json, value_to_json

_COLUMNS = ("id", "group", "split", "text", "panels", "entities", "hypothesis", "problems", "unplaced", "fidelity",
            "signature", "more")  # fmt: skip
"""Of Parquet, all of them text: parts of one job have the same columns, whatever their records hold."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a partition that is written."""

    number: int
    counts: Counts
    input: str  # digest of its entries
    bytes: int  # of its part
    output: str  # digest of its part
    rejects: tuple[Reject, ...] = ()

    def to_json(self) -> Json:
        """The content of `state/00007.json`."""
        row = self.counts.to_json() | {"input": self.input, "bytes": self.bytes, "output": self.output}
        return row | {"rejects": [reject.to_json() for reject in self.rejects]}


def line(example: Example, prediction: Prediction, kind: Kind, signature: str, *, text: bool = True) -> Json:
    """A record with what was found in it in the place of what it said before. `text`: whether its text stays."""
    row = example_to_json(example)
    if kind == "panels":  # what was said of the gold panels
        row.pop("inline_labels", None)
    field = FIELDS[kind]
    row[field] = _value(prediction, kind, example.text)
    row["problems"] = dict(prediction.problems)
    if prediction.unplaced:
        row["unplaced"] = [{"label": member.label, "text": member.text} for member in prediction.unplaced]
    if prediction.fidelity is not None:
        row["fidelity"] = prediction.fidelity
    row["signature"] = signature
    if not text:
        del row["text"]
    return row


def _value(prediction: Prediction, kind: Kind, text: str) -> Any:
    found = value_to_json(prediction.value, kind)
    if isinstance(prediction.value, Hypothesis):
        return found
    for row, span in zip(found, prediction.value, strict=True):
        row["text"] = span.cut(text)
    return found


def unwritable(row: Json, to: To) -> str | None:
    """Why a part cannot hold a record; `None`: it can."""
    if to == "jsonl":
        return None
    for name in _COLUMNS:
        try:
            (_cell(row, name) or "").encode()
        except UnicodeEncodeError as error:
            return f"Parquet cannot hold half a surrogate pair (\\u{ord(error.object[error.start]):x} in {name})"
    return None


def part_path(folder: Path, number: int, to: To) -> Path:
    """The file of a part."""
    return folder / PARTS / f"part-{number:05d}.{to}"


def write(
    folder: Path, partition: Partition, lines: Sequence[Json], rejects: Sequence[Reject], counts: Counts, to: To
) -> Note:
    """Writes a part and then its note.

    Raises:
        RunFolderError: it cannot be written, or counts do not add up.
    """
    if len(lines) + len(rejects) != len(partition.entries):
        raise RunFolderError(
            f"partition {partition.number}: {len(partition.entries)} records, {len(lines)} written and"
            f" {len(rejects)} rejected: they do not add up"
        )
    path = part_path(folder, partition.number, to)
    refuse_links(path, note_path(folder, partition.number))
    content = _parquet(lines) if to == "parquet" else _jsonl(lines)
    files.write(path, content, error=RunFolderError)
    note = Note(partition.number, counts, partition.digest, len(content), _digest(content), tuple(rejects))
    files.write(note_path(folder, note.number), as_json(note.to_json()), error=RunFolderError)
    return note


def _jsonl(lines: Iterable[Json]) -> bytes:
    return "".join(f"{files.encoded(row)}\n" for row in lines).encode()


def _parquet(lines: Sequence[Json]) -> bytes:
    import io

    from fewshot.origin import sheets

    table = io.BytesIO()
    sheets.write_parquet(table, _COLUMNS, ([_cell(row, name) for name in _COLUMNS] for row in lines))
    return table.getvalue()


def _cell(row: Json, name: str) -> str | None:
    if name == "more":
        more = {key: value for key, value in row.items() if key not in _COLUMNS}
        return files.encoded(more) if more else None
    value = row.get(name)
    return value if value is None or isinstance(value, str) else files.encoded(value)


def note_path(folder: Path, number: int) -> Path:
    """The file of a note."""
    return folder / STATE / f"{number:05d}.json"


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def note_of(folder: Path, number: int, to: To) -> Note | None:
    """The note of a part that is whole; `None`: it is still to be written.

    Raises:
        RunFolderError: the note is broken.
    """
    path = note_path(folder, number)
    try:
        size = part_path(folder, number, to).stat().st_size
    except OSError:
        return None
    if not path.exists():
        return None
    row = json_object(path)
    try:
        rejects = tuple(Reject(one["reason"], one["file"], one["line"], one["id"]) for one in row["rejects"])
        note = Note(number, Counts.of(row), row["input"], row["bytes"], row["output"], rejects)
    except (KeyError, TypeError):
        raise RunFolderError(f"{path} is broken", hint="remove it: its partition is then written again") from None
    return note if note.bytes == size else None  # a machine that went down may leave a part without its end


def is_as_noted(folder: Path, note: Note, to: To) -> bool:
    """Whether a part has the bytes that were written."""
    return _digest(part_path(folder, note.number, to).read_bytes()) == note.output


def finish(folder: Path, numbers: Iterable[int], to: To, whole: Mapping[str, Any]) -> None:
    """Writes `rejects.jsonl` from the notes of these partitions, in order, and `done.json`, which says that the job is
    whole: `whole`, what the input held.

    Raises:
        RunFolderError: it cannot be written.
    """
    try:
        with files.whole(folder / REJECTS) as part, part.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{files.encoded(reject.to_json())}\n" for reject in _rejects(folder, numbers, to))
    except OSError as error:
        raise RunFolderError(f"cannot write {folder / REJECTS}: {error.strerror}") from None
    files.write(folder / DONE, json.dumps(whole, indent=1) + "\n", error=RunFolderError)


def _rejects(folder: Path, numbers: Iterable[int], to: To) -> Iterator[Reject]:
    for number in numbers:
        note = note_of(folder, number, to)
        yield from note.rejects if note is not None else ()
