"""A value under a key of a JSON object, checked: it is of its type, or the message says where it is not.

    string_at({"id": 5}, "id", Where("gold.jsonl", 7))      gold.jsonl:7: id must be a string, not 5

`name` is that of the object, where it lies inside another one (`entities[3]`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fewshot.errors import Where

Table = Mapping[str, Any]
_SHOWN = 60
"""Characters of a value in a message: enough to find it in its line."""


def string_at(row: Table, key: str, where: Where, name: str = "") -> str:
    """A string.

    Raises:
        DataError: it is missing, or of another type.
    """
    value = row.get(key)
    if not isinstance(value, str):
        path = _path(name, key)
        where.fail(f"{path} is missing" if value is None else f"{path} must be a string, not {type_of(value)}")
    return value


def name_at(row: Table, key: str, where: Where, name: str = "") -> str:
    """A string that is not blank.

    Raises:
        DataError: as `string_at`; or it is blank.
    """
    value = string_at(row, key, where, name)
    if not value.strip():
        where.fail(f"{_path(name, key)} is empty")
    return value


def whole_number(row: Table, key: str, where: Where, name: str = "") -> int:
    """A whole number.

    Raises:
        DataError: it is missing, or of another type.
    """
    value = row.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        where.fail(f"{_path(name, key)} must be a whole number, not {type_of(value)}")
    return value


def share(row: Table, key: str, where: Where, name: str = "") -> float | None:
    """A number from 0 to 1, or nothing. JSON as Python reads it knows NaN and, as 1e999, infinity: both are refused.

    Raises:
        DataError: it is not such a number.
    """
    value = row.get(key)
    if value is not None and not (type(value) in (int, float) and 0 <= value <= 1):
        where.fail(f"{_path(name, key)} must be a number from 0 to 1, not {type_of(value)}")
    return value


def strings(value: object, name: str, where: Where) -> tuple[str, ...] | None:
    """A list of strings, or nothing.

    Raises:
        DataError: it is not a list, or holds something else.
    """
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        where.fail(f"{name} must be a list of strings")
    return tuple(value)


def string_or_strings(value: object, name: str, where: Where) -> str | tuple[str, ...] | None:
    """A string, a list of strings, or nothing.

    Raises:
        DataError: it is none of these.
    """
    return value if isinstance(value, str) else strings(value, name, where)


def counts(value: object, name: str, where: Where) -> dict[Any, int]:
    """An object of whole numbers from 0; nothing is an empty one.

    Raises:
        DataError: it is not an object, or holds something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(type(count) is int and count >= 0 for count in value.values()):
        where.fail(f"{name} must be an object of counts")
    return value


def type_of(value: object) -> str:
    """A value for a message: an object and a list by their type, all else as it is.

    >>> type_of(None), type_of([1]), type_of("x"), type_of(True)
    ('nothing', 'a list', "'x'", 'True')
    """
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return shown(value)


def shown(value: object) -> str:
    """A value as Python writes it, cut if it is long.

    >>> shown(10), len(shown("x" * 1000)), len(shown(10**5000))
    ('10', 60, 22)
    """
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:  # longer ones Python refuses to write
        return f"a number of {value.bit_length()} bits"
    text = repr(value[:_SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _path(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
