"""Extents, `(start, end)` in characters of a text with `end` exclusive: white space at edges, overlap, segments.

>>> text = "(A) Blot. (B) Same."
>>> trimmed(text, 3, 10)
(4, 9)
>>> segments(text, [0, 10])
[(0, 9), (10, 19)]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeAlias

Extent: TypeAlias = tuple[int, int]
"""Start and end of a part of a text, in characters; the end is exclusive."""


def trimmed(text: str, start: int, end: int) -> Extent | None:
    """The extent without the white space at its edges (`str.isspace`); `None` if nothing else is in it. An edge outside
    the text is taken for that of the text.

    >>> trimmed(" p53 ", 0, 5), trimmed(" p53 ", -3, 9), trimmed(" p53 ", 4, 5), trimmed("p53", -3, -1)
    ((1, 4), (1, 4), None, None)
    """
    start = max(start, 0)
    surface = text[start : max(end, 0)]
    solid = surface.strip()
    if not solid:
        return None
    start += len(surface) - len(surface.lstrip())
    return start, start + len(solid)


def skip_space(text: str, start: int) -> int:
    """The first character at or after `start` that is not white space; the length of the text if there is none.

    >>> skip_space("a  b", 1), skip_space("a  ", 1)
    (3, 3)
    """
    return len(text) - len(text[start:].lstrip())


def segments(text: str, starts: Sequence[int]) -> list[Extent | None]:
    """From each start (in order) to the next one, the last to the end of the text, trimmed; `None` for white space."""
    return [trimmed(text, start, end) for start, end in pairwise([*starts, len(text)])]


def overlaps(start: int, end: int, others: Iterable[Extent]) -> bool:
    """Whether an extent shares a character with one of some others. Extents that touch do not overlap.

    >>> overlaps(0, 3, [(3, 5)]), overlaps(0, 4, [(3, 5)])
    (False, True)
    """
    return any(start < right and left < end for left, right in others)
