"""Naming a span by its surface, and finding it again.

`p53#2` is the second occurrence of that string in the text, substrings counted; `#1` is left out. `;`, `#`, `\\` and
line breaks inside a surface are escaped with a backslash.

>>> text = "p53 binds p53-AS"
>>> name(text, Span(10, 13, "GENEPROD"))
'p53#2'
>>> locate(text, "p53", 2)
(10, 13)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from fewshot.records import Span
from fewshot.text.alignment import fold

_ESCAPES = {"\\": "\\\\", ";": "\\;", "#": "\\#", "\n": "\\n", "\r": "\\r"}
_PLAIN = {"n": "\n", "r": "\r"}
_NAME = re.compile(r"((?:[^\\#]|\\.)*)(?:#(\d+))?\s*$", re.DOTALL)


def occurrence(text: str, span: Span) -> int:
    """Which occurrence of its surface a span is, from 1; overlapping ones count."""
    surface, count, at = span.cut(text), 1, -1
    while (at := text.find(surface, at + 1)) != span.start:
        count += 1
    return count


def name(text: str, span: Span) -> str:
    """A span in the notation of lists."""
    number = occurrence(text, span)
    return escape(span.cut(text)) + (f"#{number}" if number > 1 else "")


def listing(text: str, spans: Iterable[Span]) -> str:
    """Spans as one line: `p53; MDM2; p53#2`."""
    return "; ".join(name(text, span) for span in spans)


def escape(surface: str) -> str:
    """A surface as a list writes it."""
    return "".join(_ESCAPES.get(char, char) for char in surface)


def split(line: str) -> list[tuple[str, int]]:
    """The (surface, occurrence) pairs of a listing.

    >>> split(r"p53; a\\; b#2")
    [('p53', 1), ('a; b', 2)]
    """
    found = []
    for piece in re.findall(r"(?:[^;\\]|\\.|\\$)+", line, re.DOTALL):
        matched = _NAME.match(piece.strip())
        surface, number = (matched[1], matched[2]) if matched else (piece.strip(), None)
        surface = re.sub(r"\\(.)", lambda m: _PLAIN.get(m[1], m[1]), surface, flags=re.DOTALL)
        if surface.strip():
            found.append((surface, int(number) if number and len(number) < 9 else 1))
    return found


def locate(text: str, surface: str, number: int = 1) -> tuple[int, int] | None:
    """Where the `number`-th occurrence of a surface stands: exactly so, else but for quotes, dashes, case and spaces.

    `None` where it does not stand in the text; a number that is too high is taken for the last one there is.
    """
    surface = surface.strip()
    if not surface:
        return None
    at = -1
    for _ in range(number):
        following = text.find(surface, at + 1)
        if following < 0:
            break
        at = following
    if at >= 0:
        return at, at + len(surface)
    return _locate_folded(text, surface, number)


def _locate_folded(text: str, surface: str, number: int) -> tuple[int, int] | None:
    wanted = "".join(fold(surface).split())
    whole, places = _solid(text)
    at = -1
    for _ in range(number):
        following = whole.find(wanted, at + 1)
        if following < 0:
            break
        at = following
    if at < 0 or not wanted:
        return None
    return places[at], places[at + len(wanted) - 1] + 1


@lru_cache(maxsize=64)
def _solid(text: str) -> tuple[str, list[int]]:
    """A text folded and without its spaces, and where each of its characters comes from."""
    folded, places = [], []
    for at, char in enumerate(text):
        for piece in fold(char):
            if not piece.isspace():
                folded.append(piece)
                places.append(at)
    return "".join(folded), places
