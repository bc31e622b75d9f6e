"""How papers write panel letters, with the frequencies of real legends.

Counted in 80 real figures: `(A)` 83, `A.` 78, `A)` 55, `A,` 46, no letter 31, bare `A` 17, `(A–C)` 15, `A-C.` 11,
`A and B)` 11, `A, B.` 8, `(A and B)` 5, `A&B,` 2, unclosed `(A ` 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

SINGLE: Mapping[str, str] = {"(A)": "({}) ", "A.": "{}. ", "A)": "{}) ", "A,": "{}, ", "A": "{} ", "(A ": "({} "}
WEIGHTS: Mapping[str, int] = {"(A)": 83, "A.": 78, "A)": 55, "A,": 46, "A": 17, "(A ": 1}

_SEVERAL: Mapping[str, tuple[Callable[[Sequence[str]], str], ...]] = {
    "(A)": (lambda x: f"({x[0]}–{x[-1]}) ", lambda x: f"({' and '.join(x)}) "),
    "A.": (lambda x: f"{x[0]}-{x[-1]}. ", lambda x: f"{', '.join(x)}. "),
    "A)": (lambda x: f"{' and '.join(x)}) ", lambda x: f"{x[0]}-{x[-1]}) "),
    "A,": (lambda x: f"{'&'.join(x)}, ", lambda x: f"{x[0]}–{x[-1]}, "),
    "A": (lambda x: f"{x[0]}–{x[-1]} ",),
    "(A ": (lambda x: f"({x[0]}–{x[-1]}) ",),
}


def draw(random: Random) -> str:
    """Draws the style of one paper."""
    return random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]


def write(letters: Sequence[str], style: str, random: Random) -> str:
    """Returns the printed label of a segment, with the space behind it."""
    if len(letters) == 1:
        return SINGLE[style].format(letters[0])
    forms = _SEVERAL[style] if len(letters) == 2 else _SEVERAL[style][:1]
    if style in ("A)", "A,") and len(letters) > 2:
        forms = _SEVERAL[style][1:]
    return random.choice(forms)(letters)
