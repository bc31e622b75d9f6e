"""What an answer is expected to be, so that one pass can check all of it.

    source      Blot of p53 and MDM2 in mice .
    Copying     Blot of p53 and MDM2 in mice .                            no tag is expected
    Guessing    Blot of <G> p53 </G> and <G> MDM2 </G> in mice .          the tags that a head on the encoder sees
    Stepping    (nothing: one token a pass)

A draft holds a guess for each place of the source: whether a tag opens there while nothing is open, and whether what is
open closes there. A pass answers these questions along the draft that it is fed. The answers replace the guesses, also
behind the first mistake (they are of another answer there, and good guesses), and the next draft is read off them:
Jacobi iteration (Santilli et al. 2023, "Accelerating Transformer Inference for Translation via Parallel Decoding").
Only what a pass confirms is written (`copy_row`): a bad draft costs time, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from fewshot.models.source_tokens import SourceTokens

COPY, CLOSE = -1, -2
"""Decisions: the next source token, the closing tag. A number from 0 on is the label that opens."""

_UNKNOWN, _GOES_ON, _CLOSES = -3, 0, 1

_PROBE = 8
"""Tokens that are fed behind an opening tag to see where it closes; twice as far each time that it does not."""

_PASS, _LAUNCHED, _ROW = 40.0, 4000.0, 1.0
"""What a pass costs beside its tokens, in tokens. On a CPU (bart-base on 2 cores: 23 ms, and 0.6 ms a token; tiny-bart:
0.85 ms, and 0.016 ms); on an accelerator, where launching kernels takes as long as all tokens of a batch (a judgement);
for each row."""

_AHEAD = 8
"""Passes that a draft of source tokens about which nothing is known may cost: one row looks at all of a legend, each of
eight at 48 tokens, since what lies behind the next tag is fed once more."""


def overhead(device: str, rows: int) -> float:
    """What one pass more costs each of the rows that share it, beside its tokens, in tokens.

    >>> overhead("cpu", 1), overhead("cpu", 8)
    (41.0, 6.0)
    """
    return (_PASS if device == "cpu" else _LAUNCHED) / rows + _ROW


@dataclass(slots=True)
class Course:
    """Steps that an answer is expected to take: decisions, and the state before each and behind the last.

    `places`: the next source token; `labels`: what is open, or -1; `opened`: since which place.
    """

    places: list[int]
    labels: list[int]
    opened: list[int]
    steps: list[int] = field(default_factory=list)

    def go(self, step: int) -> None:
        """Takes one step more."""
        place = self.places[-1]
        self.steps.append(step)
        self.places.append(place + (step == COPY))
        self.labels.append(self.labels[-1] if step == COPY else -1 if step == CLOSE else step)
        self.opened.append(place if step >= 0 else self.opened[-1])

    def cut(self, steps: int) -> None:
        """Forgets what lies behind that many steps."""
        del self.steps[steps:], self.places[steps + 1 :], self.labels[steps + 1 :], self.opened[steps + 1 :]


class Draft:
    """Guesses for the places of one source; its end is one of them. `told`: somebody says of every place whether a tag
    opens there, nowhere to begin with; `stepping`: nothing is ever guessed."""

    def __init__(self, source: SourceTokens, *, told: bool = False, stepping: bool = False) -> None:
        self._size, self._stepping = len(source), stepping
        self._opens = np.full(self._size + 1, COPY if told else _UNKNOWN)
        self._closes = np.full(self._size + 1, _UNKNOWN)

    def expect(self, first: int, after: int, label: int) -> None:
        """Guesses that the tokens `first:after` are tagged."""
        self._opens[first] = label
        self._closes[first + 1 : after] = _GOES_ON
        self._closes[after] = _CLOSES

    def learn(self, course: Course, decisions: np.ndarray[Any, Any]) -> None:
        """Takes over what a pass decided in each state of a course."""
        places, labels, opened = (np.array(of) for of in (course.places, course.labels, course.opened))
        outside, inside = labels < 0, (labels >= 0) & (places > opened)
        self._opens[places[outside]] = decisions[outside]
        self._closes[places[inside]] = np.where(decisions[inside] == CLOSE, _CLOSES, _GOES_ON)

    def course(self, place: int, label: int, opened: int, *, overhead: float) -> Course:
        """The rest of the answer as it is expected. `overhead`: what one pass more costs, in tokens.

        Where a tag closes is seen only behind the tag. One such end is looked for in a short draft; if there are many,
        each tag is left open up to the next one (no answer is written so), and one pass finds all ends.
        """
        course = Course([place], [label], [opened])
        unseen = 0
        unsure: dict[int, int] = {}  # by the place of a tag whose end is not seen: the step at which it may close
        while not self._stepping and ((place := course.places[-1]) < self._size or course.labels[-1] >= 0):
            inside, since = course.labels[-1] >= 0, course.opened[-1]
            step, known = self._expected_inside(place, since) if inside else self._expected_outside(place)
            if not known and inside:
                unsure.setdefault(since, len(course.steps))
            elif not known:
                unseen += 1
                if unseen > _AHEAD * overhead:
                    break
            elif step == CLOSE:
                unsure.pop(since, None)
            course.go(step)
        if unsure:
            first = next(iter(unsure.values()))
            reach = max(_PROBE, course.places[first] - course.opened[first])
            if len(unsure) * (overhead + reach) < len(course.steps) - first:
                course.cut(first + reach)
        return course

    def _expected_outside(self, place: int) -> tuple[int, bool]:
        """The next step while nothing is open, and whether anything is known about it."""
        opens = int(self._opens[place])
        return (COPY, False) if opens == _UNKNOWN else (opens, True)

    def _expected_inside(self, place: int, since: int) -> tuple[int, bool]:
        """The same while a tag is open. Where it is not known whether it closes, the next one may open."""
        if place == since:
            return COPY, True
        if self._closes[place] != _UNKNOWN:
            return (CLOSE if self._closes[place] == _CLOSES else COPY), True
        return (CLOSE if place == self._size else self._expected_outside(place)[0]), False


class Drafter(Protocol):
    """Who makes the first drafts of a batch."""

    def drafts(self, states: Tensor, sources: Sequence[SourceTokens]) -> list[Draft]:
        """A draft for each source. `states` (rows, tokens, width): what the encoder makes of it."""
        ...


class Copying(Drafter):
    """Expects no tag."""

    def drafts(self, states: Tensor, sources: Sequence[SourceTokens]) -> list[Draft]:
        """Drafts without tags."""
        return [Draft(source) for source in sources]


class Stepping(Drafter):
    """Expects nothing: a pass for each token, as `generate` does it."""

    def drafts(self, states: Tensor, sources: Sequence[SourceTokens]) -> list[Draft]:
        """Drafts without a step."""
        return [Draft(source, stepping=True) for source in sources]
