"""CAUSAL: can the hypothesis be read from the text, and is it one?"""

from __future__ import annotations

from collections.abc import Iterator

from fewshot.audit.checks import Check
from fewshot.audit.finding import QUOTED, Change, Finding, Severity
from fewshot.records import Example, Member
from fewshot.text.alignment.folding import compact, fold
from fewshot.text.visible import shortened


class Hypotheses(Check):
    """The hypothesis of a panel."""

    field = "hypothesis"

    def each(self, example: Example) -> Iterator[Finding]:
        """Members that the text lacks, parts without a member, entities on both sides."""
        if example.hypothesis is None:
            return
        text = compact(example.text).text
        for part, members in example.hypothesis.roles():
            if not members:
                reason = f"no {part}: a hypothesis has interventions, observations and assays"
                yield _finding(example, "missing_part", "warning", part, reason)
            for member in members:
                if compact(member.text).text not in text:
                    change = Change("hypothesis", ({"part": part, "label": member.label, "text": member.text},))
                    reason = f"{part} names what the text does not"
                    yield _finding(example, "member_not_in_text", "error", member.text, reason, change)
        yield from _both_sides(example)


def _both_sides(example: Example) -> Iterator[Finding]:
    """Entities that are both changed and observed."""
    if example.hypothesis is None:
        return
    changed = {_folded(member) for member in example.hypothesis.interventions}
    for member in example.hypothesis.observations:
        if _folded(member) in changed:
            reason = "is an intervention and an observation"
            yield _finding(example, "entity_on_both_sides", "warning", member.text, reason)


def _folded(member: Member) -> tuple[str, str]:
    return member.label, " ".join(fold(member.text).split())


def _finding(
    example: Example, kind: str, severity: Severity, quote: str, reason: str, change: Change | None = None
) -> Finding:
    """A finding without offsets, or with those of the words where the text has them."""
    start = example.text.find(quote)
    first, last = (start, start + len(quote)) if start >= 0 else (None, None)
    return Finding(example.id, kind, severity, first, last, shortened(quote, QUOTED), "likely", reason, change)


CHECK = Hypotheses()
