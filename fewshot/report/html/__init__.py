"""Legends as HTML, their spans drawn in the text: for a page of its own, and for a notebook's cell.

    drawn(inspection, "fig-3")[0]      Piece("p53", "gold predicted right", behind=("GENEPROD",))

Gold is underlined, a prediction is underlined twice; colours say what is right, missed or made up. All text is escaped
by the templates (Jinja2, autoescape): legends, labels, ids and names of models are text, whatever they look like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from fewshot.records import Hypothesis
from fewshot.report.inspection import Inspection
from fewshot.report.marking import IN_WORDS, PREDICTED, RIGHT, Mark, pieces, signs
from fewshot.text.visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a legend: its text, the classes that style it, and names before and behind it."""

    text: str
    classes: str = ""
    before: Sequence[str] = ()
    behind: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """One legend as templates draw it. `names`: what has no place in its text, under what it is."""

    id: str
    pieces: Sequence[Piece]
    names: Sequence[tuple[str, Sequence[str]]]


def rendered(template: str, **values: Any) -> str:
    """Returns a template of this package, filled. What is missing in `values` is an error, not an empty place."""
    return _templates().get_template(template).render(**values)


def legend(inspection: Inspection, id_: str) -> Drawn:
    """Returns one legend of a run, drawn.

    Raises:
        InputError: the run has no such legend.
    """
    return Drawn(id_, drawn(inspection, id_), without_a_place(inspection, id_))


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(__name__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def _shown(value: object) -> object:
    """What an expression is drawn as: control characters shown, what is HTML already as it is."""
    return value if hasattr(value, "__html__") or not isinstance(value, str) else visible(value)


def drawn(inspection: Inspection, id_: str) -> list[Piece]:
    """The pieces of a legend, with the marks of its gold and its prediction; panels are named where they begin."""
    panels = inspection.run.task.kind == "panels"
    return [
        Piece(
            piece.text,
            _classes(piece.marks),
            signs(piece.opens) if panels else (),
            () if panels else signs(piece.closes),
        )
        for piece in pieces(inspection.example(id_).text, inspection.marks(id_))
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
    if states == {PREDICTED}:  # nobody judged it
        colour = ""
    sides = [side for side in ("gold", "predicted") if any(getattr(mark, side) for mark in marks)]
    return " ".join(filter(None, [*sides, colour]))
