"""A legend while it is written: its text, and the annotation that grows with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from fewshot.demo.synthesis.paper import Paper, number
from fewshot.demo.synthesis.sentences import Slot, Template, read
from fewshot.records import NO_ROLE, PANEL, Example, Hypothesis, Member, Span
from fewshot.text.sourcedata import ASSAY, CONTROLLED, MEASURED, WITH_ROLES

_ROLES = {"!": CONTROLLED, "?": MEASURED}
_LETTERS = ("prev", "prev2", "other", "others", "inline", "self")


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters that a segment can speak of: its own, those before and all of the figure, and one that follows
    it without a segment of its own."""

    own: tuple[str, ...]
    before: tuple[str, ...]
    every: tuple[str, ...]
    skipped: str | None

    @classmethod
    def of(cls, segments: Sequence[tuple[str, ...]], position: int) -> Letters:
        """Those of one segment.

        >>> Letters.of([("A",), ("C",)], 0)
        Letters(own=('A',), before=(), every=('A', 'C'), skipped='B')
        """
        own, later = segments[position], segments[position + 1 : position + 2]
        following = chr(ord(own[-1]) + 1)
        return cls(
            own,
            tuple(letter for segment in segments[:position] for letter in segment),
            tuple(letter for segment in segments for letter in segment),
            following if later and later[0][0] != following else None,
        )


class Draft:
    """One figure legend."""

    def __init__(self, paper: Paper, random: Random, figure: int) -> None:
        self.paper = paper
        self.letters = Letters((), (), (), None)
        self._random, self._figure = random, figure
        self._text = ""
        self._cast: dict[str, str] = {}
        self._members: dict[str, dict[str, Member]] = {}
        self._start: int | None = None
        self._label_end = 0
        self._said: set[str] = set()
        self._panels: list[Span] = []
        self._entities: list[Span] = []
        self._inline: list[str] = []
        self._templates: list[str] = []
        self._hypotheses: list[tuple[Span, Hypothesis]] = []

    def break_off(self, between: str) -> None:
        """What stands between two segments."""
        if self._text:
            self._text += between

    def open_panel(self, letters: Letters, label: str) -> None:
        """A new segment, with its label as it is printed."""
        self.letters = letters
        self._cast, self._members, self._said = {}, {"!": {}, "?": {}, ASSAY: {}}, set()
        self._start = len(self._text)
        self._text += label
        self._label_end = len(self._text)

    def close_panel(self) -> None:
        """Ends the segment: its span, and the hypothesis if it tests one."""
        if self._start is None:
            raise RuntimeError("no panel is open")
        span = Span(self._start, len(self._text), PANEL, self.letters.own)
        self._panels.append(span)
        if all(self._members.values()):
            self._hypotheses.append((span, Hypothesis(*(tuple(found.values()) for found in self._members.values()))))
        self._start = None

    def can_say(self, template: Template, *, note: bool) -> bool:
        """Whether the letters it speaks of are there, and it was not said in this panel. A note names nothing new
        that was changed or measured."""
        if template.id in self._said:
            return False
        for slot in template.slots():
            if note and slot.mark and slot.name not in self._cast:
                return False
            if slot.kind in _LETTERS and not self._has(slot):
                return False
        selves = sum(slot.kind == "self" for slot in template.slots())
        return not selves or selves == len(self.letters.own)

    def _has(self, slot: Slot) -> bool:
        letters = self.letters
        needed = {"prev": letters.before, "inline": letters.skipped, "self": letters.own}
        if slot.name == "prev2":
            return len(letters.before) > 1
        return bool(needed.get(slot.kind, len(letters.every) > 1))

    def sentence(self, template: Template) -> None:
        """Adds a sentence, annotated."""
        self._templates.append(template.id)
        self._said.add(template.id)
        if self._text and not self._text[-1].isspace() and len(self._text) != self._label_end:
            self._text += " "
        for piece in read(template.chosen(self._random)):
            if isinstance(piece, str):
                self._text += self.paper.typeset(piece)
            else:
                self._fill(piece)

    def _fill(self, slot: Slot) -> None:
        plain = number(slot.kind, self._figure, self._random) or self._letter(slot)
        if plain is not None:
            self._text += self.paper.typeset(plain)
            return
        surface = self._surface(slot)
        label = self.paper.lexicon.labels[slot.kind]
        if self._text.endswith((" a ", "\nA ")) and surface[0] in "AEIOaeio":
            self._text = self._text[:-1] + "n "
        start = len(self._text)
        self._text += surface
        role = _ROLES[slot.mark] if slot.mark and label in WITH_ROLES else NO_ROLE
        self._entities.append(Span(start, len(self._text), label, role=role))
        mark = ASSAY if label == ASSAY else slot.mark
        if mark and self._start is not None:
            self._members[mark].setdefault(surface.lower(), Member(label, surface))

    def _surface(self, slot: Slot) -> str:
        """The word of a slot: within a panel a name means one thing, and two names mean two."""
        key = f"{slot.name}:{slot.family}"
        if key not in self._cast:
            used = {word.lower() for word in self._cast.values()}
            words = self.paper.words(slot.kind, slot.family, self._random)
            words = tuple(word for word in words if word.lower() not in used) or words
            self._cast[key] = self._random.choice(words)
            self._cast.setdefault(slot.name, self._cast[key])
        surface = self._cast[key]
        return surface[0].upper() + surface[1:] if slot.capital and _common_noun(surface) else surface

    def _letter(self, slot: Slot) -> str | None:
        """What a slot for panel letters says."""
        random, letters = self._random, self.letters
        match slot.kind:
            case "self":
                return letters.own[int(slot.name[-1]) - 1]
            case "prev":
                return letters.before[-2 if slot.name == "prev2" else -1]
            case "inline":
                letter = letters.skipped or ""
                if letter not in self._inline:
                    self._inline.append(letter)
                return letter
            case "other":
                return random.choice(letters.every)
            case "others":
                first, second = sorted(random.sample(letters.every, 2))
                return f"{first}{random.choice((' and ', ', ', '–', ') and ('))}{second}"
        return None

    def records(self, id_: str, group: str, split: str | None) -> list[Example]:
        """The figure, and each panel that tests something."""
        text = self._text.rstrip()
        figure = Example(
            id=id_,
            group=group,
            text=text,
            panels=tuple(replace(span, end=min(span.end, len(text))) for span in self._panels),
            inline_labels=tuple(self._inline),
            entities=tuple(self._entities),
            split=split,
            extra={"templates": self._templates},
        )
        panels = [
            Example(f"{id_}/panel-{n}", group, span.cut(text), hypothesis=hypothesis, split=split)
            for n, (span, hypothesis) in enumerate(self._hypotheses, 1)
        ]
        return [figure, *panels]


def _common_noun(surface: str) -> bool:
    """Whether a capital fits: "macrophages" opens a sentence as "Macrophages", "mTOR" and "c-Fos" stay."""
    return surface[:2].isalpha() and surface[:2].islower()
