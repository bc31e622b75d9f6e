"""When a model is shut down, as its server's list of models tells: `shutdown_date`, a day or seconds since 1970.

>>> retirement(b'{"data": [{"id": "gpt-5", "shutdown_date": "2026-12-11"}]}', "gpt-5")
'gpt3: gpt-5 is shut down on 2026-12-11: what is measured on it can then only be replayed'
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any


def retirement(listing: bytes, model: str) -> str | None:
    """The line that says so; `None` where the list says nothing of this model, or is none."""
    try:
        found = [item["shutdown_date"] for item in json.loads(listing)["data"] if item["id"] == model]
        day = _day(found[0])
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return None
    return f"gpt3: {model} is shut down on {day}: what is measured on it can then only be replayed"


def _day(said: Any) -> str:
    if isinstance(said, int | float):
        return datetime.fromtimestamp(said, UTC).date().isoformat()
    return datetime.fromisoformat(said).date().isoformat()
