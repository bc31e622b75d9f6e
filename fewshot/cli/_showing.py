"""What `fewshot show` prints of a run and of one legend, never wider than the terminal."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fewshot.cli import _drawing, _output, _terminal
from fewshot.records import Hypothesis, Prediction
from fewshot.report import layout
from fewshot.report.inspection import Inspection, LabelCounts
from fewshot.report.marking import marks_of, marks_of_spans, name_of, pieces
from fewshot.report.numbers import score
from fewshot.report.table import Cell, Heading, Table
from fewshot.scoring.faults import KINDS, Fault, Part

_IN_WORDS: Mapping[str, str] = {
    "missed": "missed",
    "made_up": "made up",
    "wrong_boundary": "cut wrongly",
    "wrong_label": "labelled wrongly",
    "merged": "panels merged",
    "split": "panel split",
    "copied": "copied from a demonstration",
    "not_in_text": "not in the text",
    "malformed": "answers with a problem",
}
_FIRST = 10  # ids of an unlabelled run that are printed
_LONGEST_ID = 200  # columns; a longer one is a whole text


def run(
    inspection: Inspection,
    most: int,
    *,
    matches: Callable[[Fault], bool] | None = None,
    problem: str | None = None,
    narrowed: str = "",
) -> None:
    """Prints counts, problems and the worst legends of a run."""
    _terminal.line(_headline(inspection))
    if not inspection.scored:
        _unlabelled(inspection)
        return
    _table(_labels_table(inspection))
    counts = [f"{_IN_WORDS[kind]} {inspection.errors.kinds[kind]:,}" for kind in KINDS if inspection.errors.kinds[kind]]
    _prose(f"Faults: {' · '.join(counts) or 'none'}.")
    if inspection.problems:
        shown = " · ".join(f"{kind} {count:,}" for kind, count in inspection.problems.items())
        _prose(f"Problems of answers (answers with each): {shown}.")
    worst = inspection.worst(most, matches=matches, problem=problem)
    _terminal.text()
    what = f" ({narrowed})" if narrowed else ""
    _terminal.line(f"Worst legends{what}:" if worst else f"No legend has such a fault{what}.")
    for id_, faults in worst:
        kinds = Counter(fault.kind for fault in faults)
        _id_line(id_, ", ".join(f"{_IN_WORDS[kind]} {kinds[kind]}" for kind in KINDS if kinds[kind]))
    if worst:
        _next(inspection, worst[0][0])


def legend(inspection: Inspection, id_: str, *, prompt: bool, raw: bool) -> None:
    """Prints one legend once, its marks, and lists of what is wrong with its answer."""
    example, prediction = inspection.example(id_), inspection.predictions.get(id_)
    _terminal.line(f"{id_} · {inspection.run.task.name} · {inspection.run.model}")
    if prompt:
        _section("prompt", _prompt(inspection, id_) or "not recorded: this system takes none")
    answered = inspection.answered(id_)
    if answered is not None:
        marks = marks_of(answered)
    else:
        spans = () if prediction is None or isinstance(prediction.value, Hypothesis) else prediction.value
        marks = marks_of_spans(spans, example.text)
    _terminal.text()
    coloured = _terminal.coloured()
    inks = _drawing.drawn(pieces(example.text, marks), coloured=coloured, lines=inspection.run.task.kind == "panels")
    _terminal.inks(_drawing.wrapped(inks, _terminal.width()))
    if prediction is None:
        _terminal.text()
        _terminal.line("no prediction: its request failed")
    elif answered is None:
        _hypothesis(prediction)
    else:
        _key(coloured=coloured)
        for kind in KINDS:
            _faults(kind, [fault for fault in answered.faults if fault.kind == kind])
    if raw and prediction is not None:
        _section("raw answer", "\n---\n".join(_outputs(prediction)) or "none: this system gives spans, not a text")


def settings(inspection: Inspection) -> None:
    """Prints every setting of a run, and every score."""
    from fewshot.experiment.running import load

    tables = inspection.run.recorded.to_toml()
    for name in ("settings", "plan", "run", "usage", "failed"):
        lines = {key: value for key, value in tables[name].items() if value not in ("", [], {})}
        if lines:
            _terminal.line(f"[{name}]")
            for key, value in lines.items():
                _terminal.line(f"{key} = {', '.join(map(str, value)) if isinstance(value, list) else value}")
            _terminal.text()
    _output.scores(load(inspection.run.folder.path), headline=inspection.run.task.headline)


def as_json(inspection: Inspection) -> dict[str, Any]:
    """Returns counts and faults of a run."""
    labels = {
        label: {"gold": row.gold, "predicted": row.predicted, "right": row.right, "faults": dict(row.faults)}
        for label, row in inspection.labels.items()
    }
    facts = {"run": str(inspection.run.folder.path), "task": inspection.run.task.name, "model": inspection.run.model}
    counts = {"n": len(inspection.examples), "scored": len(inspection.examined), "problems": inspection.problems}
    return facts | counts | {"labels": labels} | inspection.errors.to_json()


def one_as_json(inspection: Inspection, id_: str) -> dict[str, Any]:
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


def _headline(inspection: Inspection) -> str:
    result = inspection.run.result
    main = inspection.run.task.headline[0]
    known = f" · {main} {score(result.scores[main])}" if main in result.scores else ""
    state = "" if result.complete else " · incomplete"
    failed = f" · {result.failed} failed" if result.failed else ""
    n = f"n = {result.n}" if result.scores else f"{len(inspection.examples):,} legends, not labelled"
    return f"{result.task} · {inspection.run.model} · {n}{known}{failed}{state} · {inspection.run.folder.path}"


def _labels_table(inspection: Inspection) -> Table:
    kinds = [kind for kind in KINDS if any(row.faults[kind] for row in inspection.labels.values())]
    headings = [Heading("label"), *(Heading(name) for name in ("gold", "right")),
                *(Heading(_IN_WORDS[kind], rank=1) for kind in kinds)]  # fmt: skip
    rows = [[Cell(label), *_cells(row, kinds)] for label, row in inspection.labels.items()]
    return Table("", headings, rows)


def _cells(row: LabelCounts, kinds: Sequence[str]) -> list[Cell]:
    return [Cell(f"{row.gold:,}"), Cell(f"{row.right:,}"), *(Cell(f"{row.faults[kind]:,}") for kind in kinds)]


def _unlabelled(inspection: Inspection) -> None:
    """What an unlabelled run found, and how to see it."""
    counts = {label: row.predicted for label, row in inspection.labels.items()}
    noun = "panels" if inspection.run.task.kind == "panels" else "entities"
    by_label = ", ".join(f"{label} {count:,}" for label, count in sorted(counts.items(), key=lambda item: -item[1]))
    total = f"{sum(counts.values()):,} {noun} in {len(inspection.predictions):,} legends"
    _prose(f"{total}: {by_label}." if by_label and noun != "panels" else f"{total}.")
    ids = list(inspection.predictions)
    for id_ in ids[:_FIRST]:
        _id_line(id_, "")
    if len(ids) > _FIRST:
        _terminal.line(f"  … and {len(ids) - _FIRST:,} more")
    if ids:
        _next(inspection, ids[0])


def _faults(kind: str, faults: Sequence[Fault]) -> None:
    if kind == "malformed":
        _list("problems of the answer", [(fault.detail, ()) for fault in faults])
    else:
        _list(_IN_WORDS[kind], [("", (*fault.gold, *fault.predicted)) for fault in faults], arrow=True)


def _list(title: str, items: Sequence[tuple[str, Sequence[Part]]], *, arrow: bool = False) -> None:
    """Prints a titled list; with `arrow` each item is one line, gold → prediction."""
    if not items:
        return
    lines: list[str] = []
    for words, parts in items:
        shown = [_described(part) for part in parts]
        lines += [words] if words else [" → ".join(shown)] if arrow else shown
    _terminal.text()
    _terminal.line(f"{title} ({len(lines)})")
    for line in lines:
        for number, part in enumerate(_wrapped(line, _terminal.width() - 4)):
            _terminal.line(f"  {'  ' if number else ''}{part}")


def _described(part: Part) -> str:
    """A part with its name and its place: `GENEPROD p53 20–23`; of a panel the beginning is enough."""
    words = part.text.split()
    text = " ".join(words[:8]) + (" …" if len(words) > 8 else "")
    place = "" if part.start is None else f" {part.start}–{part.end}"
    label = part.label if part.letters is None else name_of(part)
    return f"{part.role + ' ' if part.role else ''}{label} {text}{place}"


def _key(*, coloured: bool) -> None:
    """Says what the marks mean."""
    _terminal.text()
    signs = "underlined: gold; twice: predicted; " if coloured else "⟦gold⟧ ⟪predicted⟫; "
    _prose(f"{signs}− missed, + made up, ≠ cut or labelled wrongly")


def _hypothesis(prediction: Prediction) -> None:
    if isinstance(prediction.value, Hypothesis):
        for role, members in prediction.value.roles():
            _list(role, [("", [Part.of_member(member) for member in members])] if members else [])


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
    width = min(_terminal.width(), 100)
    _terminal.text()
    _terminal.line(f"── {title} {'─' * max(0, width - len(title) - 4)}")
    _terminal.inks(_drawing.wrapped([_drawing.Ink(text)], _terminal.width()))


def _id_line(id_: str, note: str) -> None:
    """An id that can be copied, and a note beside it, or below it if both do not fit."""
    width = _terminal.width()
    shown = id_ if len(id_) <= _LONGEST_ID else f"{id_[:_LONGEST_ID]}…"
    if not note or _drawing.cells(shown) + len(note) + 4 <= width:
        _terminal.line(f"  {shown}  {note}".rstrip())
        return
    _terminal.line(f"  {shown}")
    for part in _wrapped(note, width - 6):
        _terminal.line(f"      {part}")


def _next(inspection: Inspection, id_: str) -> None:
    _terminal.text()
    _terminal.line(f"Look at one: fewshot show {shlex.quote(str(inspection.run.folder.path))} {shlex.quote(id_)}")


def _table(table: Table) -> None:
    found = layout.laid(table, _terminal.width())
    _terminal.pieces(found.lines[1:])
    _terminal.pieces(found.legend)
    _terminal.text()


def _prose(text: str) -> None:
    for part in _wrapped(text, min(_terminal.width(), 120)):
        _terminal.line(part)


def _wrapped(text: str, width: int) -> list[str]:
    return ["".join(ink.text for ink in line).rstrip() for line in _drawing.wrapped([_drawing.Ink(text)], width)]
