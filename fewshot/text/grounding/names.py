"""The names of an answer, grounded in its text together.

>>> text = "(A) TGF-β receptor and TGF-β in HeLa cells."
>>> names = [Name("TGF-β"), Name("TGF-β receptor"), Name("Hela"), Name("p53")]
>>> [(found.place.start if found.place else found.drop) for found in ground(text, names)]
[23, 4, 32, 'not_in_text']

1. A number ("the second p53") is kept, if all numbers of a line can be: none names a place twice, and they follow the
   text, or one is above 1 (models write `"occurrence": 1` whatever they mean). Else it is evidence that may be outvoted.
2. A longer name that needs all its places keeps them from the shorter names within it; a place that cuts a word of a
   longer name is not one.
3. The rest is one assignment, line by line (`assignment`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from fewshot.text.alignment.folding import solid
from fewshot.text.grounding.assignment import WORTH, Taken, assign, chain
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
    not in the order of the text. `starts_only`: names take no more than their first character, so that they may overlap.
    """
    source = Source(source) if isinstance(source, str) else source
    named = list(names)
    counts = Counter(name.text for name in named)
    surfaces = {surface: _places(source, surface, count, within) for surface, count in counts.items()}
    claims = _claims(source, named, surfaces, within)
    if starts_only:
        surfaces = {surface: [_start(place) for place in places] for surface, places in surfaces.items()}
        claims = {at: _start(place) for at, place in claims.items()}
    kept = _kept(named, claims)
    left = Counter(name.text for at, name in enumerate(named) if at not in kept)
    free = _longer_first(len(source.text), surfaces, left, kept.values())
    places = [_weighed(name, free[name.text], claims.get(at), kept.get(at)) for at, name in enumerate(named)]
    assigned = _assigned(named, places, Taken(len(source.text)), whole_first)
    placed = {solid(named[at].text) for at in assigned}
    return [
        _grounded(assigned.get(at), not surfaces[name.text], solid(name.text) in placed)
        for at, name in enumerate(named)
    ]


def _start(place: Candidate) -> Candidate:
    return replace(place, end=place.start + 1)


def _grounded(place: Candidate | None, nowhere: bool, again: bool) -> Grounded:
    if place is not None:
        return Grounded(place)
    return Grounded(None, "not_in_text" if nowhere else "duplicate" if again else "overlap")


def _places(
    source: Source, surface: str, count: int, within: Collection[tuple[int, int]] | None
) -> Sequence[Candidate]:
    """The places of a surface that is named `count` times."""
    if within is None:
        return source.candidates(surface, least=count)
    return [place for place in source.everywhere(surface) if (place.start, place.end) in within]


def _claims(
    source: Source,
    names: Sequence[Name],
    surfaces: Mapping[str, Sequence[Candidate]],
    within: Collection[tuple[int, int]] | None,
) -> dict[int, Candidate]:
    """The place that each number says, by name; a number that is too high says the last one."""
    claims: dict[int, Candidate] = {}
    for at, name in enumerate(names):
        if name.number is None or name.number < 1 or not surfaces[name.text]:
            continue
        counted = source.exact(name.text) or source.everywhere(name.text)
        place = counted[min(name.number, len(counted)) - 1]
        if within is None or (place.start, place.end) in within:
            claims[at] = place
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
    size: int, surfaces: Mapping[str, Sequence[Candidate]], left: Mapping[str, int], kept: Iterable[Candidate]
) -> dict[str, Sequence[Candidate]]:
    """The places that are free to each surface: not those that a longer one needs, nor the inside of its words.

    `left`: how many names of each surface want one.
    """
    free: dict[str, Sequence[Candidate]] = {}
    needed, longer = Taken(size), Taken(size)
    for place in kept:
        needed.take(place)
    for surface in sorted(surfaces, key=len, reverse=True):
        own = [place for place in surfaces[surface] if needed.free(place) and not (place.cut and not longer.free(place))]
        free[surface] = own
        if len(own) <= left[surface]:
            for place in own:
                needed.take(place)
        for place in surfaces[surface]:
            longer.take(place)
    return free


def _weighed(
    name: Name, places: Sequence[Candidate], claim: Candidate | None, kept: Candidate | None
) -> Sequence[Candidate]:
    """The places of one name: the one that its number says, if that is kept; else those that it does not say cost."""
    if kept is not None:
        return (replace(kept, cost=-KEPT),)
    if claim is None:
        return places
    more = OTHER_NUMBER if (name.number or 0) > 1 else OTHER_FIRST
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
    if whole_first and len(lines) > 1:
        placed = chain(range(len(names)), places, taken)
        if all(at in placed or not places[at] for at in range(len(names))):
            return placed
    assigned: dict[int, Candidate] = {}
    for line in lines.values():
        assigned |= assign(line, places, taken)
    return assigned
