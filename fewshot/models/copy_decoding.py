"""Tagging by an encoder-decoder at nearly the price of one forward pass, and never a made-up word.

The answer is the input with tags in it, so the only decisions are where a tag opens or closes. At every place the
choices are the next source token, an opening tag where nothing is open, the closing tag of what is open (no nesting,
no empty tag). And since the rest of the source is nearly what will be written, it is a draft that one pass checks:

    source       Blot of p53 and MDM2 in mice .              (eight tokens)
    round 1      draft  Blot of p53 and MDM2 in               one pass; <G> beats "p53": two tokens are kept
    round 2      <G> p53 and                                  </G> beats "and": one is kept
    round 3      </G> and MDM2 in mice .                      <G> beats "MDM2": one is kept
    round 4      <G> MDM2 in                                  </G> beats "in"
    round 5      </G> in mice .                               nothing beats copying: the end
    written      Blot of <G> p53 </G> and <G> MDM2 </G> in mice .

Twelve tokens in five passes instead of thirteen, and word for word what one step at a time would write ("aggressive
decoding": Sun et al. 2021, "Instantaneous Grammatical Error Correction with Shallow Aggressive Decoding"). A draft is
about as long as the runs between tags have been. Rows of a batch advance on their own (`ragged`). Of the output head
only the rows of the candidates are multiplied.

    >>> [span.cut(text) for span in tag(model, tokenizer, [text], ["GENEPROD"])[0]]        # doctest: +SKIP
    ['p53', 'MDM2']

Where two choices score the same, copying wins, then the label that comes first. What is open closes where any closing
tag wins, as the label that it was opened with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from fewshot.models.ragged import Rows
from fewshot.models.ragged_families import family_of
from fewshot.models.source_tokens import SourceTokenizer, SourceTokens
from fewshot.records import Span

Rule: TypeAlias = Literal["candidates", "everything"]
"""What a tag must beat: the next source token (`candidates`), or all that the vocabulary holds beside the tags that
are possible here (`everything`: costs the whole output head)."""

_OUTSIDE, _INSIDE = 24.0, 4.0  # tokens between tags and inside of them, before anything is known
_SHORTEST, _LONGEST = 4, 256
_MEMORY = 0.7  # how much of an expected run is the past


@dataclass(frozen=True, slots=True)
class Mark:
    """A tagged run of source tokens, `first:after`. `confidence`: of its two decisions, the product of the logistic
    functions of their margins in log-probability over the next best choice."""

    first: int
    after: int
    label: str
    confidence: float


@dataclass(slots=True)
class Cost:
    """What a decoding took: passes through the decoder, tokens fed, tokens kept."""

    passes: int = 0
    fed: int = 0
    kept: int = 0


class CopyDecoder:
    """Tags with one model. `tags`: the ids of the opening and closing tag by label, in the order of preference."""

    def __init__(self, model: Any, tags: Mapping[str, tuple[int, int]], *, rule: Rule = "candidates") -> None:
        family = family_of(model)
        if family is None:
            raise TypeError(f"no copy decoding for models of type {model.config.model_type!r}: BART and T5 have it")
        self._model, self._family, self._rule = model, family, rule
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
        every = [_Row(source, list(start), self._opening, self._closing, self._labels, most) for source in sources]
        active = list(every)
        while True:
            going = [i for i, row in enumerate(active) if not row.done]
            if not going:
                return [tuple(row.marks) for row in every]
            if len(going) * 2 <= len(active):
                rows.keep(going)
                active = [active[i] for i in going]
            self._advance(rows, active, alone=len(going))

    def _advance(self, rows: Rows, active: Sequence[_Row], *, alone: int) -> None:
        """One pass: every row feeds what is pending and a draft, and keeps what the scores agree with."""
        shortest = max(_SHORTEST, _SHORTEST * 4 // alone)
        fed = [row.propose(shortest) for row in active]
        hidden = rows.step(fed)
        copied, tags = self._scores(hidden, active, fed)
        at = 0
        for row, tokens in zip(active, fed, strict=True):
            if tokens:
                first = at + len(row.pending) - 1
                row.accept(copied[first : at + len(tokens)], tags[first : at + len(tokens)])
                at += len(tokens)
        rows.crop([row.length for row in active])
        self.cost.passes += 1
        self.cost.fed += at
        self.cost.kept = self.cost.kept + sum(row.progress for row in active)

    def _encode(self, inputs: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        widest = max(map(len, inputs))
        ids = torch.full((len(inputs), widest), self._model.config.pad_token_id)
        mask = torch.zeros_like(ids)
        for i, row in enumerate(inputs):
            ids[i, : len(row)] = torch.tensor(row)
            mask[i, : len(row)] = 1
        ids, mask = ids.to(self._head.device), mask.to(self._head.device)
        return self._model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state, mask

    def _scores(
        self, hidden: Tensor, active: Sequence[_Row], fed: Sequence[Sequence[int]]
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

    def _everything_else(self, hidden: Tensor, active: Sequence[_Row], fed: Sequence[Sequence[int]]) -> Tensor:
        """log Σ exp of all logits but those of the tags that are possible."""
        logits = hidden @ self._head.T
        if self._bias is not None:
            logits = logits + self._bias
        at = 0
        for row, tokens in zip(active, fed, strict=True):
            possible = torch.tensor(row.possible_tags(), device=hidden.device)
            logits[at : at + len(tokens), possible] = float("-inf")
            at += len(tokens)
        return torch.logsumexp(logits.double(), -1)


@dataclass(slots=True)
class _Row:
    """One answer while it is written. `pending`: written and not fed yet; `place`: the next source token."""

    source: SourceTokens
    pending: list[int]
    opening: Sequence[int]
    closing: Sequence[int]
    labels: Sequence[str]
    most: float  # tokens that an answer may have: BART has no more places
    place: int = 0
    length: int = 0  # tokens of the answer that the decoder has seen
    open: int = -1  # the label that is open
    opened: int = 0
    certainty: float = 1.0
    marks: list[Mark] = field(default_factory=list)
    runs: list[float] = field(default_factory=lambda: [_OUTSIDE, _INSIDE])
    progress: int = 0

    @property
    def done(self) -> bool:
        return self.place == len(self.source) and self.open < 0

    def propose(self, shortest: int) -> list[int]:
        """What is fed next: what is pending, and a draft as long as runs have been."""
        if self.done:
            self.progress = 0
            return []
        run = self.runs[self.open >= 0]
        draft = min(_LONGEST, max(shortest, math.ceil(run * 1.25)))
        return [*self.pending, *self.source.ids[self.place : self.place + draft]]

    def following(self, tokens: Sequence[int]) -> list[int]:
        """The source token behind each fed one (behind the last of the source: any)."""
        if not tokens:
            return []
        drafted = len(tokens) - len(self.pending)
        behind = list(self.source.ids[self.place : self.place + drafted + 1])
        return [0] * (len(self.pending) - 1) + behind + [0] * (drafted + 1 - len(behind))

    def possible_tags(self) -> Sequence[int]:
        """The tags that may come while nothing changes."""
        return self.opening if self.open < 0 else self.closing

    def accept(self, copied: np.ndarray[Any, Any], tags: np.ndarray[Any, Any]) -> None:
        """Keeps the draft up to where a tag beats copying. Row `i` of the scores decides before token `place + i`."""
        # The decoder was fed `pending` (written, not seen yet) and the draft. The scores behind the last pending token
        # and behind each draft token decide one thing each: copy on, or write a tag. Up to the first tag the draft is
        # what one step at a time would have written, so its keys and values are valid; what is behind it is dropped
        # (`rows.crop`).
        before, inside = self.place, self.open >= 0
        kept, best, margin = (self._closes if inside else self._opens)(copied, tags)
        fed = len(self.pending)
        self.place += kept
        self.length += fed + kept  # what stays in the cache; the rejected rest of the draft is overwritten
        tagged = best >= 0
        if not tagged:
            # All of the draft is kept, and the score behind its last token has already chosen the next source token. It
            # is written but was not fed: it is what the next round begins with.
            self.pending = [self.source.ids[self.place]] if self.place < len(self.source) else []
            self.place += len(self.pending)
        elif not inside:  # a tag opens before `place`; it is pending, as the decoder has not seen it
            self.open, self.opened, self.certainty = best, self.place, _logistic(margin)
            self.pending = [self.opening[best]]
        else:
            certainty = self.certainty * _logistic(margin)
            self.marks.append(Mark(self.opened, self.place, self.labels[self.open], certainty))
            self.pending = [self.closing[self.open]]
            self.open = -1
        self._remember(inside=inside, run=self.place - before, ended=tagged)
        self.progress = fed + kept

    def _opens(self, copied: np.ndarray[Any, Any], tags: np.ndarray[Any, Any]) -> tuple[int, int, float]:
        """(tokens copied, label that opens behind them or -1, margin) while nothing is open."""
        ahead = min(len(copied), len(self.source) - self.place)
        written = self.length + len(self.pending) + len(self.source) - self.place
        room = written + 2 <= self.most
        able = [room and self.source.opens(self.place + i) for i in range(ahead)]
        scores = tags[:ahead, : len(self.labels)]
        best = scores.argmax(1) if ahead else np.empty(0, int)
        for i in np.flatnonzero(able & (scores.max(1) > copied[:ahead])) if ahead else ():
            others = [copied[i], *(s for label, s in enumerate(scores[i]) if label != best[i])]
            return int(i), int(best[i]), float(scores[i][best[i]] - max(others))
        return min(len(copied) - 1, ahead), -1, 0.0

    def _closes(self, copied: np.ndarray[Any, Any], tags: np.ndarray[Any, Any]) -> tuple[int, int, float]:
        """(tokens copied, the open label if it closes behind them or -1, margin). The closing tag of any label says
        that the span ends: a model that doubts the label it opened would else find no end."""
        scores = tags[:, len(self.labels) :].max(1)
        for i in range(len(copied)):
            place = self.place + i
            if place == len(self.source):  # nothing is left to copy: it closes whatever the scores say
                return i, self.open, math.inf
            if place > self.opened and self.source.closes(place - 1) and scores[i] > copied[i]:
                return i, self.open, float(scores[i] - copied[i])
        return len(copied) - 1, -1, 0.0

    def _remember(self, *, inside: bool, run: int, ended: bool) -> None:
        was = self.runs[inside]
        if ended or run > was:
            self.runs[inside] = _MEMORY * was + (1 - _MEMORY) * run


def _logistic(margin: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(margin, 700.0)))


def tag(
    model: Any,
    tokenizer: Any,
    texts: Iterable[str],
    labels: Sequence[str],
    *,
    prompt: str = "",
    rule: Rule = "candidates",
    batch: int = 8,
    told: Callable[[Cost], None] | None = None,
) -> list[tuple[Span, ...]]:
    """The spans of some texts, by a model that was trained to copy with tags in between.

    `tokenizer` must hold `<LABEL>` and `</LABEL>` of each label as one token each (`vocabulary.extend`); `prompt` is
    what stood before each source in training. Texts longer than the model reads are for the caller to cut (`windows`).

    Raises:
        TypeError: the model is of another family.
        KeyError: a tag is no token of the vocabulary.
    """
    from fewshot.models.vocabulary import tag_ids

    cut = SourceTokenizer(tokenizer)
    decoder = CopyDecoder(model, tag_ids(tokenizer, labels), rule=rule)
    start = [model.config.decoder_start_token_id, *cut.before]
    before = cut.text_ids(prompt) if prompt else []
    sources = [cut(text) for text in texts]
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    found: list[tuple[Span, ...]] = [()] * len(sources)
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        inputs = [cut.framed([*before, *sources[i].ids]) for i in chosen]
        marks = decoder.decode(inputs, [sources[i] for i in chosen], start)
        for i, row in zip(chosen, marks, strict=True):
            found[i] = spans(sources[i], row)
    if told is not None:
        told(decoder.cost)
    return found


def spans(source: SourceTokens, marks: Iterable[Mark]) -> tuple[Span, ...]:
    """Marks as characters of the text."""
    made = (Span(*source.extent(mark.first, mark.after), mark.label, confidence=mark.confidence) for mark in marks)
    return tuple(span for span in made if span.start < span.end)
