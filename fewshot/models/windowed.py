"""What all predictors share: texts as windows, windows in batches, answered windows as one prediction a text.

    examples ──► pieces ──► batches of like length ──► answered by the model ──► joined as soon as a text is whole
    "a long legend"  [0:1480], [1205:2610]                spans of each             spans of the whole text

A predictor says how a text is cut, how a batch is answered and how its pieces are joined (`Steps`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol, TypeVar

from fewshot.errors import InputError
from fewshot.models import batches, windows
from fewshot.models.source_tokens import SourceTokenizer, SourceTokens
from fewshot.models.windows import Window
from fewshot.records import Example, Prediction

_LEAST_ROOM = 8
"""Tokens of the smallest window: a word or two. With fewer a legend is thousands of windows, each without context."""


@dataclass(slots=True)
class Piece:
    """A window of an example, ready for the model."""

    example: Example
    window: Window

    @property
    def size(self) -> int:
        """The tokens that the model reads."""
        raise NotImplementedError


@dataclass(slots=True)
class TokenPiece(Piece):
    """A window as ids. `encoded`: all that the model reads, those that a vocabulary puts around a text included."""

    source: SourceTokens
    encoded: list[int]

    @property
    def size(self) -> int:
        """The number of ids."""
        return len(self.encoded)


P = TypeVar("P", bound=Piece)


class Steps(Protocol[P]):
    """What differs from one predictor to the next."""

    def pieces(self, example: Example) -> list[P]:
        """The windows of an example."""
        ...

    def answer(self, pieces: Sequence[P]) -> None:
        """Runs the model on a batch and keeps what it says in each piece."""
        ...

    def joined(self, pieces: Sequence[P]) -> Prediction:
        """One prediction from all pieces of an example, in order."""
        ...


def predict(steps: Steps[P], examples: Iterable[Example], *, batch_tokens: int) -> Iterator[Prediction]:
    """A prediction for each example as its last window is answered, with the seconds that it took: of each of its
    batches the share of its tokens. `batch_tokens`: padded tokens in a batch."""
    texts = [steps.pieces(example) for example in examples]
    every = [piece for pieces in texts for piece in pieces]
    owner = [number for number, pieces in enumerate(texts) for _ in pieces]
    missing = [len(pieces) for pieces in texts]
    seconds = [0.0] * len(texts)
    for batch in batches.batches([piece.size for piece in every], budget=batch_tokens):
        began = monotonic()
        steps.answer([every[i] for i in batch])
        each = (monotonic() - began) / sum(every[i].size for i in batch)
        for i in batch:
            seconds[owner[i]] += each * every[i].size
            missing[owner[i]] -= 1
            if not missing[owner[i]]:
                yield replace(steps.joined(texts[owner[i]]), seconds=seconds[owner[i]])


def room(longest: int, *parts: Sequence[int]) -> int:
    """How many tokens of a text fit into `longest`, beside the ids that stand around every text.

    Raises:
        InputError: hardly any: a text would be cut into windows without end.

    >>> room(512, [0, 2], [5, 6, 7])
    507
    """
    left = longest - sum(map(len, parts))
    if left < _LEAST_ROOM:
        raise InputError(
            f"max_input_length {longest} leaves {max(left, 0)} tokens for a text",
            hint=f"at least {longest - left + _LEAST_ROOM} are needed: see fewshot.json, or train again with more",
        )
    return left


def cut(text: str, room: int, tokenizer: SourceTokenizer) -> list[tuple[Window, SourceTokens]]:
    """The windows of a text, of at most `room` tokens each."""
    pieces = windows.windows(text, room, lambda part: len(tokenizer(part)))
    return [(window, tokenizer(text[window.start : window.end])) for window in pieces]
