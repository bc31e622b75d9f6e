"""How a token classifier writes a value: a class for each word, for training and for reading.

    entities   Blot/O of/O p53/B-GENEPROD           spans as IOB2 tags over words
    starts     (/B-panel A/O )/O Blot/O             where segments start; each ends where the next one starts
    roles      ▒▒▒/MEASURED_VAR blot/O              the role of each given entity, whose words are masked

The words are those of `source_tokens`; a word's class is that of its first token, the other tokens have none. Given
entities are masked whatever their role: masking those with a role would give the answer away.

>>> of("entities").classes(["GENEPROD"]), of("roles").classes(["MEASURED_VAR"])
(['O', 'B-GENEPROD', 'I-GENEPROD'], ['O', 'MEASURED_VAR'])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from torch import Tensor

from fewshot.errors import InputError
from fewshot.models.source_tokens import SourceTokens
from fewshot.records import PANEL, Span
from fewshot.tasks import Tagging, Task
from fewshot.text import iob
from fewshot.text.spans import segments, skip_space

OUTSIDE = "O"
UNSCORED = -100
"""The class of a token that is not a word's first: torch's cross-entropy leaves it out."""

_LEAST = 1e-30
"""The smallest probability that is told from zero, so that its logarithm is finite."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a source. `firsts`: the index of the first token of each."""

    source: SourceTokens
    firsts: tuple[int, ...]

    @classmethod
    def of(cls, source: SourceTokens) -> Words:
        """All words of a source."""
        return cls(source, tuple(i for i, word in enumerate(source.words) if word))

    def start(self, at: int) -> int:
        """The first character of word `at`."""
        return self.source.starts[self.firsts[at]]

    def end(self, at: int) -> int:
        """The character behind the last visible one of word `at`."""
        source = self.source
        after = self.firsts[at + 1] if at + 1 < len(self.firsts) else len(source)
        return max(source.ends[i] for i in range(self.firsts[at], after) if source.starts[i] < source.ends[i])

    def starting(self) -> dict[int, int]:
        """The word that begins at each character."""
        return {self.start(at): at for at in range(len(self.firsts))}

    def find(self, spans: Sequence[Span]) -> list[tuple[int, int] | None]:
        """The first and last word of each span; `None` where one of its edges falls inside a word."""
        starts, ends = self.starting(), {self.end(at): at for at in range(len(self.firsts))}
        places = ((starts.get(span.start, -1), ends.get(span.end, -1)) for span in spans)
        return [(first, last) if 0 <= first <= last else None for first, last in places]


class TagScheme(Protocol):
    """One of the three ways. `scores` are probabilities (tokens, classes) in the order of `names`."""

    @property
    def masks(self) -> bool:
        """Whether the words of given entities are masked, which needs a vocabulary with a mask token."""
        return False

    def classes(self, labels: Sequence[str]) -> list[str]:
        """The classes of a tagger, in the order of its output."""
        ...

    def targets(self, source: SourceTokens, spans: Sequence[Span], names: Sequence[str]) -> tuple[list[int], int]:
        """The class of each token (`UNSCORED` where it has none), and how many spans no word can carry."""
        ...

    def read(
        self, source: SourceTokens, scores: Tensor, names: Sequence[str], *, given: Sequence[Span], goes_on: bool
    ) -> tuple[Span, ...]:
        """The spans of a source. `given`: the entities in it that the question names; `goes_on`: text stands before the
        source."""
        ...

    def ids(self, source: SourceTokens, given: Iterable[Span], mask: int | None) -> list[int]:
        """What the model reads of a source; `mask`: the id of the vocabulary's mask token."""
        return list(source.ids)


def of(tagging: Tagging) -> TagScheme:
    """The scheme that `Task.tagging` names."""
    return _SCHEMES[tagging]


def of_task(task: Task) -> TagScheme:
    """The scheme of a task.

    Raises:
        InputError: its values cannot be written as one class a word.
    """
    if task.tagging is None:
        raise InputError(
            f"task {task.name} needs --kind seq2seq: a {task.kind} cannot be written as one label per word"
        )
    return of(task.tagging)


class Entities(TagScheme):
    """IOB2 tags."""

    def classes(self, labels: Sequence[str]) -> list[str]:
        """`O`, and two for each label."""
        return [OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in "BI")]

    def targets(self, source: SourceTokens, spans: Sequence[Span], names: Sequence[str]) -> tuple[list[int], int]:
        """A span without both edges between words is lost."""
        words = Words.of(source)
        number = {name: i for i, name in enumerate(names)}
        classes = _outside(words, number[OUTSIDE])
        places = words.find(spans)
        for span, place in zip(spans, places, strict=True):
            if place is not None:
                first, last = place
                for at in range(first, last + 1):
                    classes[words.firsts[at]] = number[f"{'I' if at > first else 'B'}-{span.label}"]
        return classes, places.count(None)

    def read(
        self, source: SourceTokens, scores: Tensor, names: Sequence[str], *, given: Sequence[Span], goes_on: bool
    ) -> tuple[Span, ...]:
        """The most probable sequence of tags that go together; a span is as sure as its least sure word."""
        words = Words.of(source)
        if not words.firsts:
            return ()
        rows = list(words.firsts)
        path = best_path(scores[rows], names)
        certainty = scores[rows, path].tolist()
        return tuple(
            Span(words.start(first), words.end(after - 1), label, confidence=min(certainty[first:after]))
            for first, after, label in iob.chunks(names[i] for i in path)
        )


class Starts(TagScheme):
    """The first words of segments."""

    def classes(self, labels: Sequence[str]) -> list[str]:
        """Two, whatever the labels: segments are not told apart by label."""
        return [OUTSIDE, f"B-{PANEL}"]

    def targets(self, source: SourceTokens, spans: Sequence[Span], names: Sequence[str]) -> tuple[list[int], int]:
        """A span that begins inside a word is lost; where it ends does not matter."""
        words = Words.of(source)
        classes = _outside(words, names.index(OUTSIDE))
        starting = words.starting()
        firsts = [starting.get(span.start) for span in spans]
        for first in firsts:
            if first is not None:
                classes[words.firsts[first]] = names.index(f"B-{PANEL}")
        return classes, firsts.count(None)

    def read(
        self, source: SourceTokens, scores: Tensor, names: Sequence[str], *, given: Sequence[Span], goes_on: bool
    ) -> tuple[Span, ...]:
        """A segment from each start to the next one; the first of a window may have begun in the one before."""
        text = source.text
        sure = _best(scores, names)
        starts = [(source.starts[i], sure[i][1]) for i in Words.of(source).firsts if sure[i][0] != OUTSIDE]
        if goes_on and not (starts and not text[: starts[0][0]].strip()):
            starts.insert(0, (skip_space(text, 0), 1.0))
        extents = segments(text, [start for start, _ in starts])
        return tuple(
            Span(*extent, PANEL, confidence=confidence)
            for extent, (_, confidence) in zip(extents, starts, strict=True)
            if extent is not None
        )


class Roles(TagScheme):
    """The roles of given entities."""

    masks = True

    def classes(self, labels: Sequence[str]) -> list[str]:
        """`O` for an entity without a role, and one for each role."""
        return [OUTSIDE, *labels]

    def targets(self, source: SourceTokens, spans: Sequence[Span], names: Sequence[str]) -> tuple[list[int], int]:
        """`spans` are the given entities with their roles; only their first words have a class."""
        words = Words.of(source)
        classes = [UNSCORED] * len(source)
        number = {name: i for i, name in enumerate(names)}
        places = words.find(spans)
        for span, place in zip(spans, places, strict=True):
            if place is not None:
                classes[words.firsts[place[0]]] = number.get(span.role or OUTSIDE, number[OUTSIDE])
        return classes, places.count(None)

    def read(
        self, source: SourceTokens, scores: Tensor, names: Sequence[str], *, given: Sequence[Span], goes_on: bool
    ) -> tuple[Span, ...]:
        """The given entities that have a role."""
        words = Words.of(source)
        starting, sure = words.starting(), _best(scores, names)
        spans = []
        for span in given:
            if span.start in starting:
                role, confidence = sure[words.firsts[starting[span.start]]]
                if role != OUTSIDE:
                    spans.append(replace(span, role=role, confidence=confidence))
        return tuple(spans)

    def ids(self, source: SourceTokens, given: Iterable[Span], mask: int | None) -> list[int]:
        """The tokens of the given entities masked."""
        if mask is None:
            raise InputError("the model's vocabulary has no mask token", hint="a BERT or RoBERTa model")
        ids = list(source.ids)
        for span in given:
            for i in range(len(ids)):
                if span.start <= source.starts[i] < source.ends[i] <= span.end:
                    ids[i] = mask
        return ids


_SCHEMES: Mapping[Tagging, TagScheme] = {"entities": Entities(), "starts": Starts(), "roles": Roles()}


def _outside(words: Words, outside: int) -> list[int]:
    """`outside` for each word's first token."""
    classes = [UNSCORED] * len(words.source)
    for i in words.firsts:
        classes[i] = outside
    return classes


def _best(scores: Tensor, names: Sequence[str]) -> list[tuple[str, float]]:
    """The most probable class of each token, and its probability."""
    best = scores.max(-1)
    return [(names[i], sure) for i, sure in zip(best.indices.tolist(), best.values.tolist(), strict=True)]


def best_path(scores: Tensor, names: Sequence[str]) -> list[int]:
    """The most probable classes of a sentence's words in which every `I-` goes on with an entity of its label.

    `scores` (words, classes) are probabilities of one word each, independent of each other; their product is what is
    greatest (Viterbi 1967). Where the best class of each word goes together already, those are the answer.

    >>> from torch import tensor
    >>> best_path(tensor([[0.5, 0.4, 0.1], [0.2, 0.1, 0.7]]), ["O", "B-A", "I-A"])
    [1, 2]
    """
    greedy: list[int] = scores.argmax(-1).tolist()
    before = [{i, names.index(f"B-{name[2:]}")} if name[:2] == "I-" else None for i, name in enumerate(names)]
    if all((befores := before[c]) is None or (i > 0 and greedy[i - 1] in befores) for i, c in enumerate(greedy)):
        return greedy
    forbidden = [[kept is not None and i not in kept for kept in before] for i in range(len(names))]
    barred = np.where(forbidden, -np.inf, 0.0)
    logs = scores.double().clamp(min=_LEAST).log().numpy()
    total = np.where([kept is not None for kept in before], -np.inf, logs[0])
    came = []
    for row in logs[1:]:  # numpy: torch takes several times as long for so few numbers
        reached = total[:, None] + barred
        came.append(reached.argmax(0).tolist())
        total = reached.max(0) + row
    path = [int(total.argmax())]
    for step in reversed(came):
        path.append(step[path[-1]])
    return path[::-1]
