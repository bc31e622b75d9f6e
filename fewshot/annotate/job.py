"""What a job is asked to do, and `job.json`, which keeps it: another command line in the same folder is refused.

    {"version": 1, "settings": {…}, "inputs": [{"name": "legends.jsonl", "bytes": 61203}], "partition_size": 5000,
     "shard": null, "to": "jsonl", "text": true, "longest": 100000, "signature": {…}, "digest": "3f2a…"}

Nothing in it depends on the clock: the folder of a job that was killed ten times holds the bytes of one that was not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from fewshot import files
from fewshot.annotate import intake
from fewshot.errors import InputError, RunFolderError
from fewshot.experiment.settings import PACE, Settings

JOB, PARTS, STATE, ANSWERS = "job.json", "parts", "state", "answers"
REJECTS, DONE = "rejects.jsonl", "done.json"
VERSION = 1
PARTITION = 5_000
"""Records of a partition: a few seconds of rules, a few minutes of a model; some 50 MB while it is answered."""
To: TypeAlias = Literal["jsonl", "parquet"]
_NOT_OURS = PACE | {"data", "split", "limit", "unlabelled", "entities", "failed_as_empty"}
"""Settings of a run that say nothing of a job's results."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The partitions of one of several commands that share a job: every `of`-th, from the `index`-th (from 1) on.

    >>> Shard.parsed("3/64").owns(2), Shard.parsed("3/64").owns(3), Shard.parsed("3/64").owns(66)
    (True, False, True)
    """

    index: int
    of: int

    @classmethod
    def parsed(cls, text: str) -> Shard:
        """`3/64`.

        Raises:
            InputError: it is not that, or there is no such shard.
        """
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise InputError(f"--shard takes I/N with I from 1 to N, such as 3/64, not {text[:40]!r}")
        return cls(int(found[1]), int(found[2]))

    def owns(self, number: int) -> bool:
        """Whether a partition is one of ours."""
        return number % self.of == self.index - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job.

    Args:
        settings: Who answers what, as for a run; what they say of a data set does not count.
        inputs: Sources, as `--data` names them.
        out: The folder of the job.
        size: Records of a partition.
        shard: The part of the job that this command does; `None`: all of it.
        to: What the parts are.
        text: Whether records keep their text; without it spans still carry their words.
        longest: Characters that a text may have.
        reject_failed: Whether a record whose request has failed for good is a reject; else the job stays incomplete.
        engine: `local`, or `ray`.
        workers: Ray: actors, each with a model of its own.
        gpus: Ray: GPUs of each actor.

    Raises:
        InputError: a number is out of range.
    """

    settings: Settings
    inputs: tuple[str, ...]
    out: Path
    size: int = PARTITION
    shard: Shard | None = None
    to: To = "jsonl"
    text: bool = True
    longest: int = intake.LONGEST
    reject_failed: bool = False
    engine: Literal["local", "ray"] = "local"
    workers: int = 2
    gpus: float = 0.0

    def __post_init__(self) -> None:
        for flag, value in (
            ("--partition-size", self.size), ("--longest", self.longest), ("--workers", self.workers),
        ):  # fmt: skip
            if value < 1:
                raise InputError(f"{flag} must be at least 1, not {value}")
        if not self.inputs:
            raise InputError("nothing to annotate: name a file, a folder or a pattern")

    def record(self, signature: Mapping[str, Any]) -> dict[str, Any]:
        """What `job.json` says. `signature`: who answers, and how."""
        settings = {k: v for k, v in self.settings.to_toml().items() if k not in _NOT_OURS}
        return {
            "version": VERSION,
            "settings": settings,
            "inputs": intake.sizes(self.inputs),
            "partition_size": self.size,
            "shard": None if self.shard is None else [self.shard.index, self.shard.of],
            "to": self.to,
            "text": self.text,
            "longest": self.longest,
            "signature": dict(signature),
            "digest": digest_of(signature),
        }


def digest_of(signature: Mapping[str, Any]) -> str:
    """Twelve hexadecimal digits that stand in every record for the signature."""
    return files.digest(dict(signature))[:12]


def begin(folder: Path, record: Mapping[str, Any]) -> None:
    """Writes `job.json`, or makes sure that the one which is there says the same.

    Raises:
        RunFolderError: the folder holds another job, or something else.
    """
    if (folder / JOB).exists():
        if conflicts := differences(read(folder), json.loads(json.dumps(record))):
            raise RunFolderError(f"{folder} holds another job ({'; '.join(conflicts)})", hint="choose another --out")
        return
    (folder / PARTS).mkdir(exist_ok=True)
    (folder / STATE).mkdir(exist_ok=True)
    files.write(folder / JOB, as_json(record), error=RunFolderError)


def create(folder: Path) -> None:
    """Makes the folder of a job, or makes sure that it is one.

    Raises:
        RunFolderError: it holds other things, or cannot be made.
    """
    try:
        if folder.exists() and not (folder / JOB).exists():
            others = [path for path in folder.iterdir() if not path.name.endswith((".lock", ".part"))]
            if any(path.name not in (PARTS, STATE, ANSWERS) or any(path.iterdir()) for path in others):
                raise RunFolderError(f"{folder} exists and is not the folder of a job", hint="choose another --out")
        folder.mkdir(parents=True, exist_ok=True)
        refuse_links(*(folder / name for name in (JOB, PARTS, STATE, ANSWERS, REJECTS, DONE)))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise RunFolderError(f"cannot make {folder}: {reason}", hint="choose another --out") from None


def refuse_links(*paths: Path) -> None:
    """Refuses to write through a link: a folder from someone else must not have us write into other files.

    Raises:
        RunFolderError: one of the paths is a link.
    """
    for path in paths:
        if path.is_symlink():
            raise RunFolderError(
                f"cannot write {path}: it is a link, which is not followed", hint="choose another --out"
            )


def read(folder: Path) -> dict[str, Any]:
    """What `job.json` says.

    Raises:
        RunFolderError: there is none, it is broken, or a later version wrote it.
    """
    row = json_object(folder / JOB)
    if row.get("version") != VERSION:
        raise RunFolderError(f"{folder / JOB}: version {str(row.get('version'))[:20]!r} is not one that is read here")
    if row.get("to") not in get_args(To):
        raise RunFolderError(f"{folder / JOB} is broken: parts are {' or '.join(get_args(To))}")
    return row


def json_object(path: Path) -> dict[str, Any]:
    """A JSON object that we wrote.

    Raises:
        RunFolderError: it is missing, or broken.
    """
    try:
        row = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RunFolderError(f"{path}: {error.strerror}", hint="is this the folder of a job?") from None
    except (ValueError, RecursionError):
        raise RunFolderError(f"{path} is broken: it is not JSON") from None
    if not isinstance(row, dict):
        raise RunFolderError(f"{path} is broken: it is not an object")
    return row


def as_json(row: Mapping[str, Any]) -> str:
    """The text of a small file."""
    return json.dumps(row, ensure_ascii=False, indent=1) + "\n"


def differences(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """What two records say differently: `partition_size: 5000 → 100`."""
    found: list[str] = []
    for key in dict.fromkeys((*before, *now)):
        old, new = before.get(key), now.get(key)
        if key == "digest" or old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new, f"{prefix}{key}.")
        else:
            found.append(f"{prefix}{key}: {_shown(old)} → {_shown(new)}")
    return list(dict.fromkeys(found))


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
