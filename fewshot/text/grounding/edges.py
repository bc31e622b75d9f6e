"""Whether a stretch of text cuts a word: "ER" in "PERK" does, "p53" in "p53-AS" does not.

>>> cuts_word("PERK", 1, 3), cuts_word("p53-AS", 0, 3), cuts_word("KCNQ3Δ/Δ", 0, 5)
(True, False, False)
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_IDEOGRAPHS = 0x2E80
"""From this code point on stand the scripts of East Asia, which write no space between words."""

_DELETION = "Δ∆"
"""Marks a deletion, and is not a letter of the gene's name before or after it ("KCNQ3Δ/Δ", "ΔNp63")."""


def cuts_word(text: str, start: int, end: int) -> bool:
    """Whether the character before, or behind, belongs to the same word as the first, or last, of the stretch."""
    return starts_inside(text, start) or starts_inside(text, end)


def starts_inside(text: str, at: int) -> bool:
    """Whether a word goes on at `at`."""
    return 0 < at < len(text) and in_word(text[at - 1]) and in_word(text[at])


@lru_cache(maxsize=1 << 12)
def in_word(char: str) -> bool:
    """Whether a character goes together with its neighbours as one word."""
    if char.isalnum():
        return char not in _DELETION and not _IDEOGRAPHS <= ord(char) < 0xFB00
    return unicodedata.category(char) in ("Mn", "Mc") or char == "\u00ad"
