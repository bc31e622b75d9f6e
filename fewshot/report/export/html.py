"""HTML: every legend with its spans drawn in the text, on one page that needs no network.

Gold is underlined, a prediction is underlined twice; colours say what is right, missed or made up. For tables, filters
and several systems see `fewshot open`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fewshot import files
from fewshot.errors import RunFolderError
from fewshot.records import Hypothesis
from fewshot.report.inspection import Inspection
from fewshot.report.marking import IN_WORDS, PREDICTED, RIGHT, Mark, marks_of, marks_of_spans, pieces, signs

SUFFIX = ".html"
ROWS = False  # a legend each, not a span


def write(inspection: Inspection, path: Path) -> int:
    """Writes the legends of a run; returns their number."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fewshot.report.export", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    legends = [
        {"id": id_, "pieces": drawn(inspection, id_), "names": without_a_place(inspection, id_)}
        for id_ in inspection.examples
    ]
    text = environment.get_template("legends.html").render(
        name=inspection.run.folder.path.name,
        model=inspection.run.model,
        task=inspection.run.task.name,
        legends=legends,
        scored=inspection.scored,
    )
    files.write(path, text, error=RunFolderError)
    return len(legends)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a legend: its text, the classes that style it, and names before and behind it."""

    text: str
    classes: str = ""
    before: Sequence[str] = ()
    behind: Sequence[str] = ()


def drawn(inspection: Inspection, id_: str) -> list[Piece]:
    """The pieces of a legend, with the marks of its gold and its prediction; panels are named where they begin."""
    text, answered, prediction = inspection.example(id_).text, inspection.answered(id_), inspection.predictions.get(id_)
    spans = () if prediction is None or isinstance(prediction.value, Hypothesis) else prediction.value
    marks = marks_of_spans(spans, text) if answered is None else marks_of(answered)
    panels = inspection.run.task.kind == "panels"
    return [
        Piece(
            piece.text,
            _classes(piece.marks),
            signs(piece.opens) if panels else (),
            () if panels else signs(piece.closes),
        )
        for piece in pieces(text, marks)
    ]


def without_a_place(inspection: Inspection, id_: str) -> list[tuple[str, list[str]]]:
    """What has no place in the text (names of a hypothesis, names that are not in it), under what it is."""
    answered, prediction = inspection.answered(id_), inspection.predictions.get(id_)
    if answered is None:
        members = prediction.value.roles() if prediction and isinstance(prediction.value, Hypothesis) else ()
        return [(role, [f"{member.label} {member.text}" for member in of_role]) for role, of_role in members if of_role]
    found: dict[str, list[str]] = {}
    for state, parts in [(RIGHT, (hit,)) for hit in answered.hits] + [
        (fault.kind, (*fault.gold, *fault.predicted)) for fault in answered.faults
    ]:
        names = [f"{part.role or ''} {part.label} {part.text}".strip() for part in parts if part.start is None]
        if names:
            found.setdefault(IN_WORDS.get(state, state), []).append(" → ".join(names))
    return list(found.items())


def _classes(marks: Sequence[Mark]) -> str:
    """What is gold, what is predicted, and how right it is: wrong before missed before right."""
    if not marks:
        return ""
    states = {mark.state for mark in marks}
    colour = "right" if states <= {RIGHT, PREDICTED} else "missed" if states == {"missed"} else "wrong"
    sides = [side for side in ("gold", "predicted") if any(getattr(mark, side) for mark in marks)]
    return " ".join([*sides, colour])
