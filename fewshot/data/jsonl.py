"""Records as JSON, one a line: the project's own format.

    {"id": "f1", "group": "10.1000/x", "text": "(A) p53 blot.", "panels": [{"labels": ["A"], "start": 0,
     "end": 13}], "split": "test"}

`fewshot.schema` says which keys there are. Blank lines and a byte order mark are fine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from fewshot.data import Reader, Writer, lines
from fewshot.errors import Where
from fewshot.files import json_values, write_json_lines
from fewshot.records import Example
from fewshot.schema import check_ids, example_from_json, example_to_json


class JsonlReader(Reader):
    """JSONL in the project's own schema."""

    suffixes = frozenset({".jsonl", ".json"})

    def read(self, source: str, task: str | None) -> list[Example]:
        """All records, whatever they are labelled for.

        Raises:
            DataError: a line that is not JSON or not a valid record; an id twice.
        """
        numbers, examples = [], []
        for number, row in json_values(lines(source), source):
            numbers.append(number)
            examples.append(example_from_json(row, Where(source, number)))
        check_ids(examples, source, numbers)
        return examples

    def rows(self, source: str) -> Iterator[tuple[int, object]]:
        """All records, unchecked."""
        return json_values(lines(source), source)


class JsonlWriter(Writer):
    """One record a line; letters as they are, not escaped."""

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Every example with all that is known of it, for any `task`."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            return write_json_lines(map(example_to_json, examples), file)


READER = JsonlReader()
WRITER = JsonlWriter()
