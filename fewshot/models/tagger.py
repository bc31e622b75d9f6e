"""Token classification, the classical way: a class a word, read off in one pass.

    Tagger(model, tokenizer, manifest).predict(examples)        # yields predictions, in any order

How classes stand for spans is the task's (`Task.tagging`, `fewshot.models.tagging`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from fewshot import tasks
from fewshot.errors import InputError
from fewshot.models import batches, tagging, windowed, windows
from fewshot.models.model_folder import Manifest
from fewshot.models.source_tokens import SourceTokenizer
from fewshot.records import Example, Prediction, Span
from fewshot.tasks import Task


@dataclass(slots=True)
class _Piece(windowed.TokenPiece):
    """`given`: the entities in the window that the question names; `spans`: what the model said."""

    given: tuple[Span, ...]
    spans: tuple[Span, ...] = ()


@dataclass(slots=True)
class Tagger:
    """One loaded model.

    Raises:
        InputError: the task's values cannot be written as one class a word; the classes have no names; the model reads
            too few tokens.
    """

    model: Any
    tokenizer: Any
    manifest: Manifest
    batch_tokens: int = batches.TOKENS
    cut: SourceTokenizer = field(init=False)
    names: list[str] = field(init=False)
    task: Task = field(init=False)
    _scheme: tagging.TagScheme = field(init=False)
    _room: int = field(init=False)

    def __post_init__(self) -> None:
        self.cut = SourceTokenizer(self.tokenizer)
        self.task = tasks.get(self.manifest.task)
        self._scheme = tagging.of_task(self.task)
        self._room = windowed.room(self.manifest.max_input_length, self.cut.framed(()))
        classes: Mapping[int, str] = self.model.config.id2label
        if set(classes) != set(range(len(classes))):
            raise InputError("config.json does not number its classes (id2label) from 0 on")
        self.names = [str(classes[i]) for i in range(len(classes))]
        self.model.eval()

    def predict(self, examples: Iterable[Example]) -> Iterator[Prediction]:
        """A prediction for each example as its last window is ready. Of an example's labels only given entities are
        read: they are the question."""
        return windowed.predict(self, examples, batch_tokens=self.batch_tokens)

    def pieces(self, example: Example) -> list[_Piece]:
        """The windows of an example."""
        asked = example.entities or () if self.task.of_entities else ()
        pieces = []
        for window, source in windowed.cut(example.text, self._room, self.cut):
            given = windows.clip(asked, window.start, window.end)
            ids = self._scheme.ids(source, given, self.tokenizer.mask_token_id)
            pieces.append(_Piece(example, window, source, self.cut.framed(ids), given))
        return pieces

    def answer(self, pieces: Sequence[_Piece]) -> None:
        """Spans of each piece."""
        for piece, scores in zip(pieces, self.probabilities(pieces), strict=True):
            piece.spans = self._scheme.read(
                piece.source, scores, self.names, given=piece.given, goes_on=piece.window.start > 0
            )

    def joined(self, pieces: Sequence[_Piece]) -> Prediction:
        """The spans of a whole text."""
        example, spans = pieces[0].example, pieces[0].spans
        if len(pieces) > 1:
            spans = windows.merge([(piece.window, piece.spans) for piece in pieces], example.text)
        return Prediction(id=example.id, value=self.task.completed(spans, example.text))

    @torch.inference_mode()
    def probabilities(self, pieces: Sequence[_Piece]) -> list[Tensor]:
        """(tokens, classes) of each piece: the probability of each class, in the order of `names`."""
        ids, mask = batches.padded([p.encoded for p in pieces], self.tokenizer.pad_token_id, self.model.device)
        logits = self.model(input_ids=ids, attention_mask=mask).logits.float().softmax(-1).cpu()
        first = len(self.cut.before)
        return [row[first : first + len(piece.source)] for row, piece in zip(logits, pieces, strict=True)]
