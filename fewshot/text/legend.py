"""The grammar of figure legends: panel letters, tails, sentences. Regular expressions, and why they are so.

>>> leading_label("(A–C) Western blot.").labels
('A', 'B', 'C')
>>> text = "A, Blot. Data information: n = 3."
>>> text[:cut_tail(text, 0, len(text))]
'A, Blot.'
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fewshot.text.spans import Extent, trimmed

_LETTER = r"(?:[A-Z]|[a-z])(?:['′’]|\d{1,2}|(?:i{1,3}|iv|v)(?![A-Za-z]))?"
_DASH = r"[-‐‑‒–—−]"
_JOIN = rf"\s?(?:{_DASH}|,|&|and|/)\s?"
_LIST = rf"{_LETTER}(?:\s?(?:{_DASH}|/|&|,\s?and\b|,|\band\b)\s?{_LETTER}(?![A-Za-z0-9])){{0,25}}"
"""At most 26 letters: a longer list is none, and reading it at each of its letters is quadratic."""

_LEADING = re.compile(
    rf"""\s*(?:
      [(\[]\s?(?P<in>{_LIST})\s?[)\]][.:,]?          # (A)  (A–C)  (A and B)  [A]
    | [(]\s?(?P<open>[A-Z])(?=\s)                    # "(A ", unclosed
    | (?P<out>{_LIST})\s?[)]                         # A)  A and B)
    | (?P<dot>{_LIST})\s?(?:[.:]|,(?=\s))(?!\d)      # A.  A:  A,  A, B.  A-C.  A&B,
    | (?P<bare>{_LIST})(?=\s+[A-Z0-9(“"'‘])          # A Western blot
    )""",
    re.VERBOSE,
)
_PIECE = re.compile(rf"\band\b|({_LETTER})|({_DASH})")
_ARTICLE = re.compile(r"\s*A\s+(?!(?:[A-Z][a-z]|[A-Z]{2}))")

_TAIL = re.compile(r"(?:Data\s+information|Source\s+data|Abbreviations?)\s*[:,]", re.IGNORECASE)
_ENDS_A_SENTENCE = frozenset(".!?;)]”\"'")

# Entered at the first sign of a run only, and never left again: a run of signs that ends nothing is read once.
_END = re.compile(r"(?<![.!?])[.!?]++[)\]”\"'’]*+(?=\s|$)|\n+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Figs?|Figures?|e\.g|i\.e|vs|ca|cf|approx|et al|Refs?|Nos?|Eq|Suppl?|resp|Dr|St|spp?|Mr|Ms)"
    r"|\b[A-Za-z]|\b(?:[A-Za-z]\.)+[A-Za-z])$"
)
_LONGEST_ABBREVIATION = 12  # characters before a full stop in which one is looked for


@dataclass(frozen=True, slots=True)
class Label:
    """A panel label as it is printed: its letters, where it stands, how it is written."""

    labels: tuple[str, ...]
    start: int
    end: int
    style: str


def leading_label(text: str, start: int = 0) -> Label | None:
    """The panel label that a segment opens with, at the first character that is not a space.

    Letters come as printed; a range gives all its letters. `None` where the segment opens with anything else, the
    article "A" included.
    """
    found = _LEADING.match(text, start)
    if found is None:
        return None
    style = str(found.lastgroup)
    printed = found[style]
    if style == "bare" and (not printed[0].isupper() or (len(printed) == 1 and _ARTICLE.match(text, start))):
        return None
    labels = _letters(printed)
    if not labels:
        return None
    at = found.end() - len(found[0].lstrip())
    return Label(labels, at, found.end(), style)


def leading_letters(segment: str) -> tuple[str, ...]:
    """The letters that a segment opens with; none where it opens with text.

    >>> leading_letters("D&E, Quantification."), leading_letters("Cells were treated.")
    (('D', 'E'), ())
    """
    label = leading_label(segment)
    return label.labels if label else ()


def _letters(printed: str) -> tuple[str, ...]:
    """The letters of a list or range: "A–C, E" → A, B, C, E. Nothing where a range runs backwards."""
    labels: list[str] = []
    ranged = False
    for piece in _PIECE.finditer(printed):
        letter, dash = piece.groups()
        if letter is None:  # a dash, or the word "and"
            ranged = ranged or dash is not None
            continue
        if ranged and labels:
            first, last = ord(labels[-1][0]), ord(letter[0])
            if not 0 < last - first < 26 or letter[0].isupper() != labels[-1][0].isupper():
                return ()
            labels.extend(chr(code) for code in range(first + 1, last))
        labels.append(letter)
        ranged = False
    return tuple(dict.fromkeys(labels))


def is_printed(label: str, segment: str) -> bool:
    """Whether a letter stands in its segment as a panel label would, or its leading range or list covers it."""
    leading = leading_label(segment)
    if leading is not None and label.upper() in (letter.upper() for letter in leading.labels):
        return True
    letter = re.escape(label)
    return (
        re.search(rf"[(\[]\s?{letter}\s?[)\],]|(?:^|\s|[(,–-]\s?){letter}[).:,](?=\s|$)", segment, re.IGNORECASE)
        is not None
    )


def tail_start(text: str, start: int, end: int) -> int | None:
    """Where a tail begins inside `text[start:end]`; it belongs to no panel.

    A tail opens with "Data information", "Source data" or "Abbreviations", then a colon or a comma.
    """
    return next(
        (at.start() for at in _TAIL.finditer(text, start, end) if opens_a_sentence(text, start, at.start())), None
    )


def opens_a_sentence(text: str, start: int, at: int) -> bool:
    """Whether `text[start:at]` ends a sentence or a line, or is blank."""
    before = at
    while before > start and text[before - 1].isspace():
        before -= 1
        if text[before] == "\n":
            return True
    return before == start or text[before - 1] in _ENDS_A_SENTENCE


def cut_tail(text: str, start: int, end: int) -> int:
    """The end of a panel before its tail, trimmed of spaces. A span that is all tail is left as it was."""
    tail = tail_start(text, start, end)
    extent = trimmed(text, start, end if tail is None else tail)
    return extent[1] if extent else end


def sentences(text: str) -> list[Extent]:
    """The extents of the sentences of a text, in order, without the white space between them.

    Not split behind "Fig.", "e.g.", "S.E.M.", initials and panel letters ("A. Blot"); a line break ends one.
    """
    found: list[Extent | None] = []
    start = 0
    for stop in _END.finditer(text):
        before = text[max(start, stop.start() - _LONGEST_ABBREVIATION) : stop.start()]
        if stop[0][0] != "\n" and _ABBREVIATION.search(before):
            continue
        found.append(trimmed(text, start, stop.end()))
        start = stop.end()
    found.append(trimmed(text, start, len(text)))
    return [extent for extent in found if extent is not None]
