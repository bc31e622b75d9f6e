"""One answer of copy decoding while it is written: what is fed next, and how far the scores agree with it.

    source  Blot of p53 and MDM2         place 2, nothing open, Blot fed, pending [of]; expected: <G> p53 </G> and MDM2
    propose                              of <G> p53 </G> and MDM2       what is pending, and the draft
    accept(scores)                       <G> beats "p53"; "p53" beats nothing; </G> beats "and"; <G> beats "MDM2":
                                         "<G> p53 </G> and" is kept, a mark is closed, pending [<G>]

No model here: `copy_decoding` runs it over a batch of rows. An answer keeps the source's words, and tags neither nest
nor are empty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fewshot.models.drafts import CLOSE, COPY, Course, Draft
from fewshot.models.source_tokens import SourceTokens


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
    draft: Draft
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
    progress: int = 0
    passes: int = 0
    course: Course = field(init=False)
    _may_open: np.ndarray[Any, Any] = field(init=False)
    _may_close: np.ndarray[Any, Any] = field(init=False)

    def __post_init__(self) -> None:
        source, size = self.source, len(self.source)
        self._may_open = np.array([*map(source.opens, range(size)), False])
        self._may_close = np.array([False, *map(source.closes, range(size))])

    @property
    def done(self) -> bool:
        return self.place == len(self.source) and self.open < 0

    def propose(self, overhead: float) -> list[int]:
        """What is fed next: what is pending, and the draft. `overhead`: what one pass more costs, in tokens."""
        if self.done:
            self.progress = 0
            return []
        self.passes += 1
        self.course = self.draft.course(self.place, self.open, self.opened, overhead=overhead)
        places = self.most - self.length - len(self.pending)
        if len(self.course.steps) > places:  # a draft may expect more tags than an answer has room for
            self.course.cut(int(places))
        states = zip(self.course.steps, self.course.places, self.course.labels, strict=False)
        return [*self.pending, *(self._token(step, place, label) for step, place, label in states)]

    def following(self, tokens: Sequence[int]) -> list[int]:
        """The source token that may follow each fed one (behind the last of the source: any)."""
        if not tokens:
            return []
        behind = [self.source.ids[place] if place < len(self.source) else 0 for place in self.course.places]
        return [0] * (len(self.pending) - 1) + behind

    def inside(self, tokens: Sequence[int]) -> list[bool]:
        """Whether a tag is open behind each fed token, so that a closing one may follow."""
        if not tokens:
            return []
        return [False] * (len(self.pending) - 1) + [label >= 0 for label in self.course.labels]

    def accept(self, copied: np.ndarray[Any, Any], tags: np.ndarray[Any, Any]) -> None:
        """Keeps the draft as far as the scores decide the same. Row `i` of the scores decides about step `i`."""
        # The decoder was fed `pending` (written, not seen yet) and the draft. The scores behind the last pending token
        # and behind each draft token decide one thing each. Up to the first decision that the draft did not expect it
        # is what one step at a time would have written, so its keys and values are valid; that decision is written, and
        # what the draft has in its place is dropped (`rows.crop`), with all that is behind it.
        course, fed = self.course, len(self.pending)
        decisions = self._decisions(copied, tags)
        self.draft.learn(course, decisions)
        differs = np.flatnonzero(decisions[:-1] != course.steps)
        kept = int(differs[0]) if len(differs) else len(course.steps)
        for i in np.flatnonzero(decisions[: kept + 1] != COPY).tolist():
            self._write_tag(int(decisions[i]), course.places[i], float(copied[i]), tags[i])
        last, place = int(decisions[kept]), course.places[kept]
        self.length += fed + kept
        self.progress = fed + kept
        self.place = place + (last == COPY and place < len(self.source))
        self.pending = (
            [self._token(last, place, course.labels[kept])] if place < len(self.source) or last != COPY else []
        )

    def _decisions(self, copied: np.ndarray[Any, Any], tags: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """What is written in each state of the course: `COPY`, `CLOSE`, or the label that opens."""
        course, size = self.course, len(self.source)
        places, labels, opened = (np.array(of) for of in (course.places, course.labels, course.opened))
        opening, closing = tags[:, : len(self.labels)], tags[:, len(self.labels) :].max(1)
        written = self.length + len(self.pending) + np.arange(len(places))
        room = written + (size - places) + 2 <= self.most
        opens = (labels < 0) & self._may_open[places] & room & (opening.max(1) > copied)
        # The closing tag of any label says that the span ends: a model that doubts the label it opened would else find
        # no end. Where nothing is left to copy it closes whatever the scores say.
        ended = (places == size) | ((places > opened) & self._may_close[places] & (closing > copied))
        return np.where(opens, opening.argmax(1), np.where((labels >= 0) & ended, CLOSE, COPY))

    def _write_tag(self, decision: int, place: int, copied: float, tags: np.ndarray[Any, Any]) -> None:
        if decision == CLOSE:
            margin = math.inf if place == len(self.source) else float(tags[len(self.labels) :].max()) - copied
            certainty = self.certainty * _logistic(margin)
            self.marks.append(Mark(self.opened, place, self.labels[self.open], certainty))
            self.open = -1
        else:
            others = [copied, *np.delete(tags[: len(self.labels)], decision)]
            self.open, self.opened = decision, place
            self.certainty = _logistic(float(tags[decision] - max(others)))

    def _token(self, step: int, place: int, label: int) -> int:
        return self.source.ids[place] if step == COPY else self.closing[label] if step == CLOSE else self.opening[step]


def _logistic(margin: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(margin, 700.0)))
