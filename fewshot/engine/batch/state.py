"""What a run folder knows of its batches (`batch.json`): written before each step that costs money.

    {"version": 1, "name": "fewshot-1a2b3c4d", "parts": [
      {"name": "fewshot-1a2b3c4d-1", "requests": 50000, "route": "/v1/chat/completions", "changes": {}, "room": 0,
       "file": "file-…", "batch": "batch_…", "status": "in_progress", "completed": 812, "failed": 0}]}

A part is one file of requests, `batches/NAME.jsonl` until its answers are recorded. Its name goes to the server as the
name of the file and in the metadata of the batch, so that what was created while nobody could write it down is found.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from fewshot import files
from fewshot.errors import RunFolderError
from fewshot.servers.adapting import Terms

FILE, FOLDER = "batch.json", "batches"
VERSION = 1

WRITTEN, QUEUED, FETCHED, REFUSED = "written", "queued", "fetched", "refused"
"""Statuses of ours, beside those of the server: written and not submitted; waits for the limit of queued tokens; its
answers are recorded; the server refused it whole."""

CLOSED = frozenset({FETCHED, REFUSED})


@dataclass(frozen=True, slots=True)
class Part:
    """One file of requests, and what became of it. `changes`, `room`: the terms (`Terms`) that it was written on."""

    name: str
    requests: int
    route: str
    changes: Mapping[str, str]
    room: int = 0
    file: str | None = None
    batch: str | None = None
    status: str = WRITTEN
    completed: int = 0
    failed: int = 0

    @property
    def terms(self) -> Terms:
        """How its lines are written."""
        return Terms(self.changes, self.room)

    @property
    def open(self) -> bool:
        """Whether its answers are still to come."""
        return self.status not in CLOSED


@dataclass(slots=True)
class State:
    """The parts of a run, in order. Every `put` is on disk when it returns."""

    folder: Path
    name: str
    parts: dict[str, Part]

    @classmethod
    def read(cls, folder: Path) -> State:
        """Returns what a run folder says, or an empty state.

        Raises:
            RunFolderError: `batch.json` is broken; names what.
        """
        path = folder / FILE
        try:
            table = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return cls(folder, f"fewshot-{os.urandom(8).hex()}", {})
        except (OSError, ValueError, RecursionError) as error:
            raise RunFolderError(f"cannot read {path}: {str(error)[:120]}") from None
        try:
            if table["version"] != VERSION or not isinstance(table["name"], str):
                raise ValueError(f"version {str(table['version'])[:20]}")
            parts = [_part(row) for row in table["parts"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RunFolderError(f"{path} is broken: {str(error)[:120]}") from None
        return cls(folder, table["name"], {part.name: part for part in parts})

    @property
    def open(self) -> list[Part]:
        """The parts whose answers are still to come."""
        return [part for part in self.parts.values() if part.open]

    def lines(self, part: Part) -> Path:
        """Returns the path of a part's requests."""
        return self.folder / FOLDER / f"{part.name}.jsonl"

    def new_name(self) -> str:
        """Returns the name of the next part."""
        return f"{self.name}-{len(self.parts) + 1}"

    def put(self, part: Part, **changes: Any) -> Part:
        """Keeps a part, with changes.

        Raises:
            RunFolderError: it cannot be written.
        """
        part = replace(part, **changes)
        self.parts[part.name] = part
        rows = [asdict(part) | {"changes": dict(part.changes)} for part in self.parts.values()]
        text = json.dumps({"version": VERSION, "name": self.name, "parts": rows}, indent=2)
        files.write(self.folder / FILE, text + "\n", error=RunFolderError)
        return part


def _part(row: Mapping[str, Any]) -> Part:
    """Reads a part. A folder may be someone else's: its name becomes a path, so that it is a plain word."""
    from fewshot.servers.batches import STATUSES  # brings HTTP, which a folder without batches does not need

    known = {field.name for field in fields(Part)}
    part = Part(**{key: value for key, value in row.items() if key in known})
    if not isinstance(part.name, str) or not part.name.replace("-", "").isalnum() or not part.name.isascii():
        raise ValueError("the name of a part")
    if part.status not in STATUSES | CLOSED | {WRITTEN, QUEUED}:
        raise ValueError(f"the status of {part.name}")
    if not isinstance(part.changes, dict) or not all(isinstance(value, str) for value in part.changes.values()):
        raise ValueError(f"the changes of {part.name}")
    if not all(type(n) is int and n >= 0 for n in (part.requests, part.room, part.completed, part.failed)):
        raise ValueError(f"the counts of {part.name}")
    if not all(isinstance(value, str | None) for value in (part.file, part.batch)) or not isinstance(part.route, str):
        raise ValueError(f"the ids of {part.name}")
    return part
