"""The gold panels of a legend as the checks see them: the letters they hold, the labels they open with.

A merge takes letters from gold: where A swallows B, gold holds A and C. So a later label inside a panel is a start
only if gold has no panel of that letter and the letter lies between the panel's own and the next one's.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from fewshot.records import Example, Span
from fewshot.text.legend import Label, leading_label, opens_a_sentence, sentences
from fewshot.text.openings import Opening, openings
from fewshot.text.spans import Extent

_BEFORE_A = ord("A") - 1
_BEHIND_Z = ord("Z") + 1
_LETTER = re.compile(r"(?<![^\W_])(?<![°º˚])(?<![°º˚]\s)[A-Za-z](?![^\W_])")  # the C of "4 °C" mentions no panel
_WORD = 24  # characters behind a label in which the first word is looked for
_SMALL_BARE = re.compile(r"(?<![^\s])([a-z])(?=\s+[A-Z0-9(“\"'‘])")
_INITIALS = re.compile(r"[A-Za-z][.,]")  # "L.E., long exposure"
_RANGE = re.compile(r"(?<![^\W_])([A-Z])\s?[-‐‑‒–—−]\s?([A-Z])(?![^\W_])")


@dataclass(frozen=True)
class Gold:
    """An example's panels, in text order."""

    example: Example
    panels: tuple[Span, ...]

    @property
    def text(self) -> str:
        return self.example.text

    @cached_property
    def openings(self) -> list[Opening]:
        """Where a panel can open in the text."""
        found = openings(self.text)
        if not self.has_small_bare_labels:
            return found
        bare = (Label((place[1],), place.start(1), place.end(1), "bare") for place in _SMALL_BARE.finditer(self.text))
        more = [
            Opening(label, "sentence", capital=True) for label in bare if opens_a_sentence(self.text, 0, label.start)
        ]
        return sorted([*found, *more], key=lambda opening: opening.label.start)

    @cached_property
    def has_small_bare_labels(self) -> bool:
        """Whether the panels open with a small letter and no sign, "b Western blot": the grammar of labels cannot know
        such a letter from a word, gold can."""
        return any(
            place is not None and place[1].upper() in letters
            for place, letters in (
                (_SMALL_BARE.match(self.text, panel.start), map(str.upper, panel.labels or ())) for panel in self.panels
            )
        )

    @cached_property
    def letters(self) -> list[tuple[str, ...]]:
        """The gold letters of each panel, as capitals."""
        return [tuple(map(str.upper, panel.labels or ())) for panel in self.panels]

    @cached_property
    def printed(self) -> list[Label | None]:
        """The label that each panel opens with."""
        return [self._own_label(panel) for panel in self.panels]

    @cached_property
    def held(self) -> frozenset[str]:
        """The letters that some gold panel holds."""
        return frozenset(letter for letters in self.letters for letter in letters)

    @cached_property
    def holders(self) -> Counter[str]:
        """How many panels of gold hold each letter."""
        return Counter(letter for letters in self.letters for letter in set(letters))

    @cached_property
    def has_letters(self) -> bool:
        """Whether gold or the text has letters of panels."""
        return bool(self.held) or any(label is not None for label in self.printed)

    @cached_property
    def inline(self) -> frozenset[str]:
        """The letters that gold says are only mentioned."""
        return frozenset(map(str.upper, self.example.inline_labels or ()))

    @cached_property
    def styles(self) -> frozenset[str]:
        """How the labels of this legend are written."""
        return frozenset(label.style for label in self.printed if label is not None)

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """The letters that stand somewhere in the text as a word of one letter, in a range of them as well."""
        found = set(_LETTER.findall(self.text))
        for first, last in _RANGE.findall(self.text):
            found.update(map(chr, range(ord(first), ord(last) + 1)))
        return frozenset(map(str.upper, found))

    @cached_property
    def sentences(self) -> list[Extent]:
        """The sentences of the text."""
        return sentences(self.text)

    def unexplained(self, last: int, first: int) -> set[str]:
        """The letters between two codes that no gold panel holds and the text does not mention."""
        return set(map(chr, range(last + 1, first))) - self.mentioned - self.held - self.inline

    def as_written(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Letters in the case that gold uses: a legend may print "(a)" where gold says A."""
        return tuple(label[:1].upper() + label[1:] for label in labels) if self._is_capital else labels

    @cached_property
    def _is_capital(self) -> bool:
        """Whether all letters of gold are capitals, and there are some."""
        written = [label for panel in self.panels for label in panel.labels or ()]
        return bool(written) and all(label[:1].isupper() for label in written)

    def reads_as_a_start(self, opening: Opening) -> bool:
        """Whether a label is written as those of this legend are, and what follows begins as a panel does: "(b) denotes
        the baseline" explains a sign."""
        label = opening.label
        if not self.is_in_its_style(label) or (label.style == "dot" and _INITIALS.match(self.text, label.end)):
            return False
        word = self.text[label.end : label.end + _WORD].lstrip().partition(" ")[0]
        if opening.capital or any(sign.isupper() or sign.isdigit() for sign in word):
            return label.style != "dot" or self.text[label.end : label.end + 1].isspace() or opening.capital
        return self.goes_on_small

    def is_in_its_style(self, label: Label) -> bool:
        """Whether a label is small or capital, with or without a number ("D2"), as those of this legend are; a capital
        where it has none."""
        if self.held and max(map(len, label.labels)) > self._longest:
            return False
        return label.labels[0].islower() in self._small

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.held))

    @cached_property
    def _small(self) -> set[bool]:
        """Whether labels begin with a small letter: yes, no, or both."""
        return {own.labels[0].islower() for own in self.printed if own is not None} or {False}

    @cached_property
    def goes_on_small(self) -> bool:
        """Whether the panels of this legend go on without a capital behind their labels."""
        behind = [self.text[own.end : own.end + _WORD].lstrip()[:1] for own in self.printed if own is not None]
        return any(sign.islower() for sign in behind)

    def own(self, number: int) -> tuple[str, ...]:
        """The letters by which a panel is known: those it opens with, else those of gold."""
        return self._owned[number]

    @cached_property
    def _owned(self) -> list[tuple[str, ...]]:
        labels = map(self.label, range(len(self.panels)))
        return [capitals(label) if label else held for label, held in zip(labels, self.letters, strict=True)]

    def label(self, number: int) -> Label | None:
        """The label of a panel: the one it opens with, else the one that gold's letters name nearby."""
        return self.printed[number] or self.nearby(number)

    def nearby(self, number: int) -> Label | None:
        """Where the label of a panel stands that does not open with one: in the panel before it, in the gap between
        them, or inside itself. One with all letters of the panel comes first, then the nearest. Where the panel begins
        in the middle of a sentence, a label in parentheses without a full stop before it will do."""
        panel, wanted = self.panels[number], set(self.letters[number])
        if not wanted:
            return None
        first = self.body(number - 1) if number else 0
        cut = not opens_a_sentence(self.text, 0, panel.start)
        near = [
            opening.label
            for opening in self.within(first, panel.end)
            if wanted.issuperset(capitals(opening.label))
            and (opening.boundary == "sentence" or (cut and opening.label.style == "in"))
        ]
        every = [label for label in near if wanted == set(capitals(label))]
        return min(every or near, key=lambda label: abs(label.start - panel.start), default=None)

    def inside(self, number: int) -> list[Opening]:
        """The openings within a panel, behind the label that it opens with."""
        return self.within(self.body(number), self.panels[number].end)

    def within(self, first: int, last: int) -> list[Opening]:
        """The openings whose labels lie between two offsets."""
        starting = self.openings[bisect_left(self._starts, first) : bisect_left(self._starts, last)]
        return [opening for opening in starting if opening.label.end <= last]

    @cached_property
    def _starts(self) -> list[int]:
        return [opening.label.start for opening in self.openings]

    def body(self, number: int) -> int:
        """Where the text of a panel begins, behind the label that it opens with."""
        printed = self.printed[number]
        return self.panels[number].start if printed is None else printed.end

    def between(self, number: int) -> tuple[int, int]:
        """The codes of the letters that a panel's label and the next panel's enclose; both are excluded."""
        low, high = self._last_codes[number + 1], self._next_codes[number + 1]
        return low, high if high > low else _BEHIND_Z

    @cached_property
    def _last_codes(self) -> list[int]:
        """Before each panel, and behind the last: the code of the last letter so far."""
        ends = (code(letters[-1]) if letters else 0 for letters in self._owned)
        return list(accumulate(ends, lambda last, end: end or last, initial=_BEFORE_A))

    @cached_property
    def _next_codes(self) -> list[int]:
        """From each panel on, and behind the last: the code of the next letter of gold."""
        firsts = (code(letters[0]) if letters else 0 for letters in reversed(self.letters))
        return list(accumulate(firsts, lambda last, first: first or last, initial=_BEHIND_Z))[::-1]

    def _own_label(self, panel: Span) -> Label | None:
        label = leading_label(self.text, panel.start)
        if label is None and self.has_small_bare_labels and (place := _SMALL_BARE.match(self.text, panel.start)):
            label = Label((place[1],), place.start(1), place.end(1), "bare")
        if label is None or label.end > panel.end:
            return None
        named = not panel.labels or not set(map(str.upper, panel.labels)).isdisjoint(capitals(label))
        return label if named or opens_a_sentence(self.text, 0, panel.start) else None  # "…in C, E). (F) Blots"


def capitals(label: Label) -> tuple[str, ...]:
    """The letters of a label, as capitals.

    >>> capitals(Label(("a", "b"), 0, 5, "in"))
    ('A', 'B')
    """
    return tuple(map(str.upper, label.labels))


def code(letter: str) -> int:
    """The place of a label in the order of panels: that of its first letter."""
    return ord(letter[0])


def as_json(span: Span) -> dict[str, object]:
    """A panel as a change has it."""
    row: dict[str, object] = {} if span.labels is None else {"labels": list(span.labels)}
    return row | {"start": span.start, "end": span.end}
