"""Why a request has no recording: the nearest recording, and the fields in which it differs.

>>> recorded = {"model": "a", "turns": [{"role": "user", "content": "Tag: p53"}]}
>>> request = {"model": "b", "turns": [{"role": "user", "content": "Tag: p54"}]}
>>> differences(recorded, request)
["model: recorded 'a', asked 'b'", "turns[0] (user) at character 7: recorded '…Tag: p53', asked '…Tag: p54'"]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fewshot.schema import Json

# Characters, so that two values fit on a line or two of a terminal (judgements).
_LONGEST_VALUE = 60  # of a value that is shown whole
_BEFORE, _AFTER = 20, 30  # shown around the first difference of two longer texts
_COMMON_START = 5  # equal characters from which on only the surroundings of the difference are shown


def nearest(rows: Iterable[tuple[int, Json]], id: str, request: Json) -> tuple[int, Json] | None:
    """Returns `(offset, row)` of the recording most like `request`, or `None` if no row has a request.

    A recording of the same id comes first, then the one with the most equal fields, then the one whose prompt has the
    longest common beginning.
    """
    best_rank, best = (False, -1, -1), None
    for offset, row in rows:
        recorded = row.get("request")
        if not isinstance(recorded, dict):
            continue
        equal = sum(recorded.get(field, ...) == value for field, value in request.items())
        # Tuples compare element by element, so a recording of the same id always comes first.
        rank = (row.get("id") == id, equal, _common_length(_prompt(recorded), _prompt(request)))
        if rank > best_rank:
            best_rank, best = rank, (offset, row)
    return best


def differences(recorded: Json, request: Json) -> list[str]:
    """Returns one phrase for each field that differs, in the order of the request's fields."""
    phrases = []
    for field in dict.fromkeys((*request, *recorded)):
        old, new = recorded.get(field), request.get(field)
        if old == new:
            continue
        if field == "turns" and isinstance(old, list) and isinstance(new, list):
            phrases += _turns(old, new)
        else:
            phrases.append(f"{field}{_values(old, new)}")
    return phrases


def _turns(old: list[Any], new: list[Any]) -> list[str]:
    """Returns a phrase for the first turn that differs; later turns mostly differ because this one does."""
    if len(old) != len(new):
        return [f"turns: recorded {len(old)}, asked {len(new)}"]
    for i, (old_turn, new_turn) in enumerate(zip(old, new, strict=True)):
        if old_turn != new_turn:
            if not isinstance(old_turn, dict) or old_turn.get("role") != new_turn["role"]:
                return [f"turns[{i}]{_values(old_turn, new_turn)}"]
            return [f"turns[{i}] ({new_turn['role']}){_values(old_turn.get('content'), new_turn['content'])}"]
    return []


def _values(old: object, new: object) -> str:
    if isinstance(old, str) and isinstance(new, str):
        at = _common_length(old, new)
        if at >= _COMMON_START or max(len(old), len(new)) > _LONGEST_VALUE:
            return f" at character {at}: recorded {_around(old, at)}, asked {_around(new, at)}"
    return f": recorded {_short(old)}, asked {_short(new)}"


def _around(text: str, at: int) -> str:
    start, end = max(0, at - _BEFORE), at + _AFTER
    return repr("…" + text[start:end] + ("…" if end < len(text) else ""))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def _prompt(request: Json) -> str:
    turns = request.get("turns")
    if isinstance(turns, list):
        return "\0".join(str(turn.get("content")) for turn in turns if isinstance(turn, dict))
    return str(request.get("prompt"))


def _common_length(left: str, right: str) -> int:
    """Returns the length of the common beginning. Bisects with slices: far faster than a loop over characters."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
