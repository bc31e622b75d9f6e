"""The letters of gold and those of the text: lacking here or there, repeated, out of order.

text "(A–C) Blots.", gold A, C      the text's label covers B as well
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import pairwise

from fewshot.audit.checks.panels.gold import Gold, as_json, capitals, code
from fewshot.audit.finding import Change, Finding, at
from fewshot.records import Span
from fewshot.text.legend import is_printed


def find(gold: Gold, explained: Collection[str]) -> Iterator[Finding]:
    """What is wrong with the letters of a legend. `explained`: letters whose absence another finding explains."""
    for number in range(len(gold.panels)):
        doubt = _against_the_text(gold, number)
        if doubt is not None:
            yield doubt
    yield from _repeats(gold)
    yield from _order(gold)
    yield from _gaps(gold, explained)


def _against_the_text(gold: Gold, number: int) -> Finding | None:
    """Gold's letters of a panel against the label that it opens with."""
    panel, letters, printed = gold.panels[number], gold.letters[number], gold.printed[number]
    if panel.labels is None:
        return None
    if printed is None:
        return _not_printed(gold, number) if letters else None
    lacking = [letter for letter in capitals(printed) if letter not in letters]
    if not lacking or not gold.held.isdisjoint(lacking) or not gold.is_in_its_style(printed):
        return None
    change = _relabelled(gold, panel, printed.labels)
    place = printed.start, printed.end
    if not letters or set(letters) & set(capitals(printed)):
        reason = f"the label of the text covers {', '.join(lacking)}, which gold lacks"
        sure = "certain" if printed.style in ("in", "out", "dot") and _is_next(gold, number) else "likely"
        return at(gold.example, "missing_label", "error", *place, sure, reason, change)  # type: ignore[arg-type]
    if any(is_printed(letter, panel.cut(gold.text)) for letter in letters):
        return None
    reason = f"the text says {', '.join(printed.labels)}, gold {', '.join(letters)}"
    sure = "certain" if printed.style in ("in", "out") and _is_next(gold, number) else "likely"
    return at(gold.example, "wrong_label", "error", *place, sure, reason, change)  # type: ignore[arg-type]


def _is_next(gold: Gold, number: int) -> bool:
    """Whether the printed letters lie between those of the panels around."""
    printed = gold.printed[number]
    if printed is None:
        return False
    before, behind = gold.between(number - 1)[0], gold.between(number)[1]
    return before < code(capitals(printed)[0]) <= code(capitals(printed)[-1]) < behind


def _relabelled(gold: Gold, panel: Span, labels: tuple[str, ...]) -> Change:
    return Change("panels", (as_json(panel),), (as_json(replace(panel, labels=gold.as_written(labels))),))


def _not_printed(gold: Gold, number: int) -> Finding | None:
    """Gold names letters that stand nowhere in the segment; scoring leaves them out."""
    panel, letters = gold.panels[number], gold.letters[number]
    if any(is_printed(letter, panel.cut(gold.text)) for letter in letters):
        return None
    place = panel.start, panel.end
    if len(gold.panels) == 1:
        reason = f"the only panel is called {', '.join(letters)}, which the text does not print"
        return at(gold.example, "single_panel", "note", *place, "certain", reason)
    reason = f"gold says {', '.join(letters)}, which the text of the panel does not print"
    return at(gold.example, "label_not_printed", "note", *place, "certain", reason)


def _repeats(gold: Gold) -> Iterator[Finding]:
    """A letter that two panels hold."""
    seen: dict[str, int] = {}
    for number, (panel, letters) in enumerate(zip(gold.panels, gold.letters, strict=True)):
        again = [letter for letter in letters if letter in seen]
        for letter in letters:
            seen.setdefault(letter, number)
        if again:
            reason = f"{', '.join(again)} is the letter of an earlier panel as well"
            yield at(gold.example, "label_repeat", "warning", panel.start, panel.end, "likely", reason)


def _order(gold: Gold) -> Iterator[Finding]:
    """A panel whose first letter comes before that of the panel before it."""
    named = [(panel, letters) for panel, letters in zip(gold.panels, gold.letters, strict=True) if letters]
    for (_, before), (panel, letters) in pairwise(named):
        if code(letters[0]) < code(before[0]):
            reason = f"{letters[0]} comes behind {before[0]}"
            yield at(gold.example, "label_order", "warning", panel.start, panel.end, "possible", reason)


def _gaps(gold: Gold, explained: Collection[str]) -> Iterator[Finding]:
    """Letters between the first and the last of gold that neither gold nor the text has, and none explains."""
    codes = sorted({code(letter) for letter in gold.held} | {ord("A") - 1} if gold.held else ())
    for low, high in pairwise(codes):
        lacking = sorted(gold.unexplained(low, high) - set(explained))
        if lacking:
            panel = next(p for p, held in zip(gold.panels, gold.letters, strict=True) if high in map(code, held))
            reason = f"gold and the text go from {chr(low)} to {chr(high)}" if low >= ord("A") else "there is no A"
            start, end = panel.start, panel.end
            yield at(gold.example, "label_gap", "note", start, end, "possible", f"{reason}: no {', '.join(lacking)}")
