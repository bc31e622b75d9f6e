"""What `fewshot show RUN ID` prints: one legend with its marks, and lists of what is wrong with its answer.

Western blot of ⟦⟪p53⟫⟧⟨GENEPROD⟩ in ⟦HeLa⟧⟨−CELL_LINE⟩ cells.

missed (1)
  CELL_LINE HeLa 23–27
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from fewshot.cli import _drawing, _terminal
from fewshot.records import Example, Hypothesis, Prediction
from fewshot.report import drawing
from fewshot.report.inspection import Inspection
from fewshot.report.marking import IN_WORDS, Mark, name_of, pieces
from fewshot.scoring.faults import KINDS, Fault, Part

_WORDS = 8  # of a panel that a list shows: enough to find it
_WIDEST = 100  # columns of a rule


def legend(inspection: Inspection, id_: str, *, prompt: bool, raw: bool) -> None:
    """Prints one legend once, its marks, and lists of what is wrong with its answer."""
    example, prediction, answered = inspection.example(id_), inspection.predictions.get(id_), inspection.answered(id_)
    _drawing.prose(f"{id_} · {inspection.run.task.name} · {inspection.run.model}")
    if prompt:
        _section("prompt", _prompt(inspection, id_) or "not recorded: this system takes none")
    _text(example, inspection.marks(id_), lines=inspection.run.task.kind == "panels")
    if prediction is None:
        _terminal.text("\nno prediction: its request failed")
    elif answered is None:
        _members(prediction)
    else:
        if isinstance(prediction.value, Hypothesis):  # its names have no place in the text, where they would be marked
            _list("right", [_described(part) for part in answered.hits])
        _faults(answered.faults)
    if raw and prediction is not None:
        _section("raw answer", "\n---\n".join(_outputs(prediction)) or "none: this system gives spans, not a text")


def as_json(inspection: Inspection, id_: str) -> dict[str, Any]:
    """Returns one legend with its right parts, faults, problems and raw answer."""
    example, prediction, answered = inspection.example(id_), inspection.predictions.get(id_), inspection.answered(id_)
    return {
        "id": id_,
        "group": example.group,
        "text": example.text,
        "right": [part.to_json() for part in answered.hits] if answered else None,
        "faults": [fault.to_json() for fault in answered.faults] if answered else None,
        "problems": dict(prediction.problems) if prediction else None,
        "output": _outputs(prediction) if prediction else None,
    }


def _text(example: Example, marks: Sequence[Mark], *, lines: bool) -> None:
    """Prints the text with its marks, and what they mean."""
    coloured, width = _terminal.coloured(), _terminal.width()
    _terminal.text()
    _terminal.inks(_drawing.wrapped(drawing.drawn(pieces(example.text, marks), coloured=coloured, lines=lines), width))
    if marks:
        _terminal.text()
        _terminal.inks(_drawing.wrapped(drawing.key(marks, coloured=coloured, lines=lines), width))


def _faults(faults: Iterable[Fault]) -> None:
    """Prints a list for each kind of fault: what was missed and made up by label, what was taken for what in pairs."""
    for kind in KINDS:
        of_kind = [fault for fault in faults if fault.kind == kind]
        if kind == "malformed":
            _list("problems of the answer", [fault.detail for fault in of_kind], count=False)
        else:
            _list(IN_WORDS[kind], [_pair(fault) for fault in of_kind])


def _pair(fault: Fault) -> str:
    """What is gold → what was predicted, only the side that there is; several parts in lines of their own."""
    gold, predicted = [_described(part) for part in fault.gold], [_described(part) for part in fault.predicted]
    if len(gold) > 1 or len(predicted) > 1:
        return "\n".join([*gold, *(f"→ {part}" for part in predicted)])
    return " → ".join([*gold, *predicted])


def _members(prediction: Prediction) -> None:
    """Prints the names of a hypothesis that is not scored."""
    if isinstance(prediction.value, Hypothesis):
        for role, members in prediction.value.roles():
            _list(role, [_described(Part.of_member(member)) for member in members])


def _list(title: str, items: Sequence[str], *, count: bool = True) -> None:
    """Prints a titled list; items that are the same are one line."""
    if not items:
        return
    _terminal.text()
    _terminal.line(f"{title} ({len(items)})" if count else title)
    for item, times in Counter(items).items():
        line = f"{item} × {times}" if times > 1 else item
        for number, part in enumerate(_drawing.lines_of(line, _terminal.width() - 4)):
            _terminal.line(f"  {'  ' if number else ''}{part}")


def _described(part: Part) -> str:
    """A part with its name and its place: `GENEPROD p53 20–23`; of a panel the beginning is enough."""
    words = part.text.split()
    text = " ".join(words[:_WORDS]) + (" …" if len(words) > _WORDS else "")
    place = "" if part.start is None else f" {part.start}–{part.end}"
    label = part.label if part.letters is None else f"{name_of(part)}:"
    return f"{part.role + ' ' if part.role else ''}{label} {text}{place}"


def _outputs(prediction: Prediction) -> list[str]:
    output = prediction.output
    return [] if output is None else [output] if isinstance(output, str) else list(output)


def _prompt(inspection: Inspection, id_: str) -> str | None:
    request = inspection.run.folder.recorded_request(id_)
    if request is None:
        return None
    turns = request.get("turns")
    if turns is None:
        return str(request.get("prompt"))
    return "\n\n".join(f"[{turn['role']}]\n{turn['content']}" for turn in turns)


def _section(title: str, text: str) -> None:
    width = min(_terminal.width(), _WIDEST)
    _terminal.text()
    _terminal.line(f"── {title} {'─' * max(0, width - len(title) - 4)}")
    _terminal.inks(_drawing.wrapped([drawing.Ink(text)], _terminal.width()))
