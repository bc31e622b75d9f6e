"""Whether values have the types that a record declares, and can be written into a file: what comes from outside (a
`run.toml`, a keyword, the command line) is checked once.

>>> fits(3, "int | None"), fits("3", "int | None"), fits(True, "int"), fits(None, "int | None")
(True, False, False, True)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fewshot.errors import InputError

_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "None": (type(None),),
    "Api": (str,),
    "Check": (str,),
    "Mentions": (str,),
    "Mapping[str, Any]": (Mapping,),
    "Mapping[str, str]": (Mapping,),
}
"""The types behind the words of an annotation, as the records of a run use them."""

_WORDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text", "Api": "text"}
_LONGEST = 40  # characters of a value in a message


def fits(value: object, annotation: str) -> bool:
    """Returns whether a value has one of the types of an annotation such as `int | None`."""
    if annotation in ("list[str]", "tuple[str, ...]"):
        kind = list if annotation.startswith("list") else tuple
        return isinstance(value, kind) and all(isinstance(item, str) for item in value)
    names = [name for name in annotation.split(" | ") if name in _KINDS]
    if isinstance(value, bool):
        return "bool" in names
    return any(isinstance(value, _KINDS[name]) for name in names)


def check(name: str, value: object, annotation: str) -> None:
    """Refuses a value of another type, and text that no file can hold. `name`: for the message.

    Raises:
        InputError: names the value.

    >>> check("--limit", "5", "int | None")
    Traceback (most recent call last):
        ...
    fewshot.errors.InputError: --limit must be a whole number, not '5'
    """
    if not fits(value, annotation):
        wanted = _WORDS.get(annotation.split(" | ", maxsplit=1)[0], annotation)
        raise InputError(f"{name} must be {wanted}, not {shown(value)}")
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and not is_writable(text):
            raise InputError(f"{name} holds what is not UTF-8 text: {shown(text)}")


def is_writable(text: str) -> bool:
    r"""Returns whether a text can be written as UTF-8 and passed to the operating system: half of a surrogate pair
    cannot (Python keeps a byte of the command line that is not UTF-8 as one), and NUL ends a path.

    >>> is_writable("µ"), is_writable("\udcff"), is_writable("a\0")
    (True, False, False)
    """
    return not any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in text)


def as_json(name: str, value: Mapping[str, Any]) -> str:
    """Returns a value as JSON, as `run.toml` keeps what may be anything.

    Raises:
        InputError: it is not JSON (NaN is none), or holds text that no file can hold; names it.

    >>> as_json("--extra", {"stop": None})
    '{"stop": null}'
    """
    try:
        text = json.dumps(dict(value), ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
        raise InputError(f"{name} cannot be written as JSON: {reason}") from None
    if not is_writable(text):
        raise InputError(f"{name} holds half of a surrogate pair, which is not UTF-8 text")
    return text


def shown(value: object) -> str:
    r"""Returns a value as messages quote it: short, on one line, in ASCII.

    >>> shown("a" * 50) == repr("a" * 39 + "…"), shown("\udcff")
    (True, "'\\udcff'")
    """
    text = value if isinstance(value, str) else repr(value)
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return repr(text) if isinstance(value, str) else text
