"""Panels whose edges stand in the wrong place: not at their label, in the middle of a sentence, short of their text.

gold B: "estern blot."      the label "(B)" stands in front of it, in the panel before: the start moves there
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fewshot.audit.checks.panels import lines
from fewshot.audit.checks.panels.gold import Gold, as_json, capitals
from fewshot.audit.finding import Certainty, Change, Finding, at
from fewshot.records import Span
from fewshot.text.legend import Label, is_printed, opens_a_sentence, tail_start
from fewshot.text.spans import Extent, trimmed

_LEAST = 12
"""Characters of uncovered text below which nothing is said: stray signs, "(n = 3)"."""


def find(gold: Gold, number: int) -> Finding | None:
    """What is wrong with the start of a panel; `None`: nothing."""
    panel, letters, printed = gold.panels[number], gold.letters[number], gold.printed[number]
    if printed is not None and (not letters or not set(letters).isdisjoint(capitals(printed))):
        return None
    whole = opens_a_sentence(gold.text, 0, panel.start)
    label = gold.nearby(number)
    if label is not None:
        return _moved(gold, number, label, whole=whole) if label.start != panel.start else None
    if (line := lines.shifted(gold, number)) is not None:
        return line
    if whole or printed is not None or _is_named(gold, number):
        return None
    start = next((start for start, end in gold.sentences if start < panel.start <= end), panel.start)
    return at(
        gold.example, "mid_sentence_start", "warning", start, panel.start, "likely",
        "the panel begins in the middle of this sentence, and no label of it stands nearby",
    )  # fmt: skip


def _is_named(gold: Gold, number: int) -> bool:
    segment = gold.panels[number].cut(gold.text)
    return any(is_printed(letter, segment) for letter in gold.letters[number])


def _moved(gold: Gold, number: int, label: Label, *, whole: bool) -> Finding:
    """The finding that a panel should start at its label. `whole`: it now starts where a sentence does."""
    panel, start = gold.panels[number], label.start
    removed, added = [panel], [replace(panel, start=start)]
    inside = start > panel.start
    if number and (not inside or not whole):  # the text in between is the end of the panel before
        before = gold.panels[number - 1]
        extent = trimmed(gold.text, before.start, start)
        if extent is not None:
            removed.insert(0, before)
            added.insert(0, replace(before, start=extent[0], end=extent[1]))
    change = Change("panels", tuple(map(as_json, removed)), tuple(map(as_json, added)))
    first, last = sorted((panel.start, start))
    if inside and whole and not number:
        reason = "text before the label is counted to the panel"
        return at(gold.example, "title_in_panel", "warning", first, last, "likely", reason, change)
    certainty: Certainty = "likely" if whole and inside else "certain"
    letters = ", ".join(gold.letters[number])
    reason = f"the label of {letters} stands {'inside' if inside else 'before'} the panel"
    return at(gold.example, "shifted_boundary", "error", first, last, certainty, reason, change)


def uncovered(gold: Gold) -> Iterator[tuple[int, Extent]]:
    """The parts of the text that no panel covers, with the number of the panel before them (-1: none)."""
    last = 0
    for number, panel in enumerate(gold.panels):
        extent = trimmed(gold.text, last, panel.start) if panel.start > last else None
        if extent is not None:
            yield number - 1, extent
        last = panel.end
    extent = trimmed(gold.text, last, len(gold.text))
    if extent is not None:
        yield len(gold.panels) - 1, extent


def cut_short(gold: Gold, number: int, region: Extent) -> Finding | None:
    """The finding that a panel ends before its text does; `None`: what follows it belongs to no panel."""
    if number < 0 or region[1] - region[0] < _LEAST or tail_start(gold.text, *region) == region[0]:
        return None
    panel: Span = gold.panels[number]
    if opens_a_sentence(gold.text, panel.start, region[0]):
        if number == len(gold.panels) - 1:  # words about the whole figure
            return None
        severity, certainty, reason = "note", "possible", "no panel covers this text"
    else:
        severity, certainty, reason = "warning", "certain", "the panel ends in the middle of a sentence"
    end = tail_start(gold.text, *region)
    extent = trimmed(gold.text, panel.start, region[1] if end is None else end) or region
    change = Change("panels", (as_json(panel),), (as_json(replace(panel, end=extent[1])),))
    return at(gold.example, "uncovered_text", severity, *region, certainty, reason, change)  # type: ignore[arg-type]
