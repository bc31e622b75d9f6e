"""Why a request has no recording: the nearest one, and the fields in which it differs.

>>> was = {"model": "a", "turns": [{"role": "user", "content": "Tag: p53"}]}
>>> now = {"model": "b", "turns": [{"role": "user", "content": "Tag: p54"}]}
>>> differences(was, now)
["model: recorded 'a', asked 'b'", "turns[0] (user) at character 7: recorded '…Tag: p53', asked '…Tag: p54'"]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fewshot.schema import Json

_SHOWN = 60
_BEFORE, _AFTER = 20, 30


def nearest(rows: Iterable[tuple[int, Json]], id: str, asked: Json) -> tuple[int, Json] | None:
    """`(offset, row)` of the recording that is most like `asked`: of the same id first, then with the most
    equal fields, then with the longest common beginning of its prompt; `None` where none has a request."""
    best, found = (False, -1, -1), None
    for offset, row in rows:
        was = row.get("request")
        if not isinstance(was, dict):
            continue
        equal = sum(was.get(field, ...) == value for field, value in asked.items())
        rank = (row.get("id") == id, equal, _common(_prompt(was), _prompt(asked)))
        if rank > best:
            best, found = rank, (offset, row)
    return found


def differences(was: Json, now: Json) -> list[str]:
    """One phrase a field that differs, in the order of the request's fields."""
    found = []
    for field in dict.fromkeys((*now, *was)):
        old, new = was.get(field), now.get(field)
        if old == new:
            continue
        if field == "turns" and isinstance(old, list) and isinstance(new, list):
            found += _turns(old, new)
        else:
            found.append(f"{field}{_values(old, new)}")
    return found


def _turns(old: list[Any], new: list[Any]) -> list[str]:
    """The first turn that differs: those after it mostly differ because it does."""
    if len(old) != len(new):
        return [f"turns: recorded {len(old)}, asked {len(new)}"]
    for i, (was, now) in enumerate(zip(old, new, strict=True)):
        if was != now:
            if not isinstance(was, dict) or was.get("role") != now["role"]:
                return [f"turns[{i}]{_values(was, now)}"]
            return [f"turns[{i}] ({now['role']}){_values(was.get('content'), now['content'])}"]
    return []


def _values(old: object, new: object) -> str:
    if isinstance(old, str) and isinstance(new, str):
        at = _common(old, new)
        if at >= 5 or max(len(old), len(new)) > _SHOWN:  # shown from where they part
            return f" at character {at}: recorded {_around(old, at)}, asked {_around(new, at)}"
    return f": recorded {_short(old)}, asked {_short(new)}"


def _around(text: str, at: int) -> str:
    start, end = max(0, at - _BEFORE), at + _AFTER
    return repr("…" + text[start:end] + ("…" if end < len(text) else ""))


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"


def _prompt(request: Json) -> str:
    turns = request.get("turns")
    if isinstance(turns, list):
        return "\0".join(str(turn.get("content")) for turn in turns if isinstance(turn, dict))
    return str(request.get("prompt"))


def _common(left: str, right: str) -> int:
    """The length of the common beginning, by halving: no loop over characters."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
