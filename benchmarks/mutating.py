"""Changes to a text that break it in the ways that models, servers, editors and attackers do.

mutated('{"text": "p53"}', others, random.Random(1))       '{"text": [[]]}', '{"text": "p53p53p53', …
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.hostile import PAYLOADS

_PIECES = list(PAYLOADS.values())
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_TOML_VALUE = re.compile(r"^([\w.\"]+ = ).*$", re.MULTILINE)
_NUMBERS = ("-1", "0", "1", "5.5", "1e999", "-7", "007", "99999999999999999999", "NaN", "Infinity", "9" * 5000)
_VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 5.5, 1e308, float("nan"), float("inf"), 10**30, "", "x", "\ud83d", "a\nb", "\x1b[2J",
    "p53" * 2000, "9" * 400, [], {}, [[]], [None], [{}], {"": None}, {"text": 5}, ["a", 5], {"a": {"b": [1]}},
)  # fmt: skip
_DEEP = 3000
"""Levels of nesting: beyond what the JSON and TOML parsers of Python follow."""

_LONGEST = 20_000  # characters: what is longer is a matter for `adversarial.py`
_FEW = (1, 1, 2, 2, 3, 5, 20, 300, 1500)  # how often a piece is repeated

Change = Callable[[str, Sequence[str], random.Random], str]


def mutated(text: str, others: Sequence[str], chance: random.Random) -> str:
    """A text after one to five changes. `others`: texts of the same kind, of which parts are taken."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        text = chance.choice(_CHANGES)(text, others, chance)
    return text[:_LONGEST] if chance.random() < 0.5 else text[: 10 * _LONGEST]


def _part(text: str, chance: random.Random) -> tuple[int, int]:
    """A slice, short ones more often."""
    start = chance.randrange(len(text) + 1)
    return start, min(len(text), start + chance.choice((0, 1, 1, 2, 4, 10, 40, 200)))


def _cut(text: str, _others: Sequence[str], chance: random.Random) -> str:
    start, end = _part(text, chance)
    return text[:start] + text[end:]


def _truncate(text: str, _others: Sequence[str], chance: random.Random) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _repeat(text: str, _others: Sequence[str], chance: random.Random) -> str:
    start, end = _part(text, chance)
    return text[:end] + text[start:end] * chance.choice(_FEW) + text[end:]


def _insert(text: str, _others: Sequence[str], chance: random.Random) -> str:
    start, end = _part(text, chance)
    end = chance.choice((start, end))
    return text[:start] + chance.choice(_PIECES) * chance.choice(_FEW) + text[end:]


def _move(text: str, _others: Sequence[str], chance: random.Random) -> str:
    (a, b), to = _part(text, chance), chance.randrange(len(text) + 1)
    return text[:a] + text[b:] if a <= to <= b else text[:to] + text[a:b] + text[to:]


def _splice(text: str, others: Sequence[str], chance: random.Random) -> str:
    if not others:
        return text
    other = chance.choice(others)
    return text[: chance.randrange(len(text) + 1)] + other[chance.randrange(len(other) + 1) :]


def _case(text: str, _others: Sequence[str], chance: random.Random) -> str:
    start, end = _part(text, chance)
    return text[:start] + text[start:end].swapcase() + text[end:]


def _letter(text: str, _others: Sequence[str], chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    code = chance.choice((chance.randrange(0x20), chance.randrange(0x250), chance.randrange(0x3000), 0xD800, 0x1F9EC))
    return text[:at] + chr(code) + text[at + 1 :]


def _number(text: str, _others: Sequence[str], chance: random.Random) -> str:
    found = list(_NUMBER.finditer(text))
    if not found:
        return text
    one = chance.choice(found)
    return text[: one.start()] + chance.choice(_NUMBERS) + text[one.end() :]


def _json(text: str, _others: Sequence[str], chance: random.Random) -> str:
    """One value of a JSON text, or of one of its lines, becomes another."""
    lines = text.split("\n")
    whole = text[:1] in "{[" and len(lines) < 2000 and text.rstrip()[-1:] in "}]" and "\n{" not in text
    at = chance.randrange(len(lines))
    try:
        row = json.loads(text if whole else lines[at])
    except (ValueError, RecursionError):
        return text
    if chance.random() < 0.05:
        changed = ("[" * _DEEP) if chance.random() < 0.5 else json.dumps(row)[:-1] + ', "a": ' + '{"a":' * _DEEP
    else:
        changed = json.dumps(_with_a_change(row, chance), ensure_ascii=chance.random() < 0.5)
    return changed if whole else "\n".join([*lines[:at], changed, *lines[at + 1 :]])


def _with_a_change(row: Any, chance: random.Random) -> Any:
    """A JSON value in which one part, at any depth, is replaced, removed, doubled or renamed."""
    if not isinstance(row, dict | list) or not row or chance.random() < 0.1:
        return chance.choice(_VALUES)
    if isinstance(row, list):
        at = chance.randrange(len(row))
        inner = [] if chance.random() < 0.1 else [_with_a_change(row[at], chance)] * chance.choice((1, 1, 1, 2))
        return [*row[:at], *inner, *row[at + 1 :]]
    key = chance.choice(list(row))
    rest = {name: value for name, value in row.items() if name != key}
    how = chance.random()
    if how < 0.1:
        return rest
    if how < 0.15:
        return {**rest, chance.choice(("", "x", key.upper(), "\ud83d")): row[key]}
    return {**row, key: _with_a_change(row[key], chance)}


def _toml(text: str, _others: Sequence[str], chance: random.Random) -> str:
    """One value of a TOML file becomes another."""
    found = list(_TOML_VALUE.finditer(text))
    if not found:
        return _json(text, _others, chance)
    one = chance.choice(found)
    values = (
        '""', '"x"', "-1", "0", "5.5", "nan", "inf", "true", "[]", "{}", "[1]", '["a", "b"]', "2020-01-01",
              "2020-01-01T00:00:00Z", "{a = 1}", "99999999999999999999", "[" * _DEEP, '"\\u0000"', "'a\tb'",
    )  # fmt: skip
    return text[: one.start()] + one[1] + chance.choice(values) + text[one.end() :]


_CHANGES: tuple[Change, ...] = (
    _cut, _truncate, _repeat, _insert, _insert, _insert, _move, _splice, _case, _letter, _letter, _number,
    _json, _json, _json, _toml, _toml,
)  # fmt: skip
