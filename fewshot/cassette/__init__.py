"""The cassette: every answer on disk before it is used. Resume journal, cache and replay at once.

    with Cassette.open(Path("runs/x/responses.jsonl")) as cassette:
        recorded = cassette.get(key(request))              # None: it was never answered
        cassette.append(request, completion, ["train-7"])  # one line more, whole or not at all

One line a request, `{"key", "id", "demonstrations", "request", "adapted", "completion"}`; a local model's line
carries `"prediction"` in place of request and completion. Lines may be committed, shared and concatenated. A
cassette from someone else is data: types and keys are checked when a line is used, and nothing in it is
executed or taken for a path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot.cassette import misses
from fewshot.cassette.as_json import completion_from_json, completion_to_json, request_to_json
from fewshot.cassette.journal import Journal
from fewshot.errors import DataError
from fewshot.files import digest, encoded
from fewshot.records import Completion, Request
from fewshot.schema import Json

__all__ = ["Cassette", "Recorded", "key"]


def key(request: Request) -> str:
    """The identity of a request: SHA-256 (64 hexadecimal digits) of its canonical JSON as we mean it. What the
    server made us change, and the records beside the prompt, are no part of it.

    >>> key(Request("gpt3", None, "m", "chat", None, "Tag: p53", 9, 0.0))[:12]
    '063c3668b40a'
    """
    return digest(request_to_json(request))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line, checked. `completion` of a prompted backend, or `prediction` (JSON) of a local model."""

    id: str
    demonstrations: tuple[str, ...]
    completion: Completion | None = None
    prediction: Json | None = None


class Cassette:
    """The recorded answers of one run; `len` and `in` count and find keys."""

    def __init__(self, journal: Journal, *, readonly: bool) -> None:
        self._journal = journal
        self.readonly = readonly

    @classmethod
    def open(cls, path: Path, *, readonly: bool = False) -> Cassette:
        """Opens a `responses.jsonl`; makes it where it is not there and may be written.

        A torn last line is cut away (ignored when `readonly`). Only the place of each key is kept in memory.

        Raises:
            DataError: a broken line that is not the last, or one key with two answers; names file and line.
            RunFolderError: another process writes it (says which), or it cannot be written.
        """
        return cls(Journal(path, readonly=readonly, same=_same_answer), readonly=readonly)

    @property
    def path(self) -> Path:
        """The file."""
        return self._journal.path

    def __len__(self) -> int:
        return len(self._journal.offsets)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bytes.fromhex(key) in self._journal.offsets

    def ids(self) -> tuple[str, ...]:
        """The ids of the recorded examples, each once, in order of arrival."""
        return tuple(dict.fromkeys(str(row.get("id")) for _, row in self._journal.rows()))

    def get(self, key: str, asked: Request | None = None) -> Recorded | None:
        """What was recorded under a key; `None`: nothing. `asked`: the request of that key, where it is at hand.

        Raises:
            DataError: the line is broken, mistyped, or its key is not that of its request.
        """
        offset = self._journal.offsets.get(bytes.fromhex(key))
        return None if offset is None else self._recorded(key, offset, asked)

    def _recorded(self, key: str, offset: int, asked: Request | None) -> Recorded:
        row = self._journal.row(offset)
        id, demonstrations = row.get("id"), row.get("demonstrations")
        if not isinstance(id, str):
            self._journal.fail(offset, "id must be a string")
        if not isinstance(demonstrations, list) or not all(isinstance(name, str) for name in demonstrations):
            self._journal.fail(offset, "demonstrations must be a list of ids")
        if "prediction" in row:
            if not isinstance(row["prediction"], dict):
                self._journal.fail(offset, "prediction must be an object")
            return Recorded(id, tuple(demonstrations), prediction=row["prediction"])
        if row.get("key") != key or not _has_key(row.get("request"), key, asked):
            self._journal.fail(
                offset,
                "the key is not that of its request: the line was changed after it was recorded",
                hint="restore it, or delete it: it is asked for again",
            )
        try:
            completion = completion_from_json(row.get("completion"), row.get("adapted"))
        except DataError as error:
            self._journal.fail(offset, error.message)
        return Recorded(id, tuple(demonstrations), completion)

    def append(
        self, request: Request, completion: Completion, demonstrations: Sequence[str], *, key: str | None = None
    ) -> None:
        """Records an answer. `key`: that of the request, where it is known already.

        Raises:
            RunFolderError: it could not be written (disk full, …); the file is as it was.
        """
        asked = request_to_json(request)
        key = key or digest(asked)
        row = {
            "key": key,
            "id": request.id,
            "demonstrations": list(demonstrations),
            "request": asked,
            "adapted": dict(completion.adapted),
            "completion": completion_to_json(completion),
        }
        self._journal.append(bytes.fromhex(key), encoded(row).encode())

    def append_prediction(self, key: str, id: str, prediction: Json) -> None:
        """Records what a local model predicted.

        Raises:
            RunFolderError: it could not be written; the file is as it was.
        """
        row = {"key": key, "id": id, "demonstrations": [], "prediction": prediction}
        self._journal.append(bytes.fromhex(key), encoded(row).encode())

    def copy(self, key: str, other: Cassette) -> None:
        """Takes over another cassette's line, to the byte.

        Raises:
            KeyError: it has none under this key.
            RunFolderError: it could not be written; the file is as it was.
        """
        name = bytes.fromhex(key)
        self._journal.append(name, other._journal.raw(other._journal.offsets[name]).strip())

    def explain_miss(self, request: Request) -> str:
        """Why a request has no recording here: the nearest one, and the fields that differ."""
        missing = f"{self.path} has no answer to the request of {request.id}"
        asked = request_to_json(request)
        found = misses.nearest(self._journal.rows(), request.id, asked)
        if found is None:
            return f"{missing}, nor to any other request"
        offset, row = found
        differs = "; ".join(misses.differences(row["request"], asked)) or "nothing but its key"
        place = f"line {self._journal.line_number(offset)}, id {row.get('id')}"
        return f"{missing}; the nearest ({place}) differs in {differs}"

    def close(self) -> None:
        """Everything on the disk, the file closed, the next process let in."""
        self._journal.close()

    def __enter__(self) -> Cassette:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _has_key(row: object, key: str, asked: Request | None) -> bool:
    """Whether a recorded request is that of a key: equal to the one that is asked, or of that digest."""
    if not isinstance(row, dict):
        return False
    return (asked is not None and row == request_to_json(asked)) or digest(row) == key


def _same_answer(left: Json, right: Json) -> bool:
    """Whether two lines of one key say the same. How long the answer took is no part of it."""

    def answer(row: Json) -> Any:
        completion = row.get("completion")
        timeless = {**completion, "seconds": None} if isinstance(completion, dict) else completion
        return timeless, row.get("adapted"), row.get("prediction")

    return bool(answer(left) == answer(right))
