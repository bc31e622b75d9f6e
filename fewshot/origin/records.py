r"""JSON as it comes: lines, an array, one object over many lines. Each value with the line on which it begins.

    for line, row in values(origin): …

JSON lines are read line by line; all else as a whole, within a bound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fewshot.errors import DataError, Where
from fewshot.fields import type_of
from fewshot.files import json_values
from fewshot.origin import Origin

_BETWEEN = re.compile(r"[\s,]*")
_HINT = "a file holds JSON lines or one JSON array"


def values(origin: Origin) -> Iterator[tuple[int, object]]:
    """`(line number from 1, value)` of every JSON value.

    Raises:
        DataError: it is not JSON; says on which line and at which character.
    """
    return _whole(origin) if _is_whole(origin) else json_values(origin.lines(), origin.name, origin.refuse)


def _is_whole(origin: Origin) -> bool:
    """Whether the file is one array of records, or records over several lines each."""
    text = origin.head().text.lstrip()
    if text.startswith("["):
        return text[1:].lstrip()[:1] in ("{", "[", "]")
    first = text.partition("\n")[0].rstrip()
    return first == "{" or (first.startswith("{") and not first.endswith("}") and "\n" in text)


def _whole(origin: Origin) -> Iterator[tuple[int, object]]:
    text = origin.text()
    at = len(text) - len(text.lstrip())
    in_array = text.startswith("[", at)
    at += in_array
    decode, line, counted = json.JSONDecoder().raw_decode, 1, 0
    while True:
        between = _BETWEEN.match(text, at)
        at = between.end() if between else at
        line, counted = line + text.count("\n", counted, at), at
        if at >= len(text) or (in_array and text[at] == "]"):
            break
        try:
            value, at = decode(text, at)
        except json.JSONDecodeError as error:
            line += text.count("\n", counted, error.pos)
            column = error.pos - text.rfind("\n", 0, error.pos)
            said = f"not JSON: {error.msg.lower()} at character {column}"
            raise DataError(said, path=origin.name, line=line, hint=_HINT) from None
        except ValueError:  # Python reads no number of more than 4,300 digits
            raise DataError("not JSON: a number without end", path=origin.name, line=line, hint=_HINT) from None
        except RecursionError:
            raise DataError("not JSON: nested too deeply", path=origin.name, line=line, hint=_HINT) from None
        yield line, value
    rest = text[at + 1 :].strip() if in_array else ""
    if rest or (in_array and at >= len(text)):
        what = "something follows the array" if rest else "the array does not end"
        raise DataError(f"not JSON: {what}", path=origin.name, line=line, hint=_HINT)


def objects(origin: Origin) -> Iterator[tuple[Where, dict[str, Any]]]:
    """As `values`, where every value must be an object; with its location.

    Raises:
        DataError: it is not JSON, or not an object.
    """
    for line, value in values(origin):
        where = Where(origin, line)
        if not isinstance(value, dict):
            where.fail(f"must be an object, not {type_of(value)}")
        yield where, value


def list_at(row: Mapping[str, Any], key: str, where: Where) -> list[Any]:
    """A list under a key; nothing is an empty one.

    Raises:
        DataError: it is something else.
    """
    value = row.get(key)
    if value is not None and not isinstance(value, list):
        where.fail(f"{key} must be a list, not {type_of(value)}")
    return value or []


def word_at(row: Mapping[str, Any], key: str) -> str | None:
    """A name under a key, also one that is a number; `None`: none is there."""
    value = row.get(key)
    if isinstance(value, str) and value.strip():
        return value
    return str(value) if type(value) is int and abs(value) < 1 << 64 else None
