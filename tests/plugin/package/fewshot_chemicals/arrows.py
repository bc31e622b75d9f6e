"""All tasks: arrows in a text, which this publisher's fonts lack."""

from __future__ import annotations

from collections.abc import Iterator

from fewshot.audit.checks import Check
from fewshot.audit.finding import Finding, at
from fewshot.records import Example


class Arrows(Check):
    """One finding a text, at its first arrow."""

    def each(self, example: Example) -> Iterator[Finding]:
        """Where the arrow stands."""
        place = example.text.find("→")
        if place >= 0:
            yield at(example, "arrow", "note", place, place + 1, "certain", "the font has no arrows")


CHECK = Arrows()
