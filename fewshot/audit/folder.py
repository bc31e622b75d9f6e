"""What an audit writes: its findings, and beside a repaired data set the patch and the diff that made it.

    findings.jsonl      one finding a line, the gravest first
    spans.jsonl         `--cross-fit`: every span of gold and of the models with its out-of-fold probability
    review.html         `--review`: the page on which a person decides
    OUT                 the repaired data: a file, or a folder that gets `data.jsonl`
    patch.jsonl         beside it: each change with its reason, to be made elsewhere with `--apply`
    changes.diff        the same to read

Files appear whole or not at all, and never in the place of the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fewshot import data, files
from fewshot.audit import patch, review
from fewshot.audit.cross_fit import ScoredSpan
from fewshot.audit.finding import Finding
from fewshot.audit.repair import Step
from fewshot.errors import InputError
from fewshot.records import Example

FINDINGS, SPANS, REVIEW = "findings.jsonl", "spans.jsonl", "review.html"
PATCH, DIFF, DATA = "patch.jsonl", "changes.diff", "data.jsonl"


def write_findings(folder: Path, findings: Iterable[Finding]) -> Path:
    """Writes `findings.jsonl` and returns its path.

    Raises:
        InputError: the folder cannot be written.
    """
    _make(folder)
    path = folder / FINDINGS
    files.write(path, files.json_lines(finding.to_json() for finding in findings), error=InputError)
    return path


def write_spans(folder: Path, spans: Iterable[ScoredSpan]) -> Path:
    """Writes `spans.jsonl`, the most suspicious span first, and returns its path.

    Raises:
        InputError: the folder cannot be written.
    """
    _make(folder)
    ordered = sorted(spans, key=lambda one: -one.suspicion)
    rows = (
        {"id": one.example.id, "start": one.span.start, "end": one.span.end, "label": one.span.label,
         "in_gold": one.in_gold, "probability": round(one.probability, 6)}
        for one in ordered
    )  # fmt: skip
    files.write(folder / SPANS, files.json_lines(rows), error=InputError)
    return folder / SPANS


def write_review(folder: Path, findings: Sequence[Finding], examples: Sequence[Example], source: str) -> Path:
    """Writes `review.html` and returns its path.

    Raises:
        InputError: the folder cannot be written.
    """
    _make(folder)
    files.write(folder / REVIEW, review.page(findings, examples, source), error=InputError)
    return folder / REVIEW


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
    data.write(after, path, data.writer_for(path), task)
    files.write(path.parent / PATCH, files.json_lines(map(patch.to_json, steps)), error=InputError)
    files.write(path.parent / DIFF, patch.diff(before, after), error=InputError)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror or error})") from error
