"""Marked texts, counts and prose in lines that fit the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from fewshot.cli import _terminal
from fewshot.report.drawing import Ink
from fewshot.text.visible import visible

_WIDEST = 120  # columns of prose
_NO_GAP: Sequence[Ink] = ()
_WORD = re.compile(r"\S+|\n|[^\S\n]+")


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
