"""The lines of a cassette as tests look at them: one an answer, its request whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fewshot.cassette import sharing


def answers(path: Path | str) -> list[dict[str, Any]]:
    """The answers in a `responses.jsonl`, in order of arrival, without the parts that requests share."""
    rows = [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]
    parts = {row[sharing.PART]: row for row in rows if sharing.PART in row}
    found = [row for row in rows if sharing.PART not in row]
    for row in found:
        if sharing.is_short(row.get("request")):
            row["request"] = sharing.whole(row["request"], parts.get)
    return found


def whole_lines(path: Path | str) -> list[str]:
    """The same answers as a version before 0.2.0 wrote them: each line with all of its request."""
    return [json.dumps(row, ensure_ascii=False) for row in answers(path)]
