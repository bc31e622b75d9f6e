"""Files of predictions, in any format that data comes in, as lines by the id of their example.

Our own JSONL has an id and a value, or raw output, and no text. All else is read as data is: its records are found
again by their ids or, where these are made of other lines, by their texts, which must be those of the data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fewshot import data, files
from fewshot.errors import DataError, InputError, Where
from fewshot.origin.opening import is_read_once
from fewshot.records import FIELDS, Example
from fewshot.schema import Json, example_to_json
from fewshot.tasks import Task
from fewshot.text import iob
from fewshot.text.visible import shortened

_QUOTED = 60


@dataclass(frozen=True, slots=True)
class Line:
    """What a file says of one example."""

    row: Json
    where: Where


def read(
    path: Path, task: Task, examples: Sequence[Example], options: Mapping[str, str]
) -> tuple[dict[str, Line], list[str]]:
    """The lines of a file by id, and what there is to say. `options`: of the reader, those that fit are taken.

    Raises:
        DataError: a line that cannot be read, an id twice; a text that is not that of the data.
        InputError: the file cannot be read.
    """
    if is_read_once(str(path)):
        raise InputError(f"--predictions {path} can be read once: a result names its file", hint="save it to a file")
    try:
        if _is_own(path):
            return _own(path), []
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    said: list[str] = []
    found = data.read(str(path), task.name, options=data.options_for(str(path), options), said=said)
    by_id = {example.id: example for example in examples}
    if all(one.id in by_id for one in found):
        pairs = [(one, by_id[one.id]) for one in found]
    else:
        pairs = _by_text(found, examples, path)
        said.append(f"{path}: predictions are matched with the data by their texts")
    return {example.id: _line(one, example, task, path) for one, example in pairs}, said


def digest(path: Path) -> str:
    """SHA-256 (hex) of a file, or of all files of a folder."""
    every = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            every.update(file.read_bytes())
    return every.hexdigest()


def _is_own(path: Path) -> bool:
    """Whether a file holds predictions as we write them, whatever its ending."""
    if path.is_dir():
        return False
    keys = data.Origin(str(path)).head().keys
    if "id" in keys and "text" not in keys and "tokens" not in keys:
        return True
    try:
        return data.reader(data.guess(str(path))).holds_predictions
    except InputError:
        return True  # an ending that nobody knows: it says what is wrong with the first line


def _own(path: Path) -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for number, row in files.json_objects(data.lines(path), path):
        id_ = row.get("id")
        if not isinstance(id_, str):
            raise DataError("id is missing", path=path, line=number)
        if id_ in lines:
            first = lines[id_].where.line
            raise DataError(f"duplicate id (first on line {first})", path=path, line=number, id=id_)
        lines[id_] = Line(row, Where(path, number, id_))
    return lines


def _by_text(found: Sequence[Example], examples: Sequence[Example], path: Path) -> list[tuple[Example, Example]]:
    """Each record with the example of the same text; of several with the same text the next one."""
    waiting: dict[str, list[Example]] = {}
    for example in reversed(examples):
        waiting.setdefault(_solid(example.text), []).append(example)
    pairs = []
    for one in found:
        same = waiting.get(_solid(one.text))
        if not same:
            raise DataError(
                f"neither its id nor its text is one of the data: {shortened(one.text, _QUOTED)!r}",
                path=path,
                id=one.id,
                hint="check --data, --split and --task",
            )
        pairs.append((one, same.pop() if len(same) > 1 else same[0]))
    return pairs


def _line(one: Example, example: Example, task: Task, path: Path) -> Line:
    """What a record says of an example."""
    where = Where(path, None, example.id)
    if "tagging" in one.extra:
        one = _in_the_text(one, example, where)
    if _folded(one.text) != _folded(example.text):
        at = next((i for i, (a, b) in enumerate(zip(one.text, example.text, strict=False)) if a != b), 0)
        where.fail(
            f"its text is not that of the data, from character {at + 1} on: {shortened(one.text[at:], _QUOTED)!r}",
            hint="offsets of another text cannot be scored",
        )
    field = FIELDS[task.kind]
    row = example_to_json(one)
    if field == "entities" and one.entities is None:
        row[field] = []  # a text without annotations, in a file of predictions
    return Line(row | {"id": example.id}, where)


def _in_the_text(one: Example, example: Example, where: Where) -> Example:
    """Words with tags, whose text is a guess (a space between them), at their places in the text of the data."""
    words = one.extra.get("words") or one.text.split(" ")
    edges = iob.locate(words, example.text)
    if edges is None:
        where.fail("its words are not those of the text of the data", hint="check --data, --split and --task")
    _, own = iob.join(words)
    starts = {guess[0]: edge[0] for guess, edge in zip(own, edges, strict=True)}
    ends = {guess[1]: edge[1] for guess, edge in zip(own, edges, strict=True)}
    entities = (replace(span, start=starts[span.start], end=ends[span.end]) for span in one.entities or ())
    return replace(one, text=example.text, entities=tuple(entities))


def _solid(text: str) -> str:
    """A text without its white space, to find it by."""
    return "".join(text.split())


def _folded(text: str) -> str:
    """A text whose white space is all alike (some formats hold no line breaks), as long as before: offsets hold."""
    return "".join(" " if character.isspace() else character for character in text)
