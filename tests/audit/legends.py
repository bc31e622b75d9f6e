"""Legends for tests of the audit: a bar marks where a gold panel begins."""

from __future__ import annotations

from collections.abc import Sequence

from fewshot.audit import audit
from fewshot.audit.finding import Finding
from fewshot.records import PANEL, Example, Span
from fewshot.text.legend import leading_letters

SIX = (
    "|(A) Images of ZW10 in cells. Insets display the outlined regions. |(B) Graph represents the percentage of cells"
    " (n≥35 cells for each condition). |(C) Graph represents the level of ZW10. Data information: p values: ****,"
    " &lt;0.0001. Scale bar: 5 μm. |(D) Images of attachments (E - end on; L - lateral). |(E) Graph represents the"
    " attachments, as shown in D. Data information: Scale bar: 5 μm. |(F) Proposed model."
)
"""A legend of six panels, after the one of the study."""


def marked(text: str, letters: str | None = None, *, inline: str | None = None, id: str = "fig") -> Example:
    """An example whose panels begin at the bars of a text, and end before the next one.

    `letters`: of gold, a word a panel ("AB C"; "-": none); if not given, those that the panels open with.
    """
    pieces = text.split("|")
    plain, spans = pieces[0], []
    given = letters.split() if letters is not None else [None] * (len(pieces) - 1)
    for piece, own in zip(pieces[1:], given, strict=True):
        labels = leading_letters(piece) if own is None else tuple(own.strip("-"))
        spans.append(Span(len(plain), len(plain) + len(piece.rstrip()), PANEL, labels))
        plain += piece
    return Example(id, "article", plain, panels=tuple(spans), inline_labels=None if inline is None else tuple(inline))


def findings(examples: Example | Sequence[Example], task: str | None = "panelization") -> list[Finding]:
    """All findings."""
    return audit([examples] if isinstance(examples, Example) else examples, task)


def kinds(
    examples: Example | Sequence[Example], task: str | None = "panelization", *, notes: bool = False
) -> list[str]:
    """The kinds of the findings; without `notes`, of those that touch scores."""
    return [finding.kind for finding in findings(examples, task) if notes or finding.severity != "note"]
