"""A legend as text, its marks drawn in it: in the terminal, and where Python shows an object.

    Western blot of p53⟨GENEPROD⟩ in ⟦HeLa⟧⟨−CELL_LINE⟩ cells

In colour, gold is underlined and a prediction underlined twice; green is right, yellow missed, red wrong. Without
colour, and around panels, gold stands in ⟦ ⟧ and a prediction in ⟪ ⟫. Behind a mark stands its name, with − if it is
missed, + if it is made up, ≠ if boundary or label is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fewshot.report.marking import OTHER, PREDICTED, RIGHT, SIGNS, Mark, Marked, signed, signs

_GOLD, _PREDICTION, _NAME = ("⟦", "⟧"), ("⟪", "⟫"), ("⟨", "⟩")
_SAMPLES = (
    (Mark(0, 1, "…", RIGHT, gold=True, predicted=True), "right"),
    (Mark(0, 1, "…", PREDICTED, predicted=True), "predicted"),
    (Mark(0, 1, "…", "missed", gold=True), "missed: gold alone"),
    (Mark(0, 1, "…", "made_up", predicted=True), "made up: predicted alone"),
    (Mark(0, 1, "…", OTHER, gold=True, predicted=True), "cut or labelled wrongly"),
)
_GREEN, _YELLOW, _RED, _DIM = "32", "33", "31", "2"
_UNDERLINED, _TWICE = "4", "21"


@dataclass(frozen=True, slots=True)
class Ink:
    """Part of a line: a text, and how a terminal shows it (the numbers of an SGR sequence)."""

    text: str
    style: str = ""


def drawn(pieces: Iterable[Marked], *, coloured: bool, lines: bool = False) -> list[Ink]:
    """Returns a text with its marks.

    Args:
        pieces: The text, cut where marks begin and end.
        coloured: Whether the terminal shows colours.
        lines: Whether marks cover whole lines (panels): brackets and names then stand where they begin.
    """
    found: list[Ink] = []
    for piece in pieces:
        if lines:
            found += [_ink(mark, f"{_bracket(mark, 0)}{_named(signed(mark))} ", coloured) for mark in piece.opens]
        elif not coloured:
            found += [Ink(_bracket(mark, 0)) for mark in piece.opens]
        found.append(Ink(piece.text, _style(piece.marks, underlined=not lines) if coloured else ""))
        if lines or not coloured:
            found += [_ink(mark, _bracket(mark, 1), coloured) for mark in piece.closes]
        if not lines:
            found += [Ink(_named(name), _DIM if coloured else "") for name in signs(piece.closes)]
    return found


def key(marks: Iterable[Mark], *, coloured: bool, lines: bool = False) -> list[Ink]:
    """Returns what marks mean: one sample of each sort that occurs, drawn as it is."""
    states = {mark.state if mark.state in SIGNS else OTHER for mark in marks}
    found: list[Ink] = []
    for sample, words in _SAMPLES:
        if sample.state in states:
            piece = Marked(words, (sample,), (sample,), (sample,))
            found += [Ink("   " if found else ""), *drawn([piece], coloured=coloured, lines=lines)]
    return found


def _named(name: str) -> str:
    return f"{_NAME[0]}{name}{_NAME[1]}"


def _bracket(mark: Mark, side: int) -> str:
    brackets = [pair[side] for pair, there in ((_GOLD, mark.gold), (_PREDICTION, mark.predicted)) if there]
    return "".join(brackets if side == 0 else reversed(brackets))


def _ink(mark: Mark, text: str, coloured: bool) -> Ink:
    return Ink(text, _colour((mark,)) if coloured else "")


def _style(marks: Sequence[Mark], *, underlined: bool) -> str:
    if not marks:
        return ""
    parts = [_colour(marks)]
    if underlined and any(mark.gold for mark in marks):
        parts.append(_UNDERLINED)
    if underlined and any(mark.predicted for mark in marks) and not all(mark.gold for mark in marks):
        parts.append(_TWICE)
    return ";".join(parts)


def _colour(marks: Sequence[Mark]) -> str:
    states = {mark.state for mark in marks}
    if states <= {RIGHT, PREDICTED}:
        return _GREEN
    return _YELLOW if states == {"missed"} else _RED
