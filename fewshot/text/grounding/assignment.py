"""Which name of an answer stands where: one assignment of all names to places, each place used once.

    text    PERK binds p53. p53 and the ER.          answer   p53, p53, ER, PERK
    chain   p53@11, p53@16, ER@28                    the longest part of the answer that is in the order of the text
    then    PERK@0                                   what is left, in its own order, to places that are free

A chain is the best increasing assignment: of all ways to give names places that follow one another, the one that is
worth most (a name 1,000 less what its place costs). It is a longest increasing subsequence with weights, found in
O(n log n) with the front of best (end, worth) pairs. What a chain leaves over is chained again in what is free.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeAlias

from fewshot.text.grounding.candidates import Candidate

WORTH = 1_000
"""Of a name, in the unit of what candidates cost."""

MOST_PAIRS = 200_000
"""Pairs of name and place up to which chains are looked for: 0.5 s. Beyond, each name takes its first free place."""

_MOST_CHAINS = 30
"""A shuffled answer of n names has about 2·√n chains (Vershik and Kerov 1977): 200 names."""

Places: TypeAlias = Sequence[Candidate]
Link: TypeAlias = "tuple[int, Candidate, Link | None]"


class Taken:
    """Which characters of a text are taken."""

    def __init__(self, size: int) -> None:
        self._mask = bytearray(size)

    def free(self, place: Candidate) -> bool:
        """Whether no character of a place is taken."""
        return self._mask.find(1, place.start, place.end) < 0

    def take(self, place: Candidate) -> None:
        """Takes all characters of a place."""
        self._mask[place.start : place.end] = b"\1" * (place.end - place.start)


def assign(names: Sequence[int], places: Sequence[Places], taken: Taken) -> dict[int, Candidate]:
    """A place for each of `names` that finds one: indices into `places`, in the order of the answer."""
    assigned: dict[int, Candidate] = {}
    left = [name for name in names if places[name]]
    for _ in range(_MOST_CHAINS):
        rising = chain(left, places, taken)
        if not rising:
            return assigned
        for place in rising.values():
            taken.take(place)
        assigned |= rising
        left = [name for name in left if name not in rising]
        if not left:
            return assigned
    return assigned | first_free(left, places, taken)


def chain(names: Sequence[int], places: Sequence[Places], taken: Taken) -> dict[int, Candidate]:
    """The best increasing assignment of names to free places; of equals the one whose places come first."""
    ends, worths = [0], [0]
    links: list[Link | None] = [None]
    for name in names:
        steps = []
        for place in places[name]:
            if taken.free(place):
                at = bisect_right(ends, place.start) - 1
                steps.append((place, worths[at] + WORTH - place.cost, links[at]))
        for place, worth, before in steps:
            at = bisect_right(ends, place.end) - 1
            if worths[at] >= worth:
                continue
            first = at if ends[at] == place.end else at + 1
            after = first
            while after < len(ends) and worths[after] <= worth:
                after += 1
            ends[first:after] = [place.end]
            worths[first:after] = [worth]
            links[first:after] = [(name, place, before)]
    rising: dict[int, Candidate] = {}
    link = links[-1]
    while link is not None:
        name, place, link = link
        rising[name] = place
    return rising


def first_free(names: Sequence[int], places: Sequence[Places], taken: Taken) -> dict[int, Candidate]:
    """Each name at its first free place: names that share their places share how far they have been looked through."""
    assigned: dict[int, Candidate] = {}
    reached: dict[int, int] = {}
    for name in names:
        own = places[name]
        at = reached.get(id(own), 0)
        while at < len(own) and not taken.free(own[at]):
            at += 1
        reached[id(own)] = at
        if at < len(own):
            assigned[name] = own[at]
            taken.take(own[at])
    return assigned
