"""A text as it is compared: how a character is written makes no difference, which character it is does.

>>> fold("‘IFN–γ’") == fold("'ifn-γ'") == fold("'IFN-gamma'")
True
>>> folded = compact("TNF-&alpha; (5 µM)")
>>> folded.text, folded.extent(0, 8)
('tnfalpha(5mum)', (0, 11))

What is folded: case; compatibility characters (NFKC: ligatures, sub- and superscripts, full width); accents, composed
or not; quotes and dashes; soft hyphens, zero-width characters and backslashes; Greek letters, which are their names;
HTML entities and the tags of sub- and superscripts. `compact` leaves out spaces and dashes too.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html.entities import html5

_DASHES = "‐‑‒–—―−﹘﹣－⁃"
SIGNS = str.maketrans(
    dict.fromkeys(_DASHES, "-") | dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("“”„‟″", '"') | {"µ": "μ", "∆": "Δ"}
)

MARKUP = re.compile(
    r"&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});|</?(?:sub|sup|i|b|em|strong)>"
)
"""An HTML entity, or one of the tags that publishers leave in a legend. Bounded runs: a text of `&` is read once."""

_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "-\\&<`_^")
_PIECES = re.compile(rf"([{re.escape(_PLAIN)}]+)|({MARKUP.pattern})|(\S)")
_PIECES_AND_SPACES = re.compile(rf"([{re.escape(_PLAIN)} ]+)|({MARKUP.pattern})|([\s\S])")
_HARDLY_SEEN = frozenset(("Cf", "Mn", "Me", "Cc"))
"""Categories that are not printed by themselves: formats (soft hyphen, zero width), marks, controls."""


def fold(text: str) -> str:
    """A text with its spaces, as it is compared.

    >>> fold("Sjo\\u0308gren’s CD4⁺"), fold("5 &micro;M H<sub>2</sub>O")
    ("sjogren's cd4+", '5 mum h2o')
    """
    if text.isascii():
        if "&" not in text and "<" not in text and "\\" not in text:
            return text.lower().replace("`", "'")
        text = MARKUP.sub(lambda found: _unmarked(found[0]), text)
    elif "&" in text or "<" in text:
        text = MARKUP.sub(lambda found: _unmarked(found[0]), text)
    return "".join(map(_folded, text))


@dataclass(frozen=True, slots=True)
class Compact:
    """A folded text without spaces and dashes, and where each of its characters comes from.

    `starts[i]`: the source offset of the character (or entity) that `text[i]` comes from; `stops`: its end, of those
    that are not one character long.
    """

    text: str
    starts: list[int]
    stops: Mapping[int, int]

    def extent(self, left: int, right: int) -> tuple[int, int] | None:
        """The source extent of `text[left:right]`; `None` if an edge lies inside a source character ("β" is "beta")."""
        starts = self.starts
        if left and starts[left - 1] == starts[left]:
            return None
        last = starts[right - 1]
        if right < len(starts) and starts[right] == last:
            return None
        return starts[left], self.stops.get(last, last + 1)

    def covering(self, left: int, right: int) -> tuple[int, int]:
        """The source extent of all characters that `text[left:right]` comes from."""
        last = self.starts[right - 1]
        return self.starts[left], self.stops.get(last, last + 1)


@lru_cache(maxsize=16)
def compact(text: str) -> Compact:
    """A text folded, without spaces, dashes and underscores, each character with its place."""
    return _placed(text, _PIECES, _solid)


def spaced(text: str) -> Compact:
    """A text folded, with its spaces and dashes.

    >>> spaced("Levels of\u2009TNF-&alpha;").text
    'levels of tnf-alpha'
    """
    return _placed(text, _PIECES_AND_SPACES, _folded)


def greek_compact(text: str) -> Compact:
    """As `compact`, with Greek letters as they are."""
    return _placed(text, _PIECES, lambda char: _without_gaps(_greek(char)))


def greek_solid(text: str) -> str:
    """As `solid`, with Greek letters as they are."""
    return "".join(_without_gaps(_greek(char)) for char in MARKUP.sub(lambda found: _unmarked(found[0]), text))


def greek_fold(text: str) -> str:
    """As `fold`, with Greek letters as they are."""
    return "".join(map(_greek, MARKUP.sub(lambda found: _unmarked(found[0]), text)))


def has_greek(text: str) -> bool:
    """Whether a text has Greek letters, as such or as HTML entities."""
    return "&" in text or (not text.isascii() and any(char in GREEK for char in greek_fold(text)))


def _placed(text: str, pattern: re.Pattern[str], folded: Callable[[str], str]) -> Compact:
    """A text folded character by character; runs of plain ones (group 1) at once."""
    pieces: list[str] = []
    starts: list[int] = []
    stops: dict[int, int] = {}
    for found in pattern.finditer(text):
        start, end = found.span()
        kind = found.lastindex
        if kind == 1:
            pieces.append(found[0].lower())
            starts.extend(range(start, end))
            continue
        piece = "".join(map(folded, _unmarked(found[0]) if kind == 2 else found[0]))
        if piece:
            pieces.append(piece)
            starts.extend([start] * len(piece))
            if end > start + 1:
                stops[start] = end
        elif starts and unicodedata.category(found[0][0]) == "Mn" and stops.get(starts[-1], starts[-1] + 1) == start:
            stops[starts[-1]] = end  # a mark belongs to the letter before it
    return Compact("".join(pieces), starts, stops)


@lru_cache(maxsize=1 << 16)
def solid(text: str) -> str:
    """A name as `compact` has it.

    >>> solid("IL‑1β"), solid("TNF-&alpha;")
    ('il1beta', 'tnfalpha')
    """
    if "&" in text or "<" in text:
        text = MARKUP.sub(lambda found: _unmarked(found[0]), text)
    return "".join(map(_solid, text))


@lru_cache(maxsize=1 << 12)
def _solid(char: str) -> str:
    return _without_gaps(_folded(char))


def _without_gaps(piece: str) -> str:
    return "".join(char for char in piece if not (char.isspace() or char in "-_^"))


@lru_cache(maxsize=1 << 12)
def _folded(char: str) -> str:
    """One character, folded: none, one or several."""
    return "".join(GREEK.get(piece, piece) for piece in _greek(char))


@lru_cache(maxsize=1 << 12)
def _greek(char: str) -> str:
    """One character, folded, with Greek letters as they are."""
    if char == "\\":
        return ""
    if char.isspace():
        return " " if char != "\n" else char
    if unicodedata.category(char) in _HARDLY_SEEN:
        return ""
    plain = unicodedata.normalize("NFKD", char.translate(SIGNS)).translate(SIGNS)
    kept = (piece for piece in plain if unicodedata.category(piece) not in _HARDLY_SEEN)
    return "".join(kept).casefold()


def _unmarked(markup: str) -> str:
    """The character of an HTML entity; nothing of a tag; what is not an entity, unchanged ("R&D;")."""
    if markup[0] == "<":
        return ""
    if markup[1] != "#" and markup[1:] not in html5:
        return markup
    return html.unescape(markup)


GREEK = {
    chr(code): unicodedata.name(chr(code)).rpartition(" ")[2].lower()
    for code in range(0x3B1, 0x3CA)
    if code != 0x3C2  # the final sigma, which case folding takes for the other
} | {"λ": "lambda"}
"""Unicode names the letter LAMDA."""
