"""A text as its reader sees it, character by character, with the extent of each in the text as it is written.

    written   "TNF-&alpha; in CD4⁺ Inter\\u00adleukin"        "&alpha;" is one character, the soft hyphen is none
    text      "TNF-α in CD4+ Interleukin"

Answers and sources are compared in this form: HTML entities, composed and decomposed letters, ligatures, superscripts
and characters without width make no difference, and offsets are still those of the text as written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape

from fewshot.text.alignment.folding import SIGNS

_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
_INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
_MOST_MARKS = 16  # on one letter: putting n marks in order takes n² steps, and a model may write 100,000 of them

_CLUSTER = re.compile(
    rf"""(?P<plain>[\x00-\x25\x27-\x7f]+(?![{_MARKS}]))                         # ASCII without "&", as it is
    | (?P<invisible>[{_INVISIBLE}]+)
    | &(?:\#\d{{1,7}}|\#[xX][0-9a-fA-F]{{1,6}}|[A-Za-z][A-Za-z0-9]{{1,30}});    # an entity
    | [\s\S][{_MARKS}]{{0,{_MOST_MARKS}}}
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Readable:
    """Characters as read; `starts[i]`, `ends[i]`: where the i-th of them stands in the text as written."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def readable(written: str) -> Readable:
    """The text as it is read.

    >>> readable("IFN-&gamma; ﬁx").text
    'IFN-γ fix'
    >>> readable("a&lt;b").ends
    [1, 5, 6]
    """
    if written.isascii() and "&" not in written:
        return Readable(written, range(len(written)), range(1, len(written) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for found in _CLUSTER.finditer(written):
        start, end = found.span()
        if found.lastgroup == "invisible":
            continue
        if found.lastgroup == "plain":
            pieces.append(found[0])
            starts += range(start, end)
            ends += range(start + 1, end + 1)
            continue
        piece = _read(found[0])
        pieces.append(piece)
        starts += [start] * len(piece)
        ends += [end] * len(piece)
    return Readable("".join(pieces), starts, ends)


def _read(cluster: str) -> str:
    """One character with its marks, or an entity: NFKC, with plain quotes and dashes. What is not an entity stays."""
    if len(cluster) > 2 and cluster[0] == "&":
        cluster = unescape(cluster)
        if cluster in ("", "\u00ad", "\u200b", "\ufeff"):
            return ""
    return unicodedata.normalize("NFKC", cluster.translate(SIGNS)).translate(SIGNS)
