"""How much work one answer may take: whatever it is, and whatever the text, it is read in a second or two.

Every search counts, each in nanoseconds, roughly: a character that is looked through, a hit, the start of a search. A
real answer (40 names in 3,000 characters) takes a thousandth of it. Names that are looked for when nothing is left are
not found, and counted as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MOST = 500_000_000
"""Nanoseconds, roughly, of all searches together."""

HIT = 5_000
"""A hit: what is done with it, from the candidate to the assignment, and the search that goes on behind it."""

SIGN = 2
"""A character of the text that is looked through, at worst ("aab" in a text of a)."""

LETTER = 40
"""A letter of what is looked for: every search prepares it anew, and what a hit covers is folded."""


@dataclass(slots=True)
class Budget:
    """What is left of the work that one answer may take."""

    left: int = MOST

    def finds(self, text: str, wanted: str, most: int = MOST) -> Iterator[int]:
        """Where a string stands, overlapping ones too: the first `most`, as long as something is left.

        >>> list(Budget().finds("aaab", "aa"))
        [0, 1]
        """
        if not wanted or self.left <= 0:
            return
        self.left -= SIGN * len(text) + LETTER * len(wanted)
        at = text.find(wanted)
        while at >= 0 and most > 0 and self.left > 0:
            yield at
            most -= 1
            self.left -= HIT + LETTER * len(wanted)
            at = text.find(wanted, at + 1)
