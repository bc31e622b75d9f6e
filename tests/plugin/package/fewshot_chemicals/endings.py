"""Words that end as names of drugs do: a local model, which is shown no prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from fewshot.backends import Options
from fewshot.records import Example, Prediction, Span

PROMPTED = False
_DRUG = re.compile(r"\w+(?:inib|mab|statin|cillin|lin)\b")


class Endings:
    """A local backend."""

    kind: Literal["local"] = "local"
    name = "endings"
    model = "endings-1"
    digest = "endings-1"
    format: str | None = None
    labelled: int | None = None
    notices: Sequence[str] = ()

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        """Predictions in order."""
        for example in examples:
            spans = tuple(Span(*found.span(), "CHEMICAL") for found in _DRUG.finditer(example.text))
            yield Prediction(example.id, spans)


def open_backend(options: Options) -> Endings:
    """The backend."""
    del options
    return Endings()
