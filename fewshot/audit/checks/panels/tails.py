"""What a legend says of all its panels, counted to one of them; and groups that the text takes apart again.

Neither changes a score: a tail is cut before scoring ("Data information: …"), and a group is one segment.
"""

from __future__ import annotations

from collections.abc import Iterator

from fewshot.audit.checks.panels.gold import Gold, as_json, capitals
from fewshot.audit.finding import Change, Finding, at
from fewshot.records import Span
from fewshot.text.legend import cut_tail, tail_start


def find(gold: Gold, number: int) -> Iterator[Finding]:
    """The notes about a panel."""
    panel, printed = gold.panels[number], gold.printed[number]
    tail = tail_start(gold.text, panel.start, panel.end)
    if tail is not None and tail > panel.start:
        end = cut_tail(gold.text, panel.start, panel.end)
        shorter = Span(panel.start, end, panel.label, panel.labels)
        inside = [opening for opening in gold.inside(number) if opening.label.start > tail]
        change = None if inside else Change("panels", (as_json(panel),), (as_json(shorter),))
        reason = "a tail belongs to all panels; scoring leaves it out"
        yield at(gold.example, "tail_in_panel", "note", tail, panel.end, "likely", reason, change)
    if printed is None or len(printed.labels) < 2:
        return
    group = set(capitals(printed))
    again = [o.label for o in gold.inside(number) if o.boundary == "sentence" and group.issuperset(capitals(o.label))]
    if len(again) > 1:
        reason = f"{', '.join(printed.labels)} is one panel of gold, and the text describes its parts one by one"
        yield at(gold.example, "grouped_labels", "note", again[0].start, again[-1].end, "certain", reason)
