"""Texts that are longer than a model reads: cut at sentence ends, with overlap, and put together again.

    windows(text, limit=512, measure=count)  →  [(0, 1480), (1205, 2610)]
    each window answers for its own part     →  |···0···|······1·······|      (borders in the middle of overlaps)

A span that a border cuts is one span again where both windows say so; what a window says outside its own part is
dropped, for another window saw more of the text around it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from fewshot.records import PANEL, Span
from fewshot.text.legend import leading_label, sentences
from fewshot.text.spans import Extent, skip_space, trimmed

OVERLAP = 0.25
"""The share of a window that it has in common with the one before it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a text, `start:end`, and the part of it that the window answers for."""

    start: int
    end: int
    owns: Extent


def windows(text: str, limit: int, measure: Callable[[str], int]) -> list[Window]:
    """Windows of at most `limit` tokens (as `measure` counts them) over a whole text.

    >>> [(w.start, w.end, w.owns) for w in windows("One. Two. Three.", 2, lambda text: len(text.split()))]
    [(0, 9, (0, 10)), (10, 16, (10, 16))]
    """
    if measure(text) <= limit:
        return [Window(0, len(text), (0, len(text)))]
    pieces = _pieces(text, limit, measure)

    def fits(first: int, last: int, room: float) -> bool:  # measured as one text: a sentence alone has other tokens
        return measure(text[pieces[first][0] : pieces[last][1]]) <= room

    extents: list[Extent] = []
    first = 0
    while True:
        last = first
        while last + 1 < len(pieces) and fits(first, last + 1, limit):
            last += 1
        extents.append((pieces[first][0], pieces[last][1]))
        if last + 1 == len(pieces):
            return _owned(extents, text)
        begun, first = first, last + 1
        while first - 1 > begun and fits(first - 1, last, OVERLAP * limit):
            first -= 1
        while first <= last and not fits(first, last + 1, limit):  # the overlap must not keep the next sentence out
            first += 1


def clip(spans: Sequence[Span], start: int, end: int) -> tuple[Span, ...]:
    """The parts of spans inside a window, with offsets into the window."""
    clipped = []
    for span in spans:
        left, right = max(span.start, start), min(span.end, end)
        if left < right:
            clipped.append(replace(span, start=left - start, end=right - start))
    return tuple(clipped)


def merge(parts: Sequence[tuple[Window, Sequence[Span]]], text: str) -> tuple[Span, ...]:
    """The spans of a whole text from those of its windows (offsets into each window), windows in order."""
    joined: list[Span] = []
    reaching = False  # whether the last span goes up to the border
    for window, spans in parts:
        left, right = window.owns
        reached = reaching
        reaching = False
        for span in spans:
            whole = replace(span, start=span.start + window.start, end=span.end + window.start)
            extent = trimmed(text, max(whole.start, left), min(whole.end, right))
            if extent is None:
                continue
            own = replace(whole, start=extent[0], end=extent[1])
            if whole.start < left or _carried_on(own, left, text):
                if not reached or joined[-1].label != own.label:
                    continue  # it began where another window knows better, and that one saw nothing
                joined[-1] = replace(joined[-1], end=own.end)
            else:
                joined.append(own)
            reaching = not text[min(whole.end, right) : right].strip()
    return tuple(joined)


def _carried_on(span: Span, left: int, text: str) -> bool:
    """Whether a span at the very start of a window that overlaps nothing began in the one before: a panel without
    a letter there."""
    at_border = left > 0 and not text[left : span.start].strip()
    return at_border and span.label == PANEL and leading_label(text, span.start) is None


def _owned(extents: Sequence[Extent], text: str) -> list[Window]:
    """Borders in the middle of each overlap, at a place where the text could be cut."""
    borders = [0]
    starts = [start for start, _ in sentences(text)]
    for (_, before), (after, _) in pairwise(extents):
        inside = starts[bisect_left(starts, after) : bisect_right(starts, before)]
        middle = (before + after) / 2
        borders.append(min(inside, key=lambda at: abs(at - middle)) if inside else max(before, after))
    borders.append(len(text))
    return [Window(*extent, (borders[i], borders[i + 1])) for i, extent in enumerate(extents)]


def _pieces(text: str, limit: int, measure: Callable[[str], int]) -> list[Extent]:
    """Sentences; one that is longer than a window is cut between words."""
    extents: list[Extent] = []
    for first, end in sentences(text):
        start = first
        while measure(text[start:end]) > limit:
            cut = _longest(text, start, end, limit, measure)
            extents.append((start, cut))
            start = skip_space(text, cut)
        extents.append((start, end))
    return extents


def _longest(text: str, start: int, end: int, limit: int, measure: Callable[[str], int]) -> int:
    """Where the longest beginning of `text[start:end]` that fits ends: between words, else inside one."""
    low, high = start + 1, end
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[start:middle]) <= limit else (low, middle - 1)
    space = text.rfind(" ", start + 1, low + 1)
    return space if space > start else low
