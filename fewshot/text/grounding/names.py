"""The names of an answer, grounded in its text together.

>>> text = "(A) TGF-β receptor and TGF-β in HeLa cells."
>>> names = [Name("TGF-β"), Name("TGF-β receptor"), Name("Hela"), Name("p53")]
>>> [(found.place.start if found.place else found.drop) for found in ground(text, names)]
[23, 4, 32, 'not_in_text']

1. Numbers ("the second p53") are kept if all of a line can be: they name different places, and these follow the text,
   or a number is above 1 (models write `"occurrence": 1` whatever they mean). Else they are evidence among others.
2. A longer name that needs all its places keeps them from the shorter names within it; a place that cuts a word of a
   longer name is not one.
3. The rest is one assignment, line by line (`assignment`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

from fewshot.text.alignment.folding import solid
from fewshot.text.grounding.assignment import MOST_PAIRS, WORTH, Taken, assign, chain, first_free
from fewshot.text.grounding.candidates import Candidate, Source

OTHER_NUMBER, OTHER_FIRST = 600, 100
"""What a place costs that is not the one whose number was written: above 1 it was counted, 1 is often a habit."""

KEPT = 1_000_000_000
"""What the place of a number that is kept counts more than any other names together."""

Drop = Literal["not_in_text", "overlap", "duplicate"]


@dataclass(frozen=True, slots=True)
class Name:
    """A surface that an answer names. `number`: which occurrence, if it says so; `line`: in which order holds."""

    text: str
    number: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Grounded:
    """Where a name stands, or why it has no place."""

    place: Candidate | None
    drop: Drop | None = None


class _Surface:
    """Where a surface may stand: as it is written; and everywhere, if that is asked for."""

    def __init__(
        self, source: Source, text: str, within: Collection[tuple[int, int]] | None, starts_only: bool
    ) -> None:
        self._source, self._text, self._within, self._starts_only = source, text, within, starts_only

    @cached_property
    def verbatim(self) -> Sequence[Candidate]:
        return self._allowed(self._source.verbatim(self._text))

    @cached_property
    def everywhere(self) -> Sequence[Candidate]:
        return self._allowed(self._source.everywhere(self._text))

    def _allowed(self, places: Sequence[Candidate]) -> Sequence[Candidate]:
        if self._within is not None:
            places = [place for place in places if (place.start, place.end) in self._within]
        return [_start(place) for place in places] if self._starts_only else places


def ground(
    source: Source | str,
    names: Iterable[Name],
    *,
    within: Collection[tuple[int, int]] | None = None,
    whole_first: bool = False,
    starts_only: bool = False,
) -> list[Grounded]:
    """A place for each name, in the order of the names.

    `within`: the only places there are, if they are given. `whole_first`: lines hold only if the answer as a whole is
    not in the order of the text. `starts_only`: names take their first character alone, so that they may overlap.
    """
    source = Source(source) if isinstance(source, str) else source
    named = list(names)
    surfaces = {
        text: _Surface(source, text, within, starts_only) for text in dict.fromkeys(name.text for name in named)
    }
    claims = _claims(source, named, within, starts_only)
    kept = _kept(named, claims)
    left = Counter(name.text for at, name in enumerate(named) if at not in kept)
    free = _longer_first(len(source.text), surfaces, left, kept.values())
    places = _weighed(named, free, claims, kept)
    assigned = _assigned(named, places, Taken(len(source.text)), whole_first)
    placed = {solid(named[at].text) for at in assigned}
    return [
        Grounded(assigned[at]) if at in assigned else Grounded(None, _drop(surfaces[name.text], name, placed))
        for at, name in enumerate(named)
    ]


def _start(place: Candidate) -> Candidate:
    return replace(place, end=place.start + 1)


def _drop(surface: _Surface, name: Name, placed: Collection[str]) -> Drop:
    if not surface.everywhere:
        return "not_in_text"
    return "duplicate" if solid(name.text) in placed else "overlap"


def _claims(
    source: Source,
    names: Sequence[Name],
    within: Collection[tuple[int, int]] | None,
    starts_only: bool,
) -> dict[int, Candidate]:
    """The place that each number says, by name; a number that is too high says the last one."""
    claims: dict[int, Candidate] = {}
    for at, name in enumerate(names):
        if name.number is None or name.number < 1:
            continue
        counted = source.exact(name.text) or source.everywhere(name.text)
        if not counted:
            continue
        place = counted[min(name.number, len(counted)) - 1]
        if within is None or (place.start, place.end) in within:
            claims[at] = _start(place) if starts_only else place
    return claims


def _kept(names: Sequence[Name], claims: Mapping[int, Candidate]) -> dict[int, Candidate]:
    """The claims of the lines whose numbers can all be right, and agree with those of the lines before."""
    lines: dict[int, list[int]] = {}
    for at in claims:
        lines.setdefault(names[at].line, []).append(at)
    kept: dict[int, Candidate] = {}
    for line in lines.values():
        both = sorted([*kept.values(), *(claims[at] for at in line)], key=lambda place: place.start)
        apart = all(left.end <= right.start for left, right in pairwise(both))
        rising = all(claims[left].end <= claims[right].start for left, right in pairwise(line))
        if apart and (rising or any((names[at].number or 0) > 1 for at in line)):
            kept |= {at: claims[at] for at in line}
    return kept


def _longer_first(
    size: int, surfaces: Mapping[str, _Surface], left: Mapping[str, int], kept: Iterable[Candidate]
) -> dict[str, Sequence[Candidate]]:
    """The places that are free to each surface: not those that a longer one needs, nor the inside of its words.

    `left`: how many names of each surface want one. A place that cuts a word is free only if there are not enough
    others.
    """
    free: dict[str, Sequence[Candidate]] = {}
    needed, longer = Taken(size), Taken(size)
    for place in kept:
        needed.take(place)

    def own(places: Sequence[Candidate]) -> list[Candidate]:
        return [place for place in places if needed.free(place) and not (place.cut and not longer.free(place))]

    for surface in sorted(surfaces, key=len, reverse=True):
        count, places = left[surface], own(surfaces[surface].verbatim)
        whole = [place for place in places if not place.cut]
        if len(whole) < count:
            places = own(surfaces[surface].everywhere)
            whole = [place for place in places if not place.cut]
        free[surface] = whole if len(whole) >= count else places
        if len(free[surface]) <= count:
            for place in free[surface]:
                needed.take(place)
        for place in surfaces[surface].verbatim or places:
            longer.take(place)
    return free


def _weighed(
    names: Sequence[Name],
    free: Mapping[str, Sequence[Candidate]],
    claims: Mapping[int, Candidate],
    kept: Mapping[int, Candidate],
) -> list[Sequence[Candidate]]:
    """The places of each name: the one that its number says, if that is kept; else those that it does not say cost.

    Names of one surface and number share their list.
    """
    shared: dict[tuple[str, int | None], Sequence[Candidate]] = {}
    weighed: list[Sequence[Candidate]] = []
    for at, name in enumerate(names):
        if at in kept:
            weighed.append((replace(kept[at], cost=-KEPT),))
            continue
        key = name.text, name.number if at in claims else None
        if key not in shared:
            shared[key] = free[name.text] if at not in claims else _doubted(free[name.text], claims[at], name.number)
        weighed.append(shared[key])
    return weighed


def _doubted(places: Sequence[Candidate], claim: Candidate, number: int | None) -> Sequence[Candidate]:
    """Places, of which one is the one that a number says."""
    more = OTHER_NUMBER if (number or 0) > 1 else OTHER_FIRST
    return [
        place if place.start == claim.start else replace(place, cost=min(place.cost + more, WORTH - 1))
        for place in places
    ]


def _assigned(
    names: Sequence[Name], places: Sequence[Sequence[Candidate]], taken: Taken, whole_first: bool
) -> dict[int, Candidate]:
    """Places for all names, line by line; as one line where that explains the answer as well."""
    lines: dict[int, list[int]] = {}
    for at, name in enumerate(names):
        lines.setdefault(name.line, []).append(at)
    if sum(map(len, places)) > MOST_PAIRS:
        return first_free(range(len(names)), places, taken)
    if whole_first and len(lines) > 1:
        placed = chain(range(len(names)), places, taken)
        if all(at in placed or not places[at] for at in range(len(names))):
            return placed
    assigned: dict[int, Candidate] = {}
    for line in lines.values():
        assigned |= assign(line, places, taken)
    return assigned
