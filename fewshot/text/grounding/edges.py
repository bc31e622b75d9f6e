"""Whether a stretch of text cuts a word: "ER" in "PERK" does, "p53" in "p53-AS" does not.

>>> cuts_word("PERK", 1, 3), cuts_word("p53-AS", 0, 3), cuts_word("KCNQ3Δ/Δ", 0, 5)
(True, False, False)
"""

from __future__ import annotations

import re

_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
"""Combining marks: they belong to the letter before them."""

_EAST_ASIA = "\u2e80-\ufaff"
"""Scripts that write no space between words: any two characters may be two words."""

_DELETION = "Δ∆"
"""Marks a deletion, and is not a letter of the gene's name before or after it ("KCNQ3Δ/Δ", "ΔNp63")."""

_IN_WORD = rf"[^\W_{_DELETION}{_EAST_ASIA}]|[\u00ad{_MARKS}]"
_INSIDE = re.compile(rf"(?:{_IN_WORD})(?={_IN_WORD})")
TOKENS = re.compile(rf"(?:{_IN_WORD})+|\S")
"""The words of a text, and its other signs one by one."""


def cuts_word(text: str, start: int, end: int) -> bool:
    """Whether the character before, or behind, belongs to the same word as the first, or last, of the stretch."""
    return starts_inside(text, start) or starts_inside(text, end)


def starts_inside(text: str, at: int) -> bool:
    """Whether a word goes on at `at`."""
    return at > 0 and _INSIDE.match(text, at - 1) is not None


def within_number(text: str, at: int) -> bool:
    """Whether letters and digits meet at `at`: the gentlest way to cut a word ("NeoR216").

    >>> within_number("NeoR216", 4), within_number("PERK", 1)
    (True, False)
    """
    return 0 < at < len(text) and text[at - 1].isdigit() != text[at].isdigit()
