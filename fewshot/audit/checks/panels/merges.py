"""Panels that swallow their neighbours.

    gold A: "(A) Images. (B) Graph."        B stands at a sentence start inside A, and gold has no B: two panels

A chain of labels rises from the panel's letter, one by one; a letter in between may be left out if the text mentions
it elsewhere ("quantified in C").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fewshot.audit.checks.panels.gold import Gold, as_json, capitals, code
from fewshot.audit.finding import Certainty, Change, Finding, at
from fewshot.records import Span
from fewshot.text.openings import Opening
from fewshot.text.spans import trimmed

_MOST = 200
"""Openings of one panel that are looked at."""
_SKIPPED = 1
"""Letters in a row that a chain may leave out although the text does not mention them."""


def find(gold: Gold, number: int) -> Finding | None:
    """The finding that a panel holds several; `None`: it does not."""
    chain = swallowed(gold, number)
    if not chain:
        return None
    panel = gold.panels[number]
    letters = ", ".join(letter for opening in chain for letter in opening.label.labels)
    own = ", ".join(gold.letters[number]) or "a panel without a letter"
    return at(
        gold.example, "merged_panels", "error", chain[0].label.start, panel.end, _certainty(gold, number, chain),
        f"{letters} begin at sentence starts inside {own}" if len(chain) > 1 else
        f"{letters} begins at a sentence start inside {own}",
        Change("panels", (as_json(panel),), tuple(map(as_json, pieces(gold, number, chain)))),
    )  # fmt: skip


def swallowed(gold: Gold, number: int) -> list[Opening]:
    """The openings inside a panel at which panels begin that gold lacks, in text order."""
    low, high = gold.between(number)
    candidates = [opening for opening in gold.inside(number)[:_MOST] if _fits(gold, number, opening, low, high)]
    best: list[list[Opening]] = []
    for current in candidates:
        chains = [chain for chain in best if _continues(gold, code(capitals(chain[-1].label)[-1]), current)]
        if _continues(gold, low, current):
            chains.append([])
        if chains:
            best.append([*max(chains, key=_worth), current])
    return max(best, key=_worth, default=[])


def pieces(gold: Gold, number: int, chain: Sequence[Opening]) -> list[Span]:
    """The panels that a merged one is split into."""
    panel = gold.panels[number]
    starts = [panel.start, *(opening.label.start for opening in chain), panel.end]
    taken = {letter for opening in chain for letter in capitals(opening.label)}
    kept = None if panel.labels is None else tuple(label for label in panel.labels if label.upper() not in taken)
    labels = [kept, *(_in_the_case_of_gold(gold, opening.label.labels) for opening in chain)]
    found = []
    for start, end, own in zip(starts, starts[1:], labels, strict=False):
        extent = trimmed(gold.text, start, end)
        if extent is not None:
            found.append(replace(panel, start=extent[0], end=extent[1], labels=own))
    return found


def _in_the_case_of_gold(gold: Gold, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Letters as the gold writes them: a legend may print "(a)" where gold says A."""
    written = [label for panel in gold.panels for label in panel.labels or ()]
    if written and all(label[:1].isupper() for label in written):
        return tuple(label[:1].upper() + label[1:] for label in labels)
    return labels


def _fits(gold: Gold, number: int, opening: Opening, low: int, high: int) -> bool:
    """Whether an opening may be the start of a panel that gold lacks."""
    letters = capitals(opening.label)
    own = set(gold.own(number))
    others = {letter for other, held in enumerate(gold.letters) if other != number for letter in held}
    if any(letter in own or letter in others for letter in letters):
        return False
    if not low < code(letters[0]) <= code(letters[-1]) < high:
        return False
    if opening.boundary == "sentence":
        return opening.capital or opening.label.style in ("in", "out")
    return _ends_loosely(gold, number, opening)


def _ends_loosely(gold: Gold, number: int, opening: Opening) -> bool:
    """Whether a label that no sentence end precedes still opens a panel: "Bar, 10 µm (B) Western blot". "cells (B)." is
    a list of panels in a sentence."""
    label, own = opening.label, gold.label(number)
    closed = gold.text[label.end - 1] in ")]"
    return opening.capital and closed and own is not None and own.style == label.style


def _continues(gold: Gold, last: int, opening: Opening) -> bool:
    """Whether an opening's letter follows another: at once, or behind letters that are only mentioned."""
    first = code(capitals(opening.label)[0])
    unknown = [letter for letter in map(chr, range(last + 1, first)) if letter not in gold.mentioned | gold.held]
    return first > last and len(unknown) <= _SKIPPED


def _worth(chain: Sequence[Opening]) -> float:
    """The longer chain is the better one; a label behind a full stop counts more than one behind a word."""
    return sum(
        (1.0 if opening.boundary == "sentence" else 0.3) + 0.2 * opening.capital + 0.1 * (len(opening.label.labels) > 1)
        for opening in chain
    )


def _certainty(gold: Gold, number: int, chain: Sequence[Opening]) -> Certainty:
    """Certain: every label stands behind a sentence, is written as the legend's labels are, and no letter is left out
    that nothing explains."""
    last = gold.between(number)[0]
    for opening in chain:
        letters = capitals(opening.label)
        skipped = set(map(chr, range(last + 1, code(letters[0])))) - gold.mentioned - gold.held
        styled = not gold.styles or opening.label.style in gold.styles
        if opening.boundary != "sentence" or not opening.capital or not styled or skipped:
            return "likely"
        last = code(letters[-1])
    return "certain"
