"""When a model is shut down, by `shutdown_date` in the server's list of models: a day, or seconds since 1970.

>>> retirement(b'{"data": [{"id": "gpt-5", "shutdown_date": "2026-12-11"}]}', "gpt-5")
'gpt3: gpt-5 is shut down on 2026-12-11: what is measured on it can then only be replayed'
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any


def retirement(listing: bytes, model: str) -> str | None:
    """Returns the notice, or `None` if the body is not a list of models or has no date for this one."""
    try:
        dates = [item["shutdown_date"] for item in json.loads(listing)["data"] if item["id"] == model]
        day = _day(dates[0])
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return None
    return f"gpt3: {model} is shut down on {day}: what is measured on it can then only be replayed"


def _day(date: Any) -> str:
    if isinstance(date, int | float):
        return datetime.fromtimestamp(date, UTC).date().isoformat()
    return datetime.fromisoformat(date).date().isoformat()
