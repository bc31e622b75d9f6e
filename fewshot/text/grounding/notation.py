"""Naming a span by its surface: `p53#2` is the second `p53` of the text.

Occurrences that cut no word are counted first, then the others, each in the order of the text; `#1` may be left out.
`;`, `#`, `\\` and line breaks inside a surface are escaped with a backslash.

>>> text = "p53R2 and p53 bind p53-AS"
>>> [name(text, Span(at, at + 3, "GENEPROD")) for at in (10, 19, 0)]
['p53', 'p53#2', 'p53#3']
>>> split(r"p53; a\\; b#2")
[('p53', None), ('a; b', 2)]
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.entities import html5

from fewshot.records import Span
from fewshot.text.grounding.edges import cuts_word

_ESCAPES = {"\\": "\\\\", ";": "\\;", "#": "\\#", "\n": "\\n", "\r": "\\r"}
_PLAIN = {"n": "\n", "r": "\r"}
_NUMBER = re.compile(r"(?<!\\)((?:\\\\)*)#([0-9]+)$")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def occurrences(text: str, surface: str) -> list[int]:
    """Where a surface starts, in the order in which occurrences are counted; overlapping ones count."""
    whole: list[int] = []
    cut: list[int] = []
    at = text.find(surface) if surface else -1
    while at >= 0:
        (cut if cuts_word(text, at, at + len(surface)) else whole).append(at)
        at = text.find(surface, at + 1)
    return whole + cut


def occurrence(text: str, span: Span) -> int:
    """Which occurrence of its surface a span is, from 1."""
    return occurrences(text, span.cut(text)).index(span.start) + 1


def name(text: str, span: Span, *, numbered: bool = False) -> str:
    """A span in the notation of lists; `numbered`: with its number even if it is the first."""
    number = occurrence(text, span)
    return escape(span.cut(text)) + (f"#{number}" if numbered or number > 1 else "")


def listing(text: str, spans: Iterable[Span], *, numbered: bool = False) -> str:
    """Spans as one line: `p53; MDM2; p53#2`."""
    return "; ".join(name(text, span, numbered=numbered) for span in spans)


def escape(surface: str) -> str:
    """A surface as a list writes it."""
    return "".join(_ESCAPES.get(char, char) for char in surface)


def unescape(written: str) -> str:
    """A surface as it is, of one that a list writes."""
    return _ESCAPED.sub(lambda found: _PLAIN.get(found[1], found[1]), written)


def split(line: str) -> list[tuple[str, int | None]]:
    """The (surface, occurrence) pairs of a listing; no occurrence where none is written. No name has white space at its
    edges: "p53 #2" is the second "p53"."""
    pairs: list[tuple[str, int | None]] = []
    for piece in pieces(line):
        written, number = numbered(piece.strip())
        surface = unescape(written).strip()
        if surface:
            pairs.append((surface, number))
    return pairs


def pieces(line: str) -> list[str]:
    """A line cut at its semicolons, except escaped ones and those that end an HTML entity.

    >>> pieces(r"TNF-&alpha;; a\\;b; R&D; x")
    ['TNF-&alpha;', ' a\\\\;b', ' R&D', ' x']
    """
    found: list[str] = []
    start = 0
    for mark in _SEPARATOR.finditer(line):
        if mark[0] == ";" or (mark[1] is not None and mark[1][0] != "#" and f"{mark[1]};" not in html5):
            found.append(line[start : mark.end() - 1])
            start = mark.end()
    return [piece for piece in (*found, line[start:]) if piece]


_SEPARATOR = re.compile(r"\\.|;|&(#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});", re.DOTALL)


def numbered(piece: str) -> tuple[str, int | None]:
    """A piece without the number at its end, and the number.

    >>> numbered("p53#2"), numbered(r"p53\\#2")
    (('p53', 2), ('p53\\\\#2', None))
    """
    found = _NUMBER.search(piece)
    if found is None:
        return piece, None
    return piece[: found.start()] + found[1], int(found[2]) if len(found[2]) < 9 else None
