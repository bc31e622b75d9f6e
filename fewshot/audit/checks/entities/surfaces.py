"""How often a surface is labelled, as what, and where it stands without a label.

    "p53" 9 times GENEPROD, once CELL_LINE, twice without a label      the one and the two are doubtful

Surfaces are compared as words: "Chloroquine" and "chloroquine" are one, "CAT" and "cat" are not.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from fewshot.records import Example, Span

_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")
_LONGEST = 12
"""Words of a surface that is looked for elsewhere."""
_LEAST = 3
"""Characters of a surface that is looked for elsewhere: shorter ones mean something else too often."""

Key = tuple[str, ...]


class Place(NamedTuple):
    """An occurrence of a known surface that no entity touches."""

    example: Example
    start: int
    end: int
    key: Key


@dataclass
class Usage:
    """How a surface is labelled: counts by label, in all and by article; where it is not labelled."""

    labels: Counter[str] = field(default_factory=Counter)
    by_group: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    bare: list[Place] = field(default_factory=list)


def usages(examples: Sequence[Example]) -> dict[Key, Usage]:
    """The usage of every surface that is labelled somewhere. Examples without entities (`None`) are left out."""
    found: dict[Key, Usage] = defaultdict(Usage)
    labelled = [example for example in examples if example.entities is not None]
    for example in labelled:
        for span in example.entities or ():
            usage = found[key(span.cut(example.text))]
            usage.labels[span.label] += 1
            usage.by_group[example.group][span.label] += 1
    lengths: dict[str, set[int]] = defaultdict(set)
    for known in found:
        if known and len(known) <= _LONGEST and sum(map(len, known)) >= _LEAST:
            lengths[known[0]].add(len(known))
    by_first = {first: sorted(sizes, reverse=True) for first, sizes in lengths.items()}
    for example in labelled:
        for place in _bare(example, found, by_first):
            found[place.key].bare.append(place)
    return found


def key(surface: str) -> Key:
    """A surface as it is compared: its words and signs, small where only the first letter is a capital.

    >>> key("Nitric oxide"), key("IFN-γ")
    (('nitric', 'oxide'), ('IFN', '-', 'γ'))
    """
    return tuple(map(_folded, _WORD.findall(surface)))


@lru_cache(maxsize=1 << 16)  # a text's words are mostly those of the others
def _folded(word: str) -> str:
    return word.lower() if word[1:].islower() or (len(word) == 1 and word.isalpha()) else word


def _bare(example: Example, known: dict[Key, Usage], by_first: dict[str, list[int]]) -> Iterator[Place]:
    """The occurrences of known surfaces outside all entities, the longest first, none within another."""
    places = list(_WORD.finditer(example.text))
    words = tuple(map(_folded, map(itemgetter(0), places)))
    firsts = [at for at, word in enumerate(words) if word in by_first]  # few of a text's words begin a surface
    taken = _covered(example.entities or ())
    behind = 0  # the word behind the last occurrence
    for at in firsts:
        if at < behind:
            continue
        for size in by_first[words[at]]:
            candidate = words[at : at + size]
            if len(candidate) < size or candidate not in known:
                continue
            start, end = places[at].start(), places[at + size - 1].end()
            if taken.isdisjoint(range(start, end)):
                yield Place(example, start, end, candidate)
                behind = at + size
                break


def _covered(spans: Sequence[Span]) -> set[int]:
    return {at for span in spans for at in range(span.start, span.end)}
