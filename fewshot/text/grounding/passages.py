"""Long passages: the segments of a legend, copied out or named by their first words.

>>> text = "(A) Western blot of p53. (B) Levels of TNF-&alpha;."
>>> spans, unplaced = panels(text, [Passage("(A) Westen blot of p53."), Passage("(B) Levels of TNF-α.")], Counter())
>>> [(span.start, span.end, span.match) for span in spans]
[(0, 24, 'near'), (25, 51, 'folded')]

A passage that stands in the text, folded or not, is placed as a name is. What a model changed goes through the
alignment of tagged copies, all passages as one answer, so that a wrong letter or a dropped clause loses no panel. What
that does not find either, or what ends in "…", begins where its first words are found and ends where the next begins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fewshot.records import PANEL, Member, ProblemKind, Span
from fewshot.text.alignment import align
from fewshot.text.alignment.folding import spaced
from fewshot.text.grounding.assignment import Taken
from fewshot.text.grounding.candidates import Candidate, Source
from fewshot.text.grounding.names import Grounded, Name, ground

FIRST_WORDS = 8
"""Words that name a segment where all of them are not found: as many as `list` writes."""

_FEWER_WORDS = (5, 3)
"""Tried in turn where a model went on wrongly."""

_ELIDED = re.compile(r"(?:\.{3}|…|\[…\]|\[\.{3}\])$")


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment as an answer writes it. `number`: which occurrence, if it says so."""

    text: str
    labels: tuple[str, ...] = ()
    number: int | None = None


def panels(
    text: str, passages: Sequence[Passage], problems: Counter[ProblemKind]
) -> tuple[tuple[Span, ...], tuple[Member, ...]]:
    """The panels that passages copy, in the order of the text, and those that have no place there."""
    source, taken = Source(text), Taken(len(text))
    grounded = ground(source, [Name(passage.text.strip(), passage.number) for passage in passages])
    placed: dict[int, Candidate] = {}
    for at, one in enumerate(grounded):
        if one.place is not None and one.place.match != "near":
            placed[at] = one.place
            taken.take(one.place)
    missing = [at for at, one in enumerate(grounded) if at not in placed and one.drop not in ("duplicate", "overlap")]
    if missing:
        _align(text, passages, missing, placed, taken)
    missing = [at for at in missing if at not in placed]
    open_ = _by_first_words(source, passages, missing, placed, taken) if missing else set()
    for at, one in enumerate(grounded):
        if at not in placed:
            problems[one.drop or "not_in_text"] += 1
    unplaced = tuple(
        Member(PANEL, passage.text) for at, passage in enumerate(passages) if at not in placed and passage.text.strip()
    )
    return _spans(text, passages, placed, open_), unplaced


def starts(source: Source, passages: Sequence[Passage]) -> list[Grounded]:
    """Where passages begin, by their first words."""
    names = []
    for passage in passages:
        words = _ELIDED.sub("", passage.text).split()
        tries = [passage.text.strip(), *(" ".join(words[:count]) for count in _counts(len(words)))]
        known = next((text for text in tries[:3] if source.knows(text)), None)
        known = known or next((text for text in tries if source.everywhere(text)), tries[0])
        names.append(Name(known, passage.number))
    return ground(source, names, starts_only=True)


def _counts(words: int) -> list[int]:
    """How many first words are tried in turn."""
    return [words, *(count for count in (FIRST_WORDS, *_FEWER_WORDS) if count < words)]


def _align(
    text: str, passages: Sequence[Passage], missing: Sequence[int], placed: dict[int, Candidate], taken: Taken
) -> None:
    """Places what is missing by the alignment of all passages with the text."""
    source = spaced(text)
    answer = ""
    extents: list[tuple[int, int]] = []
    for passage in passages:
        written = spaced(passage.text).text.strip()
        extents.append((len(answer), len(answer) + len(written)))
        answer += written + "\n"
    alignment = align(answer, source.text)
    for at in missing:
        extent = None if _ELIDED.search(passages[at].text) else alignment.span(*extents[at], answer)
        if extent is not None and _shares_words(answer[slice(*extents[at])], source.text[slice(*extent)]):
            place = Candidate(*source.covering(*extent), "near", 0, False)
            if taken.free(place):
                placed[at] = place
                taken.take(place)


def _shares_words(passage: str, stretch: str) -> bool:
    """Whether half of the words of a passage are those of a stretch of text: letters alone recur everywhere."""
    words = Counter(passage.split())
    return 2 * (words & Counter(stretch.split())).total() >= words.total()


def _by_first_words(
    source: Source, passages: Sequence[Passage], missing: Sequence[int], placed: dict[int, Candidate], taken: Taken
) -> set[int]:
    """Places what is still missing where its first words stand; which of them have an open end."""
    open_ = set()
    for at, one in zip(missing, starts(source, [passages[at] for at in missing]), strict=True):
        if one.place is not None and taken.free(one.place):
            placed[at] = one.place
            taken.take(one.place)
            open_.add(at)
    return open_


def _spans(
    text: str, passages: Sequence[Passage], placed: Mapping[int, Candidate], open_: Collection[int]
) -> tuple[Span, ...]:
    """Panels in the order of the text; an open end is where the next one begins."""
    order = sorted(placed, key=lambda at: placed[at].start)
    following = [*(placed[at].start for at in order[1:]), len(text)]
    spans = []
    for at, after in zip(order, following, strict=False):
        place = placed[at]
        end = place.start + len(text[place.start : after].rstrip()) if at in open_ else place.end
        spans.append(Span(place.start, end, PANEL, passages[at].labels, match=place.match))
    return tuple(spans)
