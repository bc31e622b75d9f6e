"""Small jobs for tests: legends, and what lies in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fewshot.annotate import Done, Job, annotate
from fewshot.experiment.settings import Settings

TEXT = "(A) Western blot of p53 number {}. (B) Cells treated with nutlin."


def legends(path: Path, count: int, first: int = 0) -> Path:
    """A file of so many legends."""
    rows = ({"id": f"f{n}", "text": TEXT.format(n)} for n in range(first, first + count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def job(source: Path | str, out: Path, **more: Any) -> Job:
    """The rules over a file, in partitions of ten records."""
    settings = more.pop("settings", None) or Settings(task="panelization")
    return Job(settings=settings, inputs=(str(source),), out=out, **{"size": 10, **more})


def done(source: Path | str, out: Path, **more: Any) -> Done:
    """That job, done."""
    return annotate(job(source, out, **more))


def records(out: Path) -> list[dict[str, Any]]:
    """What was written, in order."""
    parts = sorted((out / "parts").glob("*.jsonl"))
    return [json.loads(line) for part in parts for line in part.read_text("utf-8").splitlines()]


def rejects(out: Path) -> list[dict[str, Any]]:
    """What was rejected, in order."""
    return [json.loads(line) for line in (out / "rejects.jsonl").read_text("utf-8").splitlines()]


def contents(out: Path) -> dict[str, bytes]:
    """Every file of a job by its name, but for recorded answers, whose seconds differ."""
    files = (path for path in out.rglob("*") if path.is_file() and "answers" not in path.parts)
    return {str(path.relative_to(out)): path.read_bytes() for path in files}
