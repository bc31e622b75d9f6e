"""What a tagger thinks of every word of a text, not only of the spans that it names.

    for reading in readings(folder, examples):
        reading.words[3]        Word(start=12, end=18, probabilities=(0.02, 0.97, 0.01))

The audit asks it about spans that gold has and the model does not (`fewshot.audit.cross_fit`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot.errors import InputError
from fewshot.models import batches, model_folder
from fewshot.models.tagger import Tagger
from fewshot.models.tagging import Words
from fewshot.records import Example, Span


@dataclass(frozen=True, slots=True)
class Word:
    """A word with the probability of each class, in the order of `Reading.names`."""

    start: int
    end: int
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a tagger reads it: its words, and the spans that it names with their confidence."""

    example: Example
    names: tuple[str, ...]
    words: tuple[Word, ...]
    spans: tuple[Span, ...]


def readings(folder: Path, examples: Sequence[Example]) -> Iterator[Reading]:
    """The reading of each example, in order.

    Raises:
        InputError: the folder holds no tagger of ours, or a damaged one.
    """
    manifest = model_folder.read_manifest(folder)
    if manifest is None or not manifest.tags_words:
        raise InputError(f"{folder} holds no tagger that `fewshot finetune` wrote")
    model, tokenizer = model_folder.load(folder, model_folder.AUTO_CLASSES[manifest.kind])
    tagger = Tagger(model, tokenizer, manifest)
    for example in examples:  # one by one: texts are many and short, and the order is that of the data
        pieces = tagger.pieces(example)
        words: list[Word] = []
        for batch in batches.batches([len(piece.encoded) for piece in pieces]):
            chosen = [pieces[number] for number in batch]
            tagger.answer(chosen)
        for piece, scores in zip(pieces, tagger.probabilities(pieces), strict=True):
            words.extend(_words(piece, scores))
        spans = tagger.joined(pieces).value
        yield Reading(example, tuple(tagger.names), tuple(words), spans if isinstance(spans, tuple) else ())


def _words(piece: Any, scores: Any) -> Iterator[Word]:
    """The words of a window that it answers for, with offsets into the whole text."""
    words, low, (first, last) = Words.of(piece.source), piece.window.start, piece.window.owns
    rows = scores[list(words.firsts)].tolist() if words.firsts else []
    for number, row in enumerate(rows):
        start, end = words.start(number) + low, words.end(number) + low
        if first <= start < last:
            yield Word(start, end, tuple(row))
