"""Panels that gold lacks although the text opens them: inside a panel, which has swallowed them, or outside all panels.

    gold A: "(A) Images. (B) Graph."        B stands at a sentence start inside A, and gold has no B: two panels

A chain of labels rises from the panel's letter, one by one; a letter in between may be left out if the text mentions
it elsewhere ("quantified in C").
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from fewshot.audit.checks.panels import lines
from fewshot.audit.checks.panels.gold import Gold, as_json, capitals, code
from fewshot.audit.finding import Certainty, Change, Finding, at
from fewshot.records import PANEL, Span
from fewshot.text.legend import tail_start
from fewshot.text.openings import Opening
from fewshot.text.spans import Extent, trimmed

_MOST = 200
"""Openings of one panel that are looked at."""
_SKIPPED = 1
"""Letters in a row that a chain may leave out although the text does not mention them."""

Chain = list[Opening]


def find(gold: Gold, number: int) -> Finding | None:
    """The finding that a panel holds several; `None`: it does not."""
    chain = swallowed(gold, number)
    panel = gold.panels[number]
    if not chain:
        return lines.merged(gold, number)
    own = ", ".join(gold.letters[number]) or "a panel without a letter"
    return at(
        gold.example, "merged_panels", "error", chain[0].label.start, panel.end, _certainty(gold, number, chain),
        f"{named(chain)} at a sentence start inside {own}",
        Change("panels", (as_json(panel),), tuple(map(as_json, pieces(gold, number, chain)))),
    )  # fmt: skip


def swallowed(gold: Gold, number: int) -> Chain:
    """The openings inside a panel at which panels begin that gold lacks, in text order."""
    low, high = gold.between(number)
    own = set(gold.own(number))
    free = {letter for letter in gold.letters[number] if gold.holders[letter] == 1} - own  # gold gives them to a merge
    inside = (opening for opening in gold.inside(number)[:_MOST] if own.isdisjoint(capitals(opening.label)))
    fitting = [opening for opening in inside if _fits(opening, gold.held, free, low, high)]
    return _best(gold, [opening for opening in fitting if _opens(gold, number, opening)], low)


def missing(gold: Gold, region: Extent, number: int) -> tuple[Finding, Chain] | None:
    """The finding that panels are missing in a region that no panel covers, behind panel `number` (-1: before all)."""
    low, high = gold.between(number)
    fitting = [opening for opening in gold.within(*region)[:_MOST] if _fits(opening, gold.held, (), low, high)]
    starts = [opening for opening in fitting if opening.boundary == "sentence" and gold.reads_as_a_start(opening)]
    chain = _best(gold, starts, low)
    if not chain:
        line = lines.missing(gold, region)
        return None if line is None else (line, [])
    end = tail_start(gold.text, chain[-1].label.end, region[1]) or region[1]
    added = _segments(gold, [opening.label.start for opening in chain], end, chain, Span(*region, PANEL))
    change = Change("panels", (), tuple(map(as_json, added)))
    return at(
        gold.example, "missing_panel", "error", chain[0].label.start, added[-1].end, _certainty(gold, number, chain),
        f"{named(chain)} at a sentence start outside all panels", change,
    ), chain  # fmt: skip


def named(chain: Sequence[Opening]) -> str:
    """The letters of a chain with their verb.

    >>> from fewshot.text.openings import openings
    >>> named(openings("(A) Blot.")), named(openings("(B, C) Blot."))
    ('A begins', 'B, C begin')
    """
    letters = [letter for opening in chain for letter in opening.label.labels]
    return f"{', '.join(letters)} {'begin' if len(letters) > 1 else 'begins'}"


def pieces(gold: Gold, number: int, chain: Sequence[Opening]) -> list[Span]:
    """The panels that a merged one is split into."""
    panel = gold.panels[number]
    taken = {letter for opening in chain for letter in capitals(opening.label)}
    kept = None if panel.labels is None else tuple(label for label in panel.labels if label.upper() not in taken)
    start, end = trimmed(gold.text, panel.start, chain[0].label.start) or (panel.start, panel.end)
    first = replace(panel, start=start, end=end, labels=kept)
    return [first, *_segments(gold, [opening.label.start for opening in chain], panel.end, chain, panel)]


def _segments(gold: Gold, starts: Sequence[int], end: int, chain: Sequence[Opening], like: Span) -> list[Span]:
    found = []
    for opening, start, stop in zip(chain, starts, [*starts[1:], end], strict=True):
        extent = trimmed(gold.text, start, stop)
        if extent is not None:
            labels = gold.as_written(opening.label.labels)
            found.append(replace(like, start=extent[0], end=extent[1], labels=labels))
    return found


def _fits(opening: Opening, taken: Collection[str], free: Collection[str], low: int, high: int) -> bool:
    """Whether a label's letters are not taken, or free all the same, and lie in order."""
    letters = capitals(opening.label)
    open_ = all(letter not in taken or letter in free for letter in letters)
    return open_ and low < code(letters[0]) <= code(letters[-1]) < high


def _opens(gold: Gold, number: int, opening: Opening) -> bool:
    """Whether a label inside a panel opens another one: behind a sentence; or behind a word, if it is written as the
    panel's own label is and a capital follows: "Bar, 10 µm (B) Western blot". "Cells (B)." ends what it labels."""
    label, own = opening.label, gold.label(number)
    if opening.boundary == "sentence":
        return gold.reads_as_a_start(opening)
    return opening.capital and gold.text[label.end - 1] in ")]" and own is not None and own.style == label.style


def _best(gold: Gold, candidates: Sequence[Opening], low: int) -> Chain:
    """The best rising chain of labels; chains that end in the same letter are compared, and one of them goes on."""
    leaders: dict[int, Chain] = {}
    for current in candidates:
        chains = [chain for last, chain in leaders.items() if _continues(gold, last, current)]
        if _continues(gold, low, current):
            chains.append([])
        if chains:
            longest = [*max(chains, key=_worth), current]
            last = code(capitals(current.label)[-1])
            leaders[last] = max(leaders.get(last, []), longest, key=_worth)
    return max(leaders.values(), key=_worth, default=[])


def _continues(gold: Gold, last: int, opening: Opening) -> bool:
    """Whether an opening's letter follows another: at once, or behind letters that are held or only mentioned."""
    first = code(capitals(opening.label)[0])
    return first > last and len(gold.unexplained(last, first)) <= (_SKIPPED if last >= ord("A") else 0)


def _worth(chain: Sequence[Opening]) -> float:
    """The chain with more letters is the better one; a label behind a full stop counts more than one behind a word, and
    a group more than its letters: "C, D. Assays. C, Blot. D, Gel." is one panel."""
    return sum(
        ((1.0 if opening.boundary == "sentence" else 0.3) + 0.2 * opening.capital) * len(opening.label.labels)
        + 0.1 * (len(opening.label.labels) > 1)
        for opening in chain
    )


def _certainty(gold: Gold, number: int, chain: Sequence[Opening]) -> Certainty:
    """Certain: every label stands behind a sentence, is written as the legend's labels are, and no letter is left out
    that nothing explains."""
    last = gold.between(number)[0]
    for opening in chain:
        label = opening.label
        styled = label.style in gold.styles if gold.styles else label.style != "bare"
        if not styled or opening.boundary != "sentence" or gold.unexplained(last, code(capitals(label)[0])):
            return "likely"
        last = code(capitals(label)[-1])
    return "certain"
