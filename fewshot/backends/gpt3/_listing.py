"""What a server's list of models (`/v1/models`) says: their names, and when one is shut down (a day, or seconds since
1970). Whatever else comes is not a list.

>>> retirement(b'{"data": [{"id": "gpt-5", "shutdown_date": "2026-12-11"}]}', "gpt-5")
'gpt3: gpt-5 is shut down on 2026-12-11: what is measured on it can then only be replayed'
>>> list(models_of(b'{"data": [{"id": "gpt-5"}, 7]}')), list(models_of(b"<html>"))
(['gpt-5'], [])
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any


def models_of(listing: bytes) -> Iterator[str]:
    """Yields the names of the models."""
    for item in _items(listing):
        if isinstance(item.get("id"), str):
            yield item["id"]


def retirement(listing: bytes, model: str) -> str | None:
    """Returns the notice, or `None` if the body is not a list of models or has no date for this one."""
    dates = (item.get("shutdown_date") for item in _items(listing) if item.get("id") == model)
    day = _day(next(dates, None))
    return (
        None
        if day is None
        else f"gpt3: {model} is shut down on {day}: what is measured on it can then only be replayed"
    )


def _items(listing: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        body = json.loads(listing)
    except (ValueError, RecursionError):
        return
    items = body.get("data") if isinstance(body, dict) else body
    yield from (item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()


def _day(date: object) -> str | None:
    try:
        if isinstance(date, int | float):
            return datetime.fromtimestamp(date, UTC).date().isoformat()
        return datetime.fromisoformat(date).date().isoformat() if isinstance(date, str) else None
    except (ValueError, OverflowError, OSError):
        return None
