"""Names that an answer gives and that have no place in the text: copied from a demonstration, or from nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from fewshot.records import Example, Prediction
from fewshot.scoring.faults import Fault, Part
from fewshot.text.alignment import fold


def without_a_place(prediction: Prediction, shown: Sequence[Example]) -> list[Fault]:
    """Returns a fault for each name without a place: `copied` if it stands in a text that the prompt showed, with
    case, dashes and compatibility characters folded."""
    if not prediction.unplaced:
        return []
    texts = [_folded(example.text) for example in shown]
    return [
        Fault(
            "copied" if any(fold(member.text) in text for text in texts) else "not_in_text",
            predicted=(Part.of_member(member),),
            scored=False,
        )
        for member in prediction.unplaced
    ]


@lru_cache(maxsize=256)
def _folded(text: str) -> str:
    return fold(text)
