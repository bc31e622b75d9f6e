"""Results in the files that people work with: one file a format, named as `fewshot export --to` names it.

    fewshot export runs/NAME --to csv spans.csv          # a row a span, gold and predicted (`report/spans_table.py`)
    fewshot export runs/NAME --to brat corrected/        # the predictions as annotations, to be corrected by hand

The formats here hold all that is known of a span. Every format that `fewshot.data` can write holds the predictions as
if they were gold: they come back through `--data` once they are corrected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

from fewshot import data, discovery
from fewshot.errors import InputError
from fewshot.records import Example, Kind
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
        path: Where to; else beside the files of the run, under the name `export`.

    Raises:
        InputError: there is no such format, it cannot hold predictions of this task, or the file cannot be written.
    """
    if name not in names():
        raise discovery.unknown("format", name, names())
    if name in discovery.names(__name__):
        exporter = cast("Exporter", discovery.module(__name__, name))
        target = path or inspection.run.folder.path / f"export{exporter.SUFFIX}"
        return target, exporter.write(inspection, target)
    writer, task = data.writer(name), inspection.run.task
    if writer.kinds and task.kind not in writer.kinds:
        raise InputError(f"{name} cannot hold {task.name}", hint=f"use {', '.join(discovery.names(__name__))}")
    target = path or inspection.run.folder.path / f"export{min(writer.suffixes, default='', key=len)}"
    return target, data.write(annotated(inspection), target, name, task.name)


def annotated(inspection: Inspection) -> Sequence[Example]:
    """The examples of a run with its predictions in the place of the gold; those without a prediction are left out."""
    field = _FIELDS[inspection.run.task.kind]
    nothing = dict.fromkeys(("panels", "entities", "hypothesis", "inline_labels"))
    return [
        replace(example, **(nothing | {field: inspection.predictions[id_].value}))
        for id_, example in inspection.examples.items()
        if id_ in inspection.predictions
    ]


_FIELDS: Mapping[Kind, str] = {
    "panels": "panels",
    "entities": "entities",
    "roles": "entities",
    "hypothesis": "hypothesis",
}
"""Where an example keeps a value of each kind."""
