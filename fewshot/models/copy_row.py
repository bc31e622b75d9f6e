"""One answer of copy decoding while it is written: what is fed next, and how far the scores agree with it.

    source  Blot of p53 and MDM2         place 2, nothing open, pending [<G>]
    propose                              <G> p53 and MDM2          what is pending, and a draft of the source
    accept(scores)                       keeps "p53"; </G> beats "and": a mark is closed, pending [</G>]

No model here: `copy_decoding` runs it over a batch of rows. An answer keeps the source's words, and tags neither nest
nor are empty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fewshot.models.source_tokens import SourceTokens

_OUTSIDE, _INSIDE = 24.0, 4.0
"""Tokens that a run between tags, and one inside of them, is expected to have before any is known."""

_LONGEST = 256
"""Tokens of the longest draft: behind the next tag all of it is thrown away."""

_MEMORY = 0.7
"""How much of an expected run is the past; the rest is the run that has just ended."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A tagged run of source tokens, `first:after`. `confidence`: of its two decisions, the product of the logistic
    functions of their margins in log-probability over the next best choice."""

    first: int
    after: int
    label: str
    confidence: float


@dataclass(slots=True)
class Row:
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
