"""Results in the files that people work with: one file a format, named as `fewshot export --to` names it.

    fewshot export runs/NAME --to csv spans.csv          # a row a span, gold and predicted (`report/spans_table.py`)
    fewshot export runs/NAME --to brat corrected/        # the predictions as annotations, to be corrected by hand

The formats here hold all that is known of a span. Every format that `fewshot.data` can write holds the predictions as
if they were gold: they come back through `--data` once they are corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

from fewshot import data, discovery
from fewshot.errors import InputError
from fewshot.records import FIELDS, Example
from fewshot.report.inspection import Inspection


class Exporter(Protocol):
    """What a file in this package provides."""

    SUFFIX: str
    """The ending of its files, with the dot."""

    def write(self, inspection: Inspection, path: Path) -> int:
        """Writes a run; returns the number of rows (or legends).

        Raises:
            InputError: the file cannot be written.
            MissingExtraError: a library that this format needs is not installed.
        """
        ...


def names() -> tuple[str, ...]:
    """The formats: those here, then those of `fewshot.data` that can be written and are none of these."""
    own = discovery.names(__name__)
    return (*own, *(name for name in data.writable() if name not in own))


def row_formats() -> tuple[str, ...]:
    """The formats with a row a span: those here that are no page."""
    return tuple(name for name in discovery.names(__name__) if getattr(discovery.module(__name__, name), "ROWS", True))


def write(inspection: Inspection, name: str, path: Path | None = None) -> tuple[Path, int]:
    """Writes a run in a format; returns the file (or folder) and the number of rows or legends.

    Args:
        inspection: The run.
        name: The name of the format.
        path: Where to; else beside the files of the run, as `export-<name>`.

    Raises:
        InputError: there is no such format, it cannot hold predictions of this task, or the file cannot be written.
    """
    if name not in names():
        raise discovery.unknown("format", name, names())
    if name in discovery.names(__name__):
        exporter = cast("Exporter", discovery.module(__name__, name))
        target = path or default_path(inspection, name)
        return target, exporter.write(inspection, target)
    writer, task = data.writer(name), inspection.run.task
    if writer.kinds and task.kind not in writer.kinds:
        raise InputError(f"{name} cannot hold {task.name}", hint=f"use {', '.join(discovery.names(__name__))}")
    target = path or default_path(inspection, name)
    return target, data.write(annotated(inspection), target, name, task.name)


def default_path(inspection: Inspection, name: str) -> Path:
    """Where a file (or folder) is written that nobody named: one name for each format, beside the files of the run."""
    return inspection.run.folder.path / f"export-{name}{_ending(name)}"


def _ending(name: str) -> str:
    """What a file in a format ends in; nothing for a folder."""
    if name in discovery.names(__name__):
        return cast("Exporter", discovery.module(__name__, name)).SUFFIX
    writer = data.writer(name)
    if writer.writes_folder or writer.ending:
        return writer.ending
    known = writer.suffixes or getattr(discovery.optional(data.__name__, name, "READER"), "suffixes", frozenset())
    return min(known, default="")


def annotated(inspection: Inspection) -> Sequence[Example]:
    """The examples of a run with its predictions in the place of the gold; those without a prediction are left out."""
    field = FIELDS[inspection.run.task.kind]
    kept = {name: None for name in ("panels", "entities", "hypothesis", "inline_labels") if name != field}
    values = {id_: prediction.value for id_, prediction in inspection.predictions.items()}
    return [
        replace(example, **kept, **{field: values[id_]})  # type: ignore[arg-type]
        for id_, example in inspection.examples.items()
        if id_ in values
    ]
