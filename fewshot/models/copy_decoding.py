"""Tagging by an encoder-decoder at nearly the price of one forward pass, and never a made-up word.

The answer is the input with tags in it, so the only decisions are where a tag opens or closes. At every place the
choices are the next source token, an opening tag where nothing is open, the closing tag of what is open (no nesting,
no empty tag). All of the answer is guessed (`drafts`), and one pass checks it: the scores behind each token of the
draft decide about the next one, as in training.

    source       Blot of p53 and MDM2 in mice .                      (eight tokens)
    pass 1       Blot of p53 and MDM2 in mice .                      <G> beats "p53", and "MDM2" further on
    pass 2       <G> p53 and <G> MDM2 in mice . </G>                 left open: </G> beats "and", and "in"
    pass 3       </G> and <G> MDM2 </G> in mice .                    all as expected: the end
    written      Blot of <G> p53 </G> and <G> MDM2 </G> in mice .

Twelve tokens in three passes instead of twelve, and token for token what one step at a time would write: a draft is
kept up to the first decision that it did not expect, and what was decided there is written in its place. A head on the
encoder (`draft_head`) guesses the tags beforehand, mostly right; then it is one pass:

    pass 1       Blot of <G> p53 </G> and <G> MDM2 </G> in mice .    all as expected: the end

An untagged draft is "aggressive decoding" (Sun et al. 2021, "Instantaneous Grammatical Error Correction with Shallow
Aggressive Decoding"); that each pass also writes the next draft makes it Jacobi's iteration. Rows of a batch advance on
their own (`ragged`). Of the output head only the rows of the candidates are multiplied.

    >>> [span.cut(text) for span in tag(model, tokenizer, [text], ["GENEPROD"])[0]]        # doctest: +SKIP
    ['p53', 'MDM2']

Where two choices score the same, copying wins, then the label that comes first. What is open closes where any closing
tag wins, as the label that it was opened with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from fewshot.models import batches
from fewshot.models.copy_row import Mark, Row
from fewshot.models.drafts import Copying, Drafter, overhead
from fewshot.models.ragged import Rows
from fewshot.models.ragged_families import family_of
from fewshot.models.source_tokens import SourceTokenizer, SourceTokens
from fewshot.records import Span

Rule: TypeAlias = Literal["candidates", "everything"]
"""What a tag must beat: the next source token (`candidates`), or all that the vocabulary holds beside the tags that
are possible here (`everything`: costs the whole output head)."""

_AT_ONCE = 256
"""Tokens whose scores over the whole vocabulary are in memory together."""


@dataclass(slots=True)
class Cost:
    """What a decoding took: passes through the decoder, tokens fed, tokens kept; `answers`, and the passes in which
    each of them took part, summed."""

    passes: int = 0
    fed: int = 0
    kept: int = 0
    answers: int = 0
    turns: int = 0

    def add(self, other: Cost) -> None:
        """Adds what another decoding took."""
        for name in Cost.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class CopyDecoder:
    """Tags with one model. `tags`: the ids of the opening and closing tag by label, in the order of preference;
    `drafter`: what is expected of an answer, which decides how many passes it takes and nothing else."""

    def __init__(
        self,
        model: Any,
        tags: Mapping[str, tuple[int, int]],
        *,
        rule: Rule = "candidates",
        drafter: Drafter | None = None,
    ) -> None:
        family = family_of(model)
        if family is None:
            raise TypeError(f"no copy decoding for models of type {model.config.model_type!r}: BART and T5 have it")
        self._model, self._family, self._rule = model, family, rule
        self._drafter = drafter or Copying()
        self._labels = tuple(tags)
        head, bias = family.head()
        self._head, self._bias = head, bias
        self._tag_ids = torch.tensor(
            [ids for pair in zip(*tags.values(), strict=True) for ids in pair], device=head.device
        )
        self._opening, self._closing = ([pair[side] for pair in tags.values()] for side in (0, 1))
        self.cost = Cost()

    @torch.inference_mode()
    def decode(
        self, inputs: Sequence[Sequence[int]], sources: Sequence[SourceTokens], start: Sequence[int]
    ) -> list[tuple[Mark, ...]]:
        """The marks of each source. `inputs`: what the encoder reads of each; `start`: what every answer begins with
        (the decoder's start token and what the vocabulary puts before a text)."""
        states, mask = self._encode(inputs)
        rows = Rows(self._family, states, mask)
        most = getattr(self._model.config, "max_position_embeddings", None) or math.inf
        drafts = self._drafter.drafts(states, sources)
        del states
        every = [
            Row(source, draft, list(start), self._opening, self._closing, self._labels, most)
            for source, draft in zip(sources, drafts, strict=True)
        ]
        active = list(every)
        while True:
            going = [i for i, row in enumerate(active) if not row.done]
            if not going:
                self.cost.add(Cost(answers=len(every), turns=sum(row.passes for row in every)))
                return [tuple(row.marks) for row in every]
            if len(going) * 2 <= len(active):
                rows.keep(going)
                active = [active[i] for i in going]
            self._advance(rows, active, going=len(going))

    def _advance(self, rows: Rows, active: Sequence[Row], *, going: int) -> None:
        """One pass: every row feeds what is pending and its draft, and keeps what the scores agree with."""
        shared = overhead(self._head.device.type, going)
        fed = [row.propose(shared) for row in active]
        hidden = rows.step(fed)
        copied, tags = self._scores(hidden, active, fed)
        at = 0
        for row, tokens in zip(active, fed, strict=True):
            if tokens:
                first = at + len(row.pending) - 1
                row.accept(copied[first : at + len(tokens)], tags[first : at + len(tokens)])
                at += len(tokens)
        rows.crop([row.length for row in active])
        self.cost.add(Cost(passes=1, fed=at, kept=sum(row.progress for row in active)))

    def _encode(self, inputs: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        ids, mask = batches.padded(inputs, self._model.config.pad_token_id, self._head.device)
        return self._model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state, mask

    def _scores(
        self, hidden: Tensor, active: Sequence[Row], fed: Sequence[Sequence[int]]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """For each fed token the score of copying on behind it, and those of all tags (opening, then closing)."""
        following = [token for row, tokens in zip(active, fed, strict=True) for token in row.following(tokens)]
        wanted = torch.tensor(following, device=hidden.device)
        copied = (hidden * self._head[wanted]).sum(-1)
        tags = hidden @ self._head[self._tag_ids].T
        if self._bias is not None:
            copied = copied + self._bias[wanted]
            tags = tags + self._bias[self._tag_ids]
        if self._rule == "everything":
            copied = self._everything_else(hidden, active, fed)
        return copied.double().cpu().numpy(), tags.double().cpu().numpy()

    def _everything_else(self, hidden: Tensor, active: Sequence[Row], fed: Sequence[Sequence[int]]) -> Tensor:
        """log Σ exp of all logits but those of the tags that are possible."""
        opening, closing = (self._tag_ids[: len(self._labels)], self._tag_ids[len(self._labels) :])
        inside = torch.tensor([it for row, tokens in zip(active, fed, strict=True) for it in row.inside(tokens)])
        others = []
        for first in range(0, len(hidden), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            logits = hidden[some] @ self._head.T
            if self._bias is not None:
                logits = logits + self._bias
            for possible, where in ((opening, ~inside[some]), (closing, inside[some])):
                logits[where.nonzero().to(logits.device), possible] = float("-inf")
            others.append(torch.logsumexp(logits.double(), -1))
        return torch.cat(others)


def tag(
    model: Any,
    tokenizer: Any,
    texts: Iterable[str],
    labels: Sequence[str],
    *,
    prompt: str = "",
    rule: Rule = "candidates",
    batch: int = 8,
    drafter: Drafter | None = None,
    told: Callable[[Cost], None] | None = None,
) -> list[tuple[Span, ...]]:
    """The spans of some texts, by a model that was trained to copy with tags in between.

    `tokenizer` must hold `<LABEL>` and `</LABEL>` of each label as one token each (`vocabulary.extend`); `prompt` is
    what stood before each source in training; `drafter`: what is expected of an answer (`drafts`): no span changes,
    only the time. Texts longer than the model reads are for the caller to cut (`windows`).

    Raises:
        TypeError: the model is of another family.
        KeyError: a tag is not a token of the vocabulary.
    """
    from fewshot.formats import tag_pairs
    from fewshot.models.vocabulary import tag_ids

    cut = SourceTokenizer(tokenizer)
    decoder = CopyDecoder(model, tag_ids(tokenizer, tag_pairs(labels)), rule=rule, drafter=drafter)
    start = [model.config.decoder_start_token_id, *cut.before]
    before = cut.text_ids(prompt) if prompt else []
    sources = [cut(text) for text in texts]
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    tagged: list[tuple[Span, ...]] = [()] * len(sources)
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        inputs = [cut.framed([*before, *sources[i].ids]) for i in chosen]
        marks = decoder.decode(inputs, [sources[i] for i in chosen], start)
        for i, row in zip(chosen, marks, strict=True):
            tagged[i] = spans(sources[i], row)
    if told is not None:
        told(decoder.cost)
    return tagged


def spans(source: SourceTokens, marks: Iterable[Mark]) -> tuple[Span, ...]:
    """Marks as characters of the text."""
    closed = (Span(*source.extent(mark.first, mark.after), mark.label, confidence=mark.confidence) for mark in marks)
    return tuple(span for span in closed if span.start < span.end)
