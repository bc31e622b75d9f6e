"""A legend while it is written: its text, and the annotations that grow with it.

draft.open_panel(letters, "(A) ")
draft.sentence(template)            # appends the text, adds its entities and panel letters
draft.close_panel()
draft.records("10.5555/x/fig-1", "10.5555/x", "train")
"""

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
    """The letters that a segment can mention: its own, those before it, all of the figure, and the letter behind it
    that has no segment of its own (`skipped`)."""

    own: tuple[str, ...]
    before: tuple[str, ...]
    every: tuple[str, ...]
    skipped: str | None

    @classmethod
    def of(cls, segments: Sequence[tuple[str, ...]], position: int) -> Letters:
        """Returns the letters of the segment at `position`.

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
        self._used: set[str] = set()  # templates in this panel
        self._panels: list[Span] = []
        self._entities: list[Span] = []
        self._inline: list[str] = []
        self._templates: list[str] = []
        self._hypotheses: list[tuple[Span, Hypothesis]] = []

    def break_off(self, between: str) -> None:
        """Appends what separates two segments, unless the text is still empty."""
        if self._text:
            self._text += between

    def open_panel(self, letters: Letters, label: str) -> None:
        """Opens a segment with its printed label."""
        self.letters = letters
        self._cast, self._members, self._used = {}, {"!": {}, "?": {}, ASSAY: {}}, set()
        self._start = len(self._text)
        self._text += label
        self._label_end = len(self._text)

    def close_panel(self) -> None:
        """Closes the segment: adds its span, and its hypothesis if all three roles are filled."""
        if self._start is None:
            raise RuntimeError("no panel is open")
        span = Span(self._start, len(self._text), PANEL, self.letters.own)
        self._panels.append(span)
        if all(self._members.values()):
            self._hypotheses.append(
                (span, Hypothesis(*(tuple(members.values()) for members in self._members.values())))
            )
        self._start = None

    def can_say(self, template: Template, *, note: bool) -> bool:
        """Returns whether a template fits here: it is new in this panel, and the letters that it mentions exist. A note
        may not introduce an entity that was changed or measured."""
        if template.id in self._used:
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
        """Appends a sentence and its annotations."""
        self._templates.append(template.id)
        self._used.add(template.id)
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
        # "a ELISA" → "an ELISA". Without U: "a UV lamp", "a ubiquitin ligase".
        if self._text.endswith((" a ", "\nA ")) and surface[0] in "AEIOaeio":
            self._text = self._text[:-1] + "n "
        start = len(self._text)
        self._text += surface
        # As in SourceData, only gene products and small molecules have roles; the others are annotated as having none.
        role = _ROLES[slot.mark] if slot.mark and label in WITH_ROLES else NO_ROLE
        self._entities.append(Span(start, len(self._text), label, role=role))
        mark = ASSAY if label == ASSAY else slot.mark
        if mark and self._start is not None:
            self._members[mark].setdefault(surface.lower(), Member(label, surface))

    def _surface(self, slot: Slot) -> str:
        """Returns the word of a slot. Within a panel one slot name is one word, and two names are two words."""
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
        """Returns the text of a slot for panel letters; `None` for other slots."""
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
        """Returns the record of the figure, and one for each panel with a hypothesis."""
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
    """Returns whether a sentence may open with it capitalised: "Macrophages", but never "MTOR" or "C-Fos"."""
    return surface[:2].isalpha() and surface[:2].islower()
