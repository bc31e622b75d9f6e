r"""Control characters as text: what a terminal or a page would obey is shown.

    "\x1b]0;owned\x07"      sets the title of a terminal window         →  \x1b]0;owned\x07, as sixteen characters
    "p53\u202e35p"          reverses what follows it                    →  p53\u202e35p
    "GENE\n\\input{x}"      leaves a cell of a table, or a TeX comment  →  GENE\n\input{x}, on one line

Texts, labels, ids, file names, model names and messages of servers come from others. They are shown as they are, except
for the characters here.
"""

from __future__ import annotations

import re

_OBEYED = (
    "["
    "\x00-\x08\x0b-\x1f\x7f"  # C0, without tab and line feed; DEL
    "\x80-\x9f"  # C1: \x9b begins an escape sequence, \x85 ends a line
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi marks, embeddings, overrides, isolates (UAX #9)
    "\u2028\u2029"  # line and paragraph separators
    "\ufff9-\ufffb\U000e0000-\U000e007f"  # interlinear annotations and tags: text that no terminal shows
    "\ud800-\udfff"  # halves of surrogate pairs: no encoding can write them
    "]"
)
_OF_LINES = f"{_OBEYED[:-1]}\t\n]"
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: str) -> str:
    r"""A text of several lines with every control character shown as an escape; line ends and tabs stay.

    >>> print(visible("\x1b[2Jp53\n\u202eMDM2"))
    \x1b[2Jp53
    \u202eMDM2
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text  # nearly always: the pattern, slow to compile, is not needed for `fewshot --help`
    return re.sub(_OBEYED, _escape, text)


def one_line(text: str) -> str:
    r"""A text on one line: as `visible`, with line ends and tabs shown as well.

    >>> print(one_line("GENE\r\nPROD"))
    GENE\r\nPROD
    """
    return re.sub(_OF_LINES, _escape, text)


def shortened(text: str, limit: int) -> str:
    """A text of at most `limit` characters: the middle of a longer one is left out, so that both ends can be read.

    >>> shortened("abcdefghij", 6)
    'abcd…j'
    """
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 4  # the beginning says more than the end
    return f"{text[: limit - 1 - tail]}…{text[len(text) - tail :]}"


def json_safe(encoded: str) -> str:
    r"""Encoded JSON with its control characters escaped as JSON escapes them: it stands for the same value.

    >>> print(json_safe('{"id": "\u202ep53"}'))
    {"id": "\u202ep53"}
    """
    return re.sub(_OBEYED, lambda found: _utf16(found[0]), encoded)


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    code = ord(sign)
    if sign in _NAMED:
        return _NAMED[sign]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _utf16(sign: str) -> str:
    """A character as JSON's `\\uXXXX`, two of them beyond the basic plane."""
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[i : i + 2], 'big'):04x}" for i in range(0, len(units), 2))
