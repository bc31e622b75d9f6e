"""Answers as models spoil them: a tagged copy, with letters changed, signs normalised, a sentence gone, chatter, cut.

    spoilt = perturb(text, spans, chance)
    spoilt.answer       "Sure, here it is:\\n\\n<panel> (A) Wextern blot of p53. </panel> <panel> (B) Sa"
    spoilt.survivors    (Span(0, 24, "panel"),)

What **survives**: a span whose opening and closing tag are both still written in the answer, and of which neither the
first nor the last word stood in the dropped sentence. Nothing else excuses a miss: not that its own letters were
changed (all of them, even), not that the words beside it were. A span whose closing tag was cut off has lost its end,
one whose edge was in the dropped sentence has lost that edge: no reader could give back what is nowhere written.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fewshot.records import Span
from fewshot.text.legend import sentences

LETTERS_CHANGED = 0.03
CUT_AT = 0.9
_SIGNS = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("‘’", "'") | dict.fromkeys("“”", '"'))
_BEFORE = (
    "Sure! Here is the legend with the tags in it:\n\n",
    "```\n",
    "**Answer**\n\nI marked what you asked for, as follows.\n\n",
    "",
)
_AFTER = ("\n\nLet me know if you need anything else!", "\n```", "\n\nNote: some labels were ambiguous.", "")


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A spoilt answer, and the gold spans that one can still ask for."""

    answer: str
    survivors: tuple[Span, ...]


def perturb(
    text: str,
    spans: Sequence[Span],
    chance: random.Random,
    *,
    letters: float = LETTERS_CHANGED,
    drop: bool = True,
    cut: bool = True,
) -> Spoilt:
    """The tagged copy of `text`, spoilt in all ways at once. Chatter follows only what is not cut."""
    hole = chance.choice(sentences(text)) if drop and len(sentences(text)) > 1 else (0, 0)
    kept = [s for s in spans if not hole[0] <= s.start < s.end <= hole[1]]
    pieces, at = [], 0
    marks = sorted([(s.end, 0, f"</{s.label}>") for s in kept] + [(s.start, 1, f"<{s.label}>") for s in kept])
    for place, _, tag in marks:
        pieces += [_spoil(_kept(text, at, place, hole), letters, chance), f" {tag} "]
        at = place
    pieces.append(_spoil(_kept(text, at, len(text), hole), letters, chance))
    whole = re.sub(r"\s+", " ", "".join(pieces).translate(_SIGNS)).strip()
    said = whole[: round(len(whole) * CUT_AT)] if cut else f"{whole} [END]"
    closed = sorted(kept, key=lambda s: s.end)[: said.count("</")]
    survivors = tuple(s for s in closed if not (_inside(s.start, hole) or _inside(s.end - 1, hole)))
    number = chance.randrange(len(_BEFORE))
    return Spoilt(_BEFORE[number] + said + ("" if cut else _AFTER[number]), survivors)


def _kept(text: str, start: int, end: int, hole: tuple[int, int]) -> str:
    return text[start : max(start, min(end, hole[0]))] + text[min(end, max(start, hole[1])) : end]


def _inside(place: int, hole: tuple[int, int]) -> bool:
    return hole[0] <= place < hole[1]


def _spoil(piece: str, letters: float, chance: random.Random) -> str:
    return "".join(
        chance.choice("abcdefghijklmnopqrstuvwxyz") if c.isalpha() and chance.random() < letters else c for c in piece
    )
