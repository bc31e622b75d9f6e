"""Records as JSON, one a line: the project's own format.

    {"id": "f1", "group": "10.1000/x", "text": "(A) p53 blot.", "panels": [{"labels": ["A"], "start": 0,
     "end": 13}], "split": "test"}

`fewshot.schema` says which keys there are. Blank lines and a byte order mark are fine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from jsonlines import InvalidLineError
from jsonlines import Reader as Lines
from jsonlines import Writer as Sink

from fewshot.data import Reader, Writer, lines
from fewshot.errors import DataError, Where
from fewshot.files import encoded
from fewshot.records import Example
from fewshot.schema import check_ids, example_from_json, example_to_json


class JsonlReader(Reader):
    """JSONL in the project's own schema."""

    suffixes = frozenset({".jsonl", ".json"})

    def read(self, source: str, task: str | None) -> list[Example]:
        """All records, whatever they are labelled for.

        Raises:
            DataError: a line that is no JSON or no valid record; an id twice.
        """
        numbers, examples = [], []
        for number, row in _rows(source):
            numbers.append(number)
            examples.append(example_from_json(row, Where(source, number)))
        check_ids(examples, source, numbers)
        return examples


class JsonlWriter(Writer):
    """One record a line; letters as they are, not escaped."""

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Every example with all that is known of it, for any `task`."""
        count = 0
        with path.open("w", encoding="utf-8", newline="\n") as file, Sink(file, dumps=encoded) as sink:
            for count, example in enumerate(examples, 1):  # noqa: B007
                sink.write(example_to_json(example))
        return count


def _rows(path: str) -> Iterator[tuple[int, object]]:
    """`(line number, JSON value)` of every line that is not blank."""
    number = 0

    def filled() -> Iterator[str]:
        nonlocal number
        for line in lines(path):
            number += 1
            if line.strip():
                yield line

    try:
        for row in Lines(filled()):
            yield number, row
    except InvalidLineError as error:
        raise _not_json(path, number, error) from error


def _not_json(path: str, number: int, error: InvalidLineError) -> DataError:
    """What the JSON parser said, without the place that it counts inside the line alone."""
    cause = error.__cause__
    at = getattr(cause, "pos", None)
    reason = str(getattr(cause, "msg", error)).lower()
    place = "" if at is None else f" at character {at + 1}"
    return DataError(f"not JSON: {reason}{place}", path=path, line=number, hint="each line must be one JSON object")


READER = JsonlReader()
WRITER = JsonlWriter()
