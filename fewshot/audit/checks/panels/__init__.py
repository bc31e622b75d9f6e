"""PANELIZATION: are the gold panels those of the legend?"""

from __future__ import annotations

from collections.abc import Iterator

from fewshot.audit.checks import Check
from fewshot.audit.checks.panels import merges
from fewshot.audit.checks.panels.gold import Gold
from fewshot.audit.finding import Finding
from fewshot.records import Example


class Panels(Check):
    """The panels of one legend."""

    field = "panels"

    def each(self, example: Example) -> Iterator[Finding]:
        """What the labels of the text and those of gold say of each other."""
        if not example.panels:
            return
        gold = Gold(example, example.panels)
        for number in range(len(gold.panels)):
            merged = merges.find(gold, number)
            if merged is not None:
                yield merged


CHECK = Panels()
