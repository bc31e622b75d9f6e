"""PANELIZATION: are the gold panels those of the legend?"""

from __future__ import annotations

from collections.abc import Iterator

from fewshot.audit.checks import Check
from fewshot.audit.checks.panels import boundaries, enumerations, labels, merges, tails
from fewshot.audit.checks.panels.gold import Gold, capitals
from fewshot.audit.finding import Finding
from fewshot.records import Example


class Panels(Check):
    """The panels of one legend."""

    field = "panels"

    def each(self, example: Example) -> Iterator[Finding]:
        """What the labels of the text and those of gold say of each other. What one finding explains is not repeated by
        another: the letters of a swallowed panel are no gap."""
        if example.panels is None:
            return
        gold = Gold(example, example.panels)
        explained: set[str] = set()
        for number in range(len(gold.panels)):
            merged = merges.find(gold, number)
            if merged is not None:
                explained.update(_letters(merges.swallowed(gold, number)))
                yield merged
            shifted = boundaries.find(gold, number)
            if shifted is not None:
                yield shifted
            yield from tails.find(gold, number)
        for number, region in boundaries.uncovered(gold):
            found = merges.missing(gold, region, number)
            if found is not None:
                explained.update(_letters(found[1]))
                yield found[0]
            elif (short := boundaries.cut_short(gold, number, region)) is not None:
                yield short
        for number in range(len(gold.panels)):
            listed = enumerations.find(gold, number, explained)
            if listed is not None:
                yield listed
        yield from labels.find(gold, explained)


def _letters(chain: merges.Chain) -> set[str]:
    return {letter for opening in chain for letter in capitals(opening.label)}


CHECK = Panels()
