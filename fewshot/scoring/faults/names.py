"""Names that an answer gives and that have no place in the text: copied from a demonstration, or from nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from fewshot.records import Example, Prediction
from fewshot.scoring.faults import Fault, Part
from fewshot.text.alignment import fold


def without_a_place(prediction: Prediction, shown: Sequence[Example]) -> list[Fault]:
    """Returns a fault for each name without a place: `copied` if it stands in a text that the prompt showed."""
    return [
        Fault(
            "copied" if stands_in(member.text, shown) else "not_in_text",
            predicted=(Part.of_member(member),),
            scored=False,
        )
        for member in prediction.unplaced
    ]


def stands_in(name: str, examples: Sequence[Example]) -> bool:
    """Whether a name stands in one of some texts as whole words, with case, dashes and compatibility characters folded.

    >>> example = Example("d", "d", "(A) TNF‐α in mice.")
    >>> stands_in("tnf-α", [example]), stands_in("ice", [example])
    (True, False)
    """
    folded = _folded(name).strip()
    whole = re.compile(rf"(?<!\w){re.escape(folded)}(?!\w)")
    return bool(folded) and any(whole.search(_folded(example.text)) for example in examples)


@lru_cache(maxsize=1024)
def _folded(text: str) -> str:
    return fold(text)
