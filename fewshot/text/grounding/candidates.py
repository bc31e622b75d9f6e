"""Where a name may stand in a text, and how well it does: exactly, folded, or nearly.

>>> source = Source("PERK, IL‑1β and IL-6 at the ER")
>>> source.everywhere("ER")[0]
Candidate(start=28, end=30, match='exact', cost=0, cut=False)
>>> [(place.match, source.text[place.start : place.end]) for place in source.everywhere("il-1beta")]
[('folded', 'IL‑1β')]

Occurrences that cut no word come first, in the order of the text, then the others: the order in which they are counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from fewshot.records import Match
from fewshot.text.alignment.folding import Compact, compact, fold, has_greek, solid
from fewshot.text.grounding.budget import Budget
from fewshot.text.grounding.edges import cuts_word, starts_inside, within_number
from fewshot.text.grounding.near import Words

FOLDED, RESPACED, NEAR, EDIT, CUT = 50, 100, 200, 50, 300
"""What a candidate costs, of a name that is worth 1,000 where it stands exactly: written otherwise (other spaces cost
nothing); with spaces or dashes elsewhere; nearly, and each letter that differs; cutting a word. Together they are below
1,000: a name that fits the order of the answer outweighs how it is written. Whole numbers: sums of them tie exactly."""

_RESPACED_FROM = 5
"""Letters from which a name may have spaces where the text has none: "ATM" is not "at M", "50 µM" is "50µM"."""

_CUT_FROM = 5
"""Letters from which a name that is written otherwise may cut a word: "MS" is not in "symptoms"."""

_ODD_SPACE = re.compile(r"\s\s|[^\S ]")
_GAP = re.compile(r"[\s\-_]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a name may stand. `cut`: it begins or ends within a word."""

    start: int
    end: int
    match: Match
    cost: int
    cut: bool


@dataclass
class Source:
    """A text in which names are looked for; what was looked for is kept."""

    text: str
    budget: Budget = field(default_factory=Budget)
    _known: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)
    _exact: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)

    def everywhere(self, name: str) -> tuple[Candidate, ...]:
        """Every place of a name, exact and folded; near ones where there is no other."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._all(name, self.exact(name))
        return known

    def exact(self, name: str) -> tuple[Candidate, ...]:
        """Where a name stands letter by letter, overlapping ones too."""
        known = self._exact.get(name)
        if known is None:
            known = self._exact[name] = _whole_first(self._stands(name))
        return known

    def verbatim(self, name: str) -> tuple[Candidate, ...]:
        """Where a name stands letter by letter, whatever the spaces between its words are: a line may end there."""
        if self._spaced_oddly and len(name.split()) > 1:
            return tuple(place for place in self.everywhere(name) if place.cost == CUT * place.cut)
        return self.exact(name)

    def near(self, name: str) -> tuple[Candidate, ...]:
        """Where something stands that differs from a name in a few letters, at the edges of words."""
        places = self._words.like(name) or (self._greek_words.like(name) if self._greek_words else [])
        return tuple(Candidate(start, end, "near", NEAR + EDIT * edits, False) for start, end, edits in places)

    def knows(self, name: str) -> bool:
        """Whether a name stands in the text, exactly or folded."""
        return any(place.match != "near" for place in self.everywhere(name))

    @cached_property
    def _spaced_oddly(self) -> bool:
        return _ODD_SPACE.search(self.text) is not None

    @cached_property
    def _compact(self) -> Compact:
        return compact(self.text)

    @cached_property
    def _words(self) -> Words:
        return Words(self.text, self.budget)

    @cached_property
    def _greek_words(self) -> Words | None:
        """Greek letters as one character each, of a text that has some: "m-tubulin" is near "α-tubulin"."""
        return Words(self.text, self.budget, greek=True) if has_greek(self.text) else None

    def _stands(self, name: str) -> list[Candidate]:
        text, length = self.text, len(name)
        places: list[Candidate] = []
        for at in self.budget.finds(text, name):
            cut = cuts_word(text, at, at + length)
            places.append(Candidate(at, at + length, "exact", CUT if cut else 0, cut))
        return places

    def _all(self, name: str, exact: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        there = {(place.start, place.end) for place in exact}
        wanted = solid(name)
        found = (self._compact.extent(at, at + len(wanted)) for at in self.budget.finds(self._compact.text, wanted))
        extents = [extent for extent in found if extent is not None and extent not in there]
        written = _GAP.split(fold(name).strip())
        folded = [place for extent in extents if (place := self._folded(extent, name, written)) is not None]
        if not exact and all(place.cut for place in folded):
            return self.near(name) or _whole_first(folded)
        return _whole_first([*exact, *folded])

    def _folded(self, extent: tuple[int, int], name: str, written: list[str]) -> Candidate | None:
        """The place of a name that is written otherwise, unless too little of it is left to be sure."""
        start, end = extent
        cut = cuts_word(self.text, start, end)
        letters = sum(map(len, written))
        if cut and letters < _CUT_FROM and not self._gently(start, end):
            return None
        surface = self.text[start:end]
        if surface.split() == name.split():
            return Candidate(start, end, "folded", CUT * cut, cut)
        folded = fold(surface)
        if _GAP.split(folded) == written:
            return Candidate(start, end, "folded", FOLDED + CUT * cut, cut)
        spaced = [part for part in folded.split() if part.strip("-_")]
        dashed = len(spaced) > len(written)  # the text has a space within a word of the name
        if cut or (dashed and letters < _RESPACED_FROM):
            return None
        return Candidate(start, end, "folded", RESPACED, False)

    def _gently(self, start: int, end: int) -> bool:
        """Whether a place cuts words only where letters and digits meet."""
        return all(not starts_inside(self.text, at) or within_number(self.text, at) for at in (start, end))


def _whole_first(places: list[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(places, key=lambda place: (place.cut, place.start, place.end)))
