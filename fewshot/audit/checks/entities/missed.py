"""Mentions that gold lacks: a surface without a label that is labelled elsewhere. The commonest fault of such gold.

train: "aspirin" 38 times CHEMICAL, twice nothing       the two are reported, surest first
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from fewshot.audit.checks.entities.contexts import Contexts
from fewshot.audit.checks.entities.surfaces import Key, Place, Usage
from fewshot.audit.finding import Certainty, Change, Finding, at
from fewshot.text.alignment.folding import fold

_SHARE = 0.6
"""Confidence from which a bare surface is reported."""
_OWN_ARTICLE = 3
"""Each mention that the same article labels counts so many times: an article means one thing by a word."""
_LEAST = 2
"""Labelled mentions below which a surface says nothing of its other ones."""
_SURE = 0.9


def find(usages: Mapping[Key, Usage], contexts: Contexts) -> Iterator[Finding]:
    """The mentions that seem to be missed, with the confidence that they are (`_confidence`)."""
    for surface, usage in usages.items():
        if not usage.bare or not _tells(surface) or usage.labels.total() < _LEAST:
            continue
        bare = Counter(place.example.group for place in usage.bare)
        for place in usage.bare:
            confidence = _confidence(place, usage, bare, contexts)
            if confidence >= _SHARE:
                yield _finding(place, usage, confidence)


def _confidence(place: Place, usage: Usage, bare: Mapping[str, int], contexts: Contexts) -> float:
    """How likely gold would label a mention: the odds of its surface (its other mentions, labelled and bare, those of
    the same article counted three times, one half added to either side) times those of its neighbours."""
    group = place.example.group
    near = usage.by_group[group].total() if group in usage.by_group else 0
    yes = usage.labels.total() + (_OWN_ARTICLE - 1) * near + 0.5
    no = len(usage.bare) - 1 + (_OWN_ARTICLE - 1) * (bare[group] - 1) + 0.5
    odds = yes / no
    if odds / (1 + odds) >= _SHARE:  # neighbours only lower it, and looking at them takes the time
        odds *= contexts.odds(place)
    return odds / (1 + odds)


def _finding(place: Place, usage: Usage, confidence: float) -> Finding:
    near = usage.by_group.get(place.example.group) or Counter()
    label = max((near or usage.labels).items(), key=lambda item: (item[1], item[0]))[0]
    times = f"labelled {label} {usage.labels[label]} times" + (f" ({near[label]} here)" if near[label] else "")
    certainty: Certainty = "likely" if confidence >= _SURE else "possible"
    change = Change("entities", (), ({"start": place.start, "end": place.end, "label": label},))
    return at(
        place.example, "missed_mention", "warning", place.start, place.end, certainty,
        f"{times}, bare {len(usage.bare)} times", change, confidence,
    )  # fmt: skip


def _tells(surface: Key) -> bool:
    """Whether a surface has a letter: numbers and signs mean anything."""
    return any(sign.isalpha() for sign in fold("".join(surface)))
