"""Legends without letters, in which each panel is a line: a panel of two lines, a line without a panel."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from fewshot.audit.checks.panels.gold import Gold, as_json
from fewshot.audit.finding import Change, Finding, at
from fewshot.records import PANEL, Span
from fewshot.text.legend import tail_start
from fewshot.text.spans import Extent, trimmed

_BREAK = re.compile(r"\n\s*")
_LEAST = 2
"""Other panels that must be a line each before a panel is measured by them."""


def merged(gold: Gold, number: int) -> Finding | None:
    """The finding that a panel covers several lines; `None`: it is one, or the panels of this legend are no lines."""
    panel = gold.panels[number]
    starts = [panel.start + place.end() for place in _BREAK.finditer(panel.cut(gold.text))]
    starts = [start for start in starts if tail_start(gold.text, start, panel.end) != start]
    if number + 1 < len(gold.panels) and "\n" not in gold.text[panel.end : gold.panels[number + 1].start]:
        starts = starts[:-1]  # the next panel begins within this panel's last line: `shifted`
    if not starts or not _are_lines(gold, panel):
        return None
    extents = [trimmed(gold.text, *piece) for piece in pairwise([panel.start, *starts, panel.end])]
    parts = tuple(as_json(replace(panel, start=extent[0], end=extent[1])) for extent in extents if extent)
    sure = len(gold.panels) > _LEAST
    return at(
        gold.example, "merged_panels", "error", starts[0], panel.end, "certain" if sure else "likely",
        "a panel of several lines, where every other panel is one line", Change("panels", (as_json(panel),), parts),
    )  # fmt: skip


def shifted(gold: Gold, number: int) -> Finding | None:
    """The finding that a panel begins within a line; it moves to the nearest line start, and with it the end of the
    panel before."""
    panel = gold.panels[number]
    before = gold.panels[number - 1] if number else None
    first = before.end if before is not None else 0
    if gold.has_letters or before is None or "\n" in gold.text[first : panel.start]:
        return None
    breaks = [place.end() for place in _BREAK.finditer(gold.text, before.start, panel.end)]
    start = min(breaks, key=lambda at: abs(at - panel.start), default=panel.start)
    extent = trimmed(gold.text, before.start, start)
    if start == panel.start or extent is None:
        return None
    moved = replace(before, start=extent[0], end=extent[1]), replace(panel, start=start)
    low, high = sorted((start, panel.start))
    return at(
        gold.example, "shifted_boundary", "error", low, high, "likely",
        "the panel begins within a line, where panels are lines",
        Change("panels", (as_json(before), as_json(panel)), tuple(map(as_json, moved))),
    )  # fmt: skip


def missing(gold: Gold, region: Extent) -> Finding | None:
    """The finding that a line outside all panels is one; `None`: the panels of this legend are no lines."""
    if not _are_lines(gold, None) or tail_start(gold.text, *region) == region[0]:
        return None
    extents = [trimmed(gold.text, *place.span()) for place in re.finditer(r"[^\n]+", gold.text)]
    whole = [extent for extent in extents if extent is not None and region[0] <= extent[0] and extent[1] <= region[1]]
    whole = [extent for extent in whole if tail_start(gold.text, *extent) != extent[0]]
    if not whole:
        return None
    added = tuple(as_json(Span(*extent, PANEL, ())) for extent in whole)
    return at(
        gold.example, "missing_panel", "error", whole[0][0], whole[-1][1], "likely",
        "a line without a panel, where every panel is a line", Change("panels", (), added),
    )  # fmt: skip


def _are_lines(gold: Gold, apart: Span | None) -> bool:
    """Whether the panels, `apart` from one, are lines of a text that has several, and none has a letter."""
    others = [panel for panel in gold.panels if panel is not apart]
    if gold.has_letters or not others or "\n" not in gold.text:
        return False
    return not any("\n" in other.cut(gold.text) for other in others)
