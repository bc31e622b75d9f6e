"""The cassette: every answer is on disk before it is used. It is resume journal, cache and replay at once.

    with Cassette.open(Path("runs/x/responses.jsonl")) as cassette:
        recorded = cassette.get(key(request))              # None if it was never answered
        cassette.append(request, completion, ["train-7"])  # adds one line, whole or not at all

One line per request, `{"key", "id", "demonstrations", "request", "adapted", "completion"}`; the line of a local model
has `"prediction"` and `"seconds"` instead of request and completion. What requests share (instruction, demonstrations,
settings) stands once, in lines of its own (`sharing`). Lines may be committed, shared and concatenated, also with those
of older versions, which hold each request whole.
A cassette from someone else is untrusted data: types and keys are checked when a line is used, and nothing in it is
executed or used as a path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot.cassette import misses, sharing
from fewshot.cassette.as_json import completion_from_json, completion_to_json, is_duration, request_to_json
from fewshot.cassette.journal import Journal
from fewshot.errors import DataError
from fewshot.files import digest, encoded
from fewshot.records import Completion, Request
from fewshot.schema import Json

__all__ = ["Cassette", "Recorded", "key"]


def key(request: Request) -> str:
    """Returns the identity of a request: the SHA-256 (64 hexadecimal digits) of its canonical JSON as we mean it.

    Parameters that a server made us change, and the records beside the prompt, are not part of it.

    >>> key(Request("gpt3", None, "m", "chat", None, "Tag: p53", 9, 0.0))[:12]
    '063c3668b40a'
    """
    return digest(request_to_json(request))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One validated line: the `completion` of a prompted backend, or the `prediction` (JSON) of a local model and the
    `seconds` that it took, if it says."""

    id: str
    demonstrations: tuple[str, ...]
    completion: Completion | None = None
    prediction: Json | None = None
    seconds: float | None = None


class Cassette:
    """The recorded answers of one run. `len` counts keys; `in` looks a key up."""

    def __init__(self, journal: Journal, *, readonly: bool) -> None:
        self._journal = journal
        self._sharer = sharing.Sharer()
        self._parts: dict[str, Json | None] = {}  # those that were read, and are what their names say
        self.readonly = readonly

    @classmethod
    def open(cls, path: Path, *, readonly: bool = False) -> Cassette:
        """Opens a `responses.jsonl`; creates it if it does not exist, unless `readonly`.

        A torn last line, without its line end, is cut off (ignored if `readonly`; `torn` says how much). Only the
        offset of each key is kept in memory.

        Raises:
            DataError: A damaged line, a file of something else, or one key with two answers; names file and line.
            RunFolderError: Another process has it open for writing (named by its pid), it is a link, or it cannot be
                written.
        """
        return cls(Journal(path, readonly=readonly, is_same=_is_same_answer), readonly=readonly)

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self._journal.path

    @property
    def torn(self) -> int:
        """Bytes of a torn last line that were cut off when the file was opened."""
        return self._journal.torn

    def __len__(self) -> int:
        return len(self._journal.offsets)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bytes.fromhex(key) in self._journal.offsets

    def ids(self) -> tuple[str, ...]:
        """Returns the ids of the recorded examples, each once, in order of arrival."""
        return tuple(dict.fromkeys(str(row.get("id")) for _, row in self._journal.rows()))

    def get(self, key: str, request: Request | None = None) -> Recorded | None:
        """Returns the recording under a key, or `None`.

        Args:
            key: The key of a request or of a local model's line.
            request: The request with that key, if the caller has it: comparing is faster than hashing.

        Raises:
            DataError: The line is damaged or mistyped, or its key does not match its request.
        """
        offset = self._journal.offsets.get(bytes.fromhex(key))
        return None if offset is None else self._recorded(key, offset, request)

    def _recorded(self, key: str, offset: int, request: Request | None) -> Recorded:
        row = self._journal.row(offset)
        id, demonstrations = row.get("id"), row.get("demonstrations")
        if not isinstance(id, str):
            self._journal.fail(offset, "id must be a string")
        if not isinstance(demonstrations, list) or not all(isinstance(name, str) for name in demonstrations):
            self._journal.fail(offset, "demonstrations must be a list of ids")
        if "prediction" in row:
            if not isinstance(row["prediction"], dict):
                self._journal.fail(offset, "prediction must be an object")
            seconds = row.get("seconds")
            if seconds is not None and not is_duration(seconds):
                self._journal.fail(offset, "seconds must be a number from 0")
            return Recorded(id, tuple(demonstrations), prediction=row["prediction"], seconds=seconds)
        if row.get("key") != key or not self._has_key(row.get("request"), key, request, offset):
            self._journal.fail(
                offset,
                "the key does not match its request: the line was changed after it was recorded",
                hint="restore the line, or delete it to ask again",
            )
        try:
            completion = completion_from_json(row.get("completion"), row.get("adapted"))
        except DataError as error:
            self._journal.fail(offset, error.message)
        return Recorded(id, tuple(demonstrations), completion)

    def append(
        self, request: Request, completion: Completion, demonstrations: Sequence[str], *, key: str | None = None
    ) -> None:
        """Records an answer.

        Args:
            request: The request that was answered.
            completion: What came back.
            demonstrations: The ids of the examples that the prompt shows.
            key: The key of the request, if the caller has it.

        Raises:
            RunFolderError: The line cannot be written (disk full, …); the file is unchanged.
        """
        key = key or digest(request_to_json(request))
        short, parts = self._sharer.short(request)
        row = {
            "key": key,
            "id": request.id,
            "demonstrations": list(demonstrations),
            "request": short,
            "adapted": dict(completion.adapted),
            "completion": completion_to_json(completion),
        }
        fresh = {name: part for name, part in parts.items() if name not in self._journal.parts}
        lines = {name: encoded({sharing.PART: name} | part).encode() for name, part in fresh.items()}
        self._journal.append(bytes.fromhex(key), encoded(row).encode(), lines)

    def append_prediction(self, key: str, id: str, prediction: Json, *, seconds: float | None = None) -> None:
        """Records a prediction of a local model, and the seconds that it took, if they are known.

        Raises:
            RunFolderError: The line cannot be written; the file is unchanged.
        """
        row: Json = {"key": key, "id": id, "demonstrations": [], "prediction": prediction}
        if seconds is not None:
            row["seconds"] = round(seconds, 6)
        self._journal.append(bytes.fromhex(key), encoded(row).encode())

    def copy(self, key: str, other: Cassette) -> None:
        """Copies a line of another cassette, byte for byte, and the parts that it refers to.

        Raises:
            KeyError: The other cassette has no line under this key.
            RunFolderError: The line cannot be written; the file is unchanged.
        """
        raw_key = bytes.fromhex(key)
        theirs = other._journal
        line = theirs.raw(theirs.offsets[raw_key]).strip()
        names = sharing.named(theirs.row(theirs.offsets[raw_key]).get("request"))
        parts = {name: theirs.raw(theirs.parts[name]).strip() for name in names if name in theirs.parts}
        self._journal.append(raw_key, line, parts)

    def requests(self) -> Iterator[tuple[str, Json]]:
        """Yields the id of each recorded line that has a request, and the request whole, in the order of the file.

        Raises:
            DataError: a line is damaged, or refers to a part that is not there.
        """
        for offset, row in self._journal.rows():
            request = self._whole(row.get("request"), offset)
            if request is not None:
                yield str(row.get("id")), request

    def _whole(self, request: object, offset: int) -> Json | None:
        """The whole request of a line; `None` if it has none."""
        if not isinstance(request, dict) or not sharing.is_short(request):
            return request if isinstance(request, dict) else None
        try:
            return sharing.whole(request, self._part)
        except ValueError as error:
            self._journal.fail(offset, str(error), hint="restore the line, or delete it to ask again")

    def _part(self, name: str) -> Json | None:
        """The content of a part, if it is there and is what its name says."""
        if name not in self._parts:
            offset = self._journal.parts.get(name)
            row = None if offset is None else self._journal.row(offset)
            content = None if row is None else {field: value for field, value in row.items() if field != sharing.PART}
            self._parts[name] = content if content is not None and sharing.name_of(content) == name else None
        return self._parts[name]

    def _has_key(self, row: object, key: str, request: Request | None, offset: int) -> bool:
        """Returns whether a recorded request belongs to `key`: it equals `request`, or hashes to the key."""
        if not isinstance(row, dict):
            return False
        if request is not None and sharing.is_short(row):
            names = sharing.named(row)
            if row == self._sharer.short(request)[0] and all(self._part(name) is not None for name in names):
                return True
        whole = self._whole(row, offset)
        return (request is not None and whole == request_to_json(request)) or digest(whole) == key

    def explain_miss(self, request: Request) -> str:
        """Says why a request has no recording here: names the nearest recording and the fields that differ."""
        message = f"{self.path} has no answer to the request of {request.id}"
        request_row = request_to_json(request)
        rows = (
            (offset, row | {"request": self._whole(row.get("request"), offset)}) for offset, row in self._journal.rows()
        )
        nearest = misses.nearest(rows, request.id, request_row)
        if nearest is None:
            return f"{message}, nor to any other request"
        offset, row = nearest
        differences = "; ".join(misses.differences(row["request"], request_row)) or "nothing but its key"
        position = f"line {self._journal.line_number(offset)}, id {row.get('id')}"
        return f"{message}; the nearest ({position}) differs in {differences}"

    def close(self) -> None:
        """Syncs the file to disk, closes it and releases the lock."""
        self._journal.close()

    def __enter__(self) -> Cassette:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_same_answer(left: Json, right: Json) -> bool:
    """Returns whether two lines with the same key hold the same answer, however long it took."""

    def answer(row: Json) -> Any:
        completion = row.get("completion")
        # Two runs may ask the same question. Joined with `cat`, their lines differ in the time alone, or in whether the
        # answer came in a batch.
        timeless = {**completion, "seconds": None, "batch": None} if isinstance(completion, dict) else completion
        return timeless, row.get("adapted"), row.get("prediction")

    return bool(answer(left) == answer(right))
