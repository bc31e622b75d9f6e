"""Files of a repair: the patch that a machine applies, the diff that a person reads, the decisions of a person.

{"id": "fig-1", "finding": "merged_panels-1f2e3d4c", "kind": "merged_panels", "certainty": "certain",
 "reason": "B begins at a sentence start inside A", "field": "panels", "remove": [{…}], "add": [{…}, {…}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any, get_args

from fewshot import files
from fewshot.audit.finding import Change, Field
from fewshot.audit.repair import Decisions, Step
from fewshot.errors import InputError, Where
from fewshot.fields import string_at, strings
from fewshot.records import HYPOTHESIS_ROLES, Example
from fewshot.text.visible import one_line, shortened

_QUOTED = 60


def to_json(step: Step) -> dict[str, Any]:
    """A line of `patch.jsonl`."""
    return {
        "id": step.id, "finding": step.finding, "kind": step.kind, "certainty": step.certainty, "reason": step.reason,
    } | step.change.to_json()  # fmt: skip


def read(path: Path) -> Iterator[tuple[Step, Where]]:
    """The steps of a patch, in order, with their places in the file.

    Raises:
        DataError: a line that is no step.
        InputError: the file cannot be read.
    """
    try:
        for number, row in files.json_objects(files.lines(path), path):
            where = Where(path, number)
            values = {key: string_at(row, key, where) for key in ("id", "finding", "kind", "certainty", "reason")}
            yield Step(**values, change=_change(row, where)), where
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def _change(row: dict[str, Any], where: Where) -> Change:
    field = string_at(row, "field", where)
    if field not in get_args(Field):
        where.fail(f"field must be one of {', '.join(get_args(Field))}")
    items = [tuple(_items(row.get(key), key, where)) for key in ("remove", "add")]
    needed = {"panels": "start", "entities": "start", "text": "text", "split": "text", "hypothesis": "part"}
    for item in (*items[0], *items[1]):
        _check(item, field, needed.get(field, "id"), where)
    if field == "text" and len(items[0]) != len(items[1]):
        where.fail("a change of a text needs as many items to add as to remove")
    return Change(field, *items)  # type: ignore[arg-type]


def _check(item: dict[str, Any], field: str, key: str, where: Where) -> None:
    """An item has what its field needs, of the right type."""
    value = item.get(key)
    if key == "part" and value not in HYPOTHESIS_ROLES:
        where.fail(f"part must be one of {', '.join(HYPOTHESIS_ROLES)}")
    numbers = [item.get(edge) for edge in ("start", "end") if edge in item]
    if not all(type(number) is int for number in numbers) or (key == "start" and len(numbers) < 2):
        where.fail("start and end must be whole numbers")
    if key in ("text", "id") and not isinstance(value, str):
        where.fail(f"an item of {field} needs {key}, a string")


def _items(value: object, key: str, where: Where) -> Iterator[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        where.fail(f"{key} must be a list of objects")
    yield from value


def read_decisions(path: Path) -> Decisions:
    """The decisions of a person: `{"accepted": [names of findings], "rejected": […]}`.

    Raises:
        InputError, DataError: the file cannot be read, or holds something else.
    """
    import json

    where = Where(path)
    try:
        row = json.loads("".join(files.lines(path)))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        where.fail(f"not JSON: {error}"[:200])
    if not isinstance(row, dict):
        where.fail("decisions must be an object with `accepted` and `rejected`")
    return Decisions(
        *(frozenset(strings(row.get(key), key, where) or ()) for key in ("accepted", "rejected"))
    )  # fmt: skip


def diff(before: Sequence[Example], after: Sequence[Example]) -> str:
    """What a repair changed, as a unified diff of the records as people read them; an example a part."""
    now = {example.id: example for example in after}
    parts: list[str] = []
    for example in before:
        later = now.get(example.id)
        same_text = later is not None and later.text == example.text
        old, new = _shown(example, without_text=same_text), _shown(later, without_text=same_text) if later else []
        if old != new:
            name = one_line(example.id)
            parts.extend(unified_diff(old, new, f"{name} (gold)", f"{name} (repaired)", lineterm="", n=1))
    return "".join(f"{line}\n" for line in parts)


def _shown(example: Example, *, without_text: bool) -> list[str]:
    """A record, a line a fact; `without_text`: that has not changed, and would hide what has."""
    lines = [] if without_text else [f"text {one_line(example.text)}"]
    lines += [f"split {one_line(example.split)}"] if example.split else []
    lines += _spans("panel", ((p.start, p.end, ", ".join(p.labels or ())) for p in example.panels or ()), example.text)
    lines += _spans("entity", ((e.start, e.end, e.label) for e in example.entities or ()), example.text)
    for part, members in example.hypothesis.roles() if example.hypothesis else ():
        lines += [one_line(f"{part} {member.label} {member.text}") for member in members]
    return lines


def _spans(noun: str, spans: Iterable[tuple[int, int, str]], text: str) -> list[str]:
    return [
        one_line(f"{noun} {label or '–'} {start}–{end} {shortened(text[start:end], _QUOTED)}")
        for start, end, label in spans
    ]
