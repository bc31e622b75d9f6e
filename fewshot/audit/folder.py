"""What an audit writes: its findings, and beside a repaired data set the patch and the diff that made it.

findings.jsonl      one finding a line, the gravest first
OUT                 the repaired data: a file, or a folder that gets `data.jsonl`
patch.jsonl         beside it: each change with its reason, to be made elsewhere with `--apply`
changes.diff        the same to read
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fewshot import data, files
from fewshot.audit import patch
from fewshot.audit.finding import Finding
from fewshot.audit.repair import Step
from fewshot.errors import InputError
from fewshot.records import Example

FINDINGS, PATCH, DIFF, DATA = "findings.jsonl", "patch.jsonl", "changes.diff", "data.jsonl"


def write_findings(folder: Path, findings: Iterable[Finding]) -> Path:
    """Writes `findings.jsonl` and returns its path.

    Raises:
        InputError: the folder cannot be written.
    """
    _make(folder)
    path = folder / FINDINGS
    files.write(path, files.json_lines(finding.to_json() for finding in findings), error=InputError)
    return path


def target(out: Path, source: str) -> Path:
    """The file that the repaired data go to: `out`, or `data.jsonl` in it where it is a folder or has no ending.

    Raises:
        InputError: that is the source, or lies in it.
    """
    path = out if out.suffix and not out.is_dir() else out / DATA
    origin = Path(source)
    if origin.exists() and (path.resolve() == origin.resolve() or origin.resolve() in path.resolve().parents):
        raise InputError(f"{out} is the source, which is never changed", hint="name another file or folder")
    return path


def write_repair(
    path: Path, before: Sequence[Example], after: Sequence[Example], steps: Sequence[Step], task: str | None
) -> None:
    """Writes the repaired data, and beside them the patch and the diff.

    Raises:
        InputError: a file cannot be written, or no format is known by its ending.
        DataError: the format cannot carry an example.
    """
    _make(path.parent)
    data.write(after, path, data.guess(str(path)), task)
    files.write(path.parent / PATCH, files.json_lines(map(patch.to_json, steps)), error=InputError)
    files.write(path.parent / DIFF, patch.diff(before, after), error=InputError)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror or error})") from error
