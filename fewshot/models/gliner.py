"""GLiNER: an encoder that is asked for labels in words, and scores every span of a text against each of them.

    Gliner(model, {"DOSE": "amounts with a unit"}).predict(examples)     # yields predictions, in any order

Urchade Zaratiana et al. 2023 (https://arxiv.org/abs/2311.08526); the gliner library does the work on a window. The
library cuts a text after the words that a model was trained with (384) without a word; here it never gets a longer one:
texts are cut into overlapping windows, and what is found in them is put together again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from fewshot.errors import InputError
from fewshot.models import batches, model_folder, windowed, windows
from fewshot.models.gliner_folder import quiet
from fewshot.records import Example, Prediction, Span

THRESHOLD = 0.5
"""The score from which a span counts, as in the library and the published results."""
_LEAST_WORDS = 8
"""Words of the smallest window that is worth reading, beside the labels."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def in_words(label: str, definition: str | None = None) -> str:
    """What a label is called when a model is asked for it: its definition up to the first colon (what follows lists
    examples), else its name as words.

    >>> in_words("GENEPROD", "genes and gene products: genes, RNAs"), in_words("CELL_TYPE"), in_words("CellLine")
    ('genes and gene products', 'cell type', 'cell line')
    """
    head = "" if definition is None else " ".join(definition.partition(":")[0].split())
    return head or re.sub(r"[\W_]+", " ", _HUMP.sub(" ", label)).strip().lower() or label


@dataclass(slots=True)
class _Piece(windowed.Piece):
    """`tokens`: labels included; `spans`: what the model said."""

    tokens: int
    spans: tuple[Span, ...] = ()

    @property
    def size(self) -> int:
        """The tokens that the model reads."""
        return self.tokens


@dataclass(slots=True)
class Gliner:
    """One loaded model (of the gliner library). `words`: what each label is called.

    Raises:
        InputError: two labels are called the same; so many labels that no room is left for a text.
    """

    model: Any
    words: Mapping[str, str]
    threshold: float = THRESHOLD
    batch_tokens: int = batches.TOKENS
    _most_words: int = field(init=False)
    _most_tokens: int | None = field(init=False)

    def __post_init__(self) -> None:
        check_words(self.words)
        self._most_words = int(self.model.config.max_len)
        self._most_tokens = self._places()
        beside = self._tokens([])
        if self._most_words < _LEAST_WORDS or (self._most_tokens or beside + _LEAST_WORDS) < beside + _LEAST_WORDS:
            raise InputError(
                f"{len(self.words)} labels take {beside} tokens of the {self._most_tokens or self._most_words} that the"
                " model reads: no room for a text",
                hint="define labels in fewer words, or ask for fewer with --labels",
            )

    def predict(self, examples: Iterable[Example]) -> Iterator[Prediction]:
        """A prediction for each example as its last window is ready. Never reads an example's labels."""
        return windowed.predict(self, examples, batch_tokens=self.batch_tokens)

    def pieces(self, example: Example) -> list[_Piece]:
        """The windows of an example."""
        found = windows.windows(example.text, self._most_words, self._measured)
        return [_Piece(example, w, self._tokens(self._split(example.text[w.start : w.end]))) for w in found]

    def answer(self, pieces: Sequence[_Piece]) -> None:
        """Spans of each piece, with their scores."""
        texts = [piece.example.text[piece.window.start : piece.window.end] for piece in pieces]
        with quiet():
            found = self.model.inference(texts, dict(self.words), threshold=self.threshold, batch_size=len(texts))
        for piece, entities in zip(pieces, found, strict=True):
            spans = (Span(e["start"], e["end"], e["label"], confidence=float(e["score"])) for e in entities)
            piece.spans = tuple(sorted(spans, key=lambda span: span.start))

    def joined(self, pieces: Sequence[_Piece]) -> Prediction:
        """The spans of a whole text."""
        example, spans = pieces[0].example, pieces[0].spans
        if len(pieces) > 1:
            spans = windows.merge([(piece.window, piece.spans) for piece in pieces], example.text)
        return Prediction(id=example.id, value=spans)

    def _measured(self, text: str) -> int:
        """The length of a text in words; in tokens, as a share of the places for them, if that is more."""
        words = self._split(text)
        if self._most_tokens is None:
            return len(words)
        beside = self._tokens([])
        share = (self._tokens(words) - beside) / (self._most_tokens - beside)
        return max(len(words), ceil(share * self._most_words))

    def _split(self, text: str) -> list[str]:
        return [word for word, _, _ in self.model.data_processor.words_splitter(text)]

    def _tokens(self, words: list[str]) -> int:
        """How many tokens the model reads of a text, those of the labels included where they stand before it."""
        processor, read = self.model.data_processor, words
        if not getattr(self.model.config, "labels_encoder", None):
            (read,), _ = processor.prepare_inputs([words], list(self.words.values()))
        encoded = processor.transformer_tokenizer(read, is_split_into_words=True, truncation=False, verbose=False)
        return len(encoded["input_ids"])

    def _places(self) -> int | None:
        """How many tokens the model has places for; `None`: any number."""
        config = self.model.model.token_rep_layer.bert_layer.model.config
        longest = self.model.data_processor.transformer_tokenizer.model_max_length
        # DeBERTa counts distances; with position_biased_input it has places as well.
        counted = model_folder.places(config) if getattr(config, "position_biased_input", True) else None
        known = [number for number in (counted, longest) if number is not None and number < _UNBOUND]
        return min(known, default=None)


_UNBOUND = 1 << 24
"""A tokenizer without a limit says 10³⁰."""


def check_words(words: Mapping[str, str]) -> None:
    """Looks for labels that are called the same.

    Raises:
        InputError: names two of them.
    """
    by_words: dict[str, str] = {}
    for label, said in words.items():
        other = by_words.setdefault(said.casefold(), label)
        if other != label:
            raise InputError(
                f"labels {other} and {label} are both asked for as {said!r}", hint=f'define one: {label}="…"'
            )
