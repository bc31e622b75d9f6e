"""Offsets as other tools count them, as characters of a text with an exclusive end.

JavaScript, Java and C# count UTF-16 code units, in which 😀 and 𝛼 are two; Go, Rust and C count bytes of UTF-8; some
formats name the last character (an inclusive end). Where a text holds nothing but ASCII the first three agree.

>>> text = "😀 p53"
>>> Ruler(text, "utf16").extent(3, 6), Ruler(text, "bytes").extent(5, 8), Ruler(text, "inclusive").extent(2, 4)
((2, 5), (2, 5), (2, 5))
>>> explained(text, 3, 6, "p53")
'utf16'
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Literal, TypeAlias, get_args

from fewshot.errors import InputError, Where
from fewshot.text.spans import Extent

Unit: TypeAlias = Literal["characters", "utf16", "bytes", "inclusive"]
"""How offsets count: characters with an exclusive end, as ours; UTF-16 code units; bytes of UTF-8; characters with an
inclusive end."""

UNITS: tuple[Unit, ...] = get_args(Unit)
_ASTRAL = 0x10000
_QUOTED = 40
"""Characters of a surface in a message."""


class Ruler:
    """Where the offsets of a unit lie in a text."""

    def __init__(self, text: str, unit: Unit) -> None:
        self._length = len(text)
        self._last = int(unit == "inclusive")
        self._edges: list[int] | None = None
        if unit in ("utf16", "bytes") and not text.isascii():
            size = _utf16 if unit == "utf16" else _utf8
            self._edges = [0, *accumulate(map(size, text))]

    @property
    def length(self) -> int:
        """The length of the text in this unit."""
        return self._edges[-1] if self._edges else self._length

    def extent(self, start: int, end: int) -> Extent | None:
        """The characters; `None`: outside the text, back to front, or inside a character."""
        end += self._last
        if not 0 <= start <= end <= self.length:
            return None
        if self._edges is None:
            return start, end
        first, after = bisect_left(self._edges, start), bisect_left(self._edges, end)
        return (first, after) if self._edges[first] == start and self._edges[after] == end else None


def unit_of(said: str) -> Unit:
    """The unit of that name.

    Raises:
        InputError: there is none.
    """
    for unit in UNITS:
        if said == unit:
            return unit
    raise InputError(f"--offsets must be one of {', '.join(UNITS)}, not {said[:_QUOTED]!r}")


def explained(text: str, start: int, end: int, surface: str) -> Unit | None:
    """The unit in which `start` and `end` cut that surface out of the text; `None`: in none."""
    return next((unit for unit in UNITS if agrees(text, Ruler(text, unit).extent(start, end), surface)), None)


def fitting(text: str, start: int, end: int) -> Unit | None:
    """The unit in which an extent that is out of range lies in the text; `None`: in none."""
    return next((unit for unit in UNITS if Ruler(text, unit).extent(start, end) is not None), None)


def agrees(text: str, extent: Extent | None, surface: str) -> bool:
    """Whether an extent is what it is said to be, whatever the white space in it (line breaks become spaces)."""
    if extent is None:
        return False
    cut = text[slice(*extent)]
    return cut == surface or cut.split() == surface.split()


def check(
    text: str, extent: Extent | None, surface: str, name: str, where: Where, *, said: Extent | None = None
) -> None:
    """Refuses a span that is not what it says it is. `said`: the offsets as the file has them; an `extent` of `None`:
    they lie outside the text, or inside a character.

    Raises:
        DataError: both, and the flag that reads the offsets so that they agree.
    """
    if agrees(text, extent, surface):
        return
    start, end = said or extent or (0, 0)
    cut = "outside the text" if extent is None else _short(text[slice(*extent)])
    unit = explained(text, start, end, surface)
    hint = "correct the offsets, or the text of the span"
    if unit is not None:
        hint = f"the offsets are {_IN_WORDS[unit]}: --offsets {unit} reads them so"
    where.fail(f"{name}: {start}–{end} is {cut} and its text says {_short(surface)}", hint=hint)


_IN_WORDS = {
    "characters": "characters with an exclusive end",
    "utf16": "UTF-16 code units",
    "bytes": "bytes of UTF-8",
    "inclusive": "characters with an inclusive end",
}


def _short(surface: str) -> str:
    return repr(surface if len(surface) <= _QUOTED else f"{surface[: _QUOTED - 1]}…")


def _utf16(character: str) -> int:
    return 2 if ord(character) >= _ASTRAL else 1


def _utf8(character: str) -> int:
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < _ASTRAL else 4
