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
from itertools import groupby
from operator import attrgetter

from fewshot.cli import _terminal
from fewshot.report.marking import OTHER, PREDICTED, RIGHT, SIGNS, Mark, Marked, signed, signs
from fewshot.text.visible import visible

_GOLD, _PREDICTION, _NAME = ("⟦", "⟧"), ("⟪", "⟫"), ("⟨", "⟩")
_SAMPLES = (
    (Mark(0, 1, "…", RIGHT, gold=True, predicted=True), "right"),
    (Mark(0, 1, "…", PREDICTED, predicted=True), "predicted"),
    (Mark(0, 1, "…", "missed", gold=True), "missed: gold alone"),
    (Mark(0, 1, "…", "made_up", predicted=True), "made up: predicted alone"),
    (Mark(0, 1, "…", OTHER, gold=True, predicted=True), "cut or labelled wrongly"),
)
_WIDEST = 120  # columns of prose
_NO_GAP: Sequence[Ink] = ()
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


def wrapped(inks: Iterable[Ink], width: int) -> list[list[Ink]]:
    """Returns a text in lines of at most `width` columns, broken between words; a longer word has a line of its own."""
    lines: list[list[Ink]] = [[]]
    used, gap = 0, _NO_GAP
    for word in _words(inks):
        text = "".join(ink.text for ink in word)
        if text == "\n":
            lines.append([])
            used, gap = 0, _NO_GAP
        elif text.isspace():
            gap = word if used or not lines[-1] else _NO_GAP
        else:
            wide = cells(text)
            between = sum(len(ink.text) for ink in gap)
            if used and used + between + wide > width:
                lines.append([])
                used, gap = 0, _NO_GAP
                between = 0
            lines[-1] += [*gap, *word]
            used += between + wide
            gap = _NO_GAP
    return [_joined(line) for line in lines]


def _joined(line: Iterable[Ink]) -> list[Ink]:
    """The same line, where neighbours of one style are one."""
    return [Ink("".join(ink.text for ink in group), style) for style, group in groupby(line, key=attrgetter("style"))]


def lines_of(text: str, width: int) -> list[str]:
    """Returns a text without marks in lines of at most `width` columns."""
    return ["".join(ink.text for ink in line) for line in wrapped([Ink(text)], width)]


def joined(parts: Sequence[str], separator: str, width: int) -> list[str]:
    """Returns parts in lines of at most `width` columns, broken between parts only.

    >>> joined(["GENEPROD 5", "TISSUE 2"], ", ", 16)
    ['GENEPROD 5,', 'TISSUE 2']
    """
    lines: list[str] = []
    for number, part in enumerate(parts):
        piece = part if number == len(parts) - 1 else part + separator
        if lines and cells(lines[-1]) + cells(piece.rstrip()) <= width:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [line.rstrip() for line in lines]


def counts(opening: str, parts: Sequence[str], separator: str = " · ") -> None:
    """Prints what is counted, `Faults: missed 5 · made up 2.`, in lines that do not part a count from its name."""
    found = list(parts) or ["none"]
    found[0] = f"{opening} {found[0]}"
    found[-1] += "."
    for line in joined(found, separator, min(_terminal.width(), _WIDEST)):
        _terminal.line(line)


def prose(text: str) -> None:
    """Prints a text in lines that can be read, however wide the terminal is."""
    for line in lines_of(text, min(_terminal.width(), _WIDEST)):
        _terminal.line(line)


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
