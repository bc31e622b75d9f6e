"""A legend in the terminal, its marks drawn in the text.

    Western blot of p53⟨GENEPROD⟩ in ⟦HeLa⟧⟨−CELL_LINE⟩ cells

In colour, gold is underlined and a prediction underlined twice; green is right, yellow missed, red wrong. Without
colour, and around panels, gold stands in ⟦ ⟧ and a prediction in ⟪ ⟫. Behind a mark stands its name, with − if it is
missed, + if it is made up, ≠ if boundary or label is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fewshot.report.marking import PREDICTED, RIGHT, Mark, Marked
from fewshot.text.visible import visible

_GOLD, _PREDICTION, _NAME = ("⟦", "⟧"), ("⟪", "⟫"), ("⟨", "⟩")
_SIGNS = {RIGHT: "", PREDICTED: "", "missed": "−", "made_up": "+"}
_OTHER = "≠"
_GREEN, _YELLOW, _RED, _DIM = "32", "33", "31", "2"
_UNDERLINED, _TWICE = "4", "21"
_WORD = re.compile(r"\S+|\n|[^\S\n]+")


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
        if lines or not coloured:
            found += [_ink(mark, _bracket(mark, 0), coloured) for mark in piece.opens]
        if lines:
            found += [_ink(mark, _named(mark) + " ", coloured) for mark in piece.opens]
        found.append(Ink(piece.text, _style(piece.marks, underlined=not lines) if coloured else ""))
        if lines or not coloured:
            found += [_ink(mark, _bracket(mark, 1), coloured) for mark in piece.closes]
        if not lines:
            found += [Ink(_named(mark), _DIM if coloured else "") for mark in _once(piece.closes)]
    return found


def wrapped(inks: Iterable[Ink], width: int) -> list[list[Ink]]:
    """Returns a text in lines of at most `width` columns, broken between words; a longer word has a line of its own."""
    lines: list[list[Ink]] = [[]]
    used = 0
    for word in _words(inks):
        text = "".join(ink.text for ink in word)
        if text == "\n":
            lines.append([])
            used = 0
        elif text.isspace():
            if used and used + len(text) <= width:
                lines[-1] += word
                used += len(text)
        else:
            wide = cells(text)
            if used and used + wide > width:
                lines.append([])
                used = 0
            lines[-1] += word
            used += wide
    return lines


def cells(text: str) -> int:
    """Returns the columns that a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _words(inks: Iterable[Ink]) -> Iterator[list[Ink]]:
    """Yields words (which may change their style within), runs of blanks, and line ends."""
    word: list[Ink] = []
    for ink in inks:
        for match in _WORD.finditer(visible(ink.text).replace("\t", " ")):
            part = Ink(match[0], ink.style)
            if match[0].isspace():
                if word:
                    yield word
                word = []
                yield [part]
            else:
                word.append(part)
    if word:
        yield word


def _once(marks: Sequence[Mark]) -> list[Mark]:
    """The marks without those that say the same as another one that ends here."""
    return list({(mark.name, mark.state): mark for mark in marks}.values())


def _named(mark: Mark) -> str:
    return f"{_NAME[0]}{_SIGNS.get(mark.state, _OTHER)}{mark.name}{_NAME[1]}"


def _bracket(mark: Mark, side: int) -> str:
    signs = [sign[side] for sign, there in ((_GOLD, mark.gold), (_PREDICTION, mark.predicted)) if there]
    return "".join(signs if side == 0 else reversed(signs))


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
