"""All tasks: texts that stand in the data twice, within a split and across splits; articles in two splits.

"fig-3" (test) and "fig-9" (train) have the same text      the score of fig-3 says nothing: a copy was learned from
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from fewshot.audit.checks import Check
from fewshot.audit.finding import Certainty, Change, Finding, Severity
from fewshot.audit.similarity import near, plain
from fewshot.records import Example
from fewshot.text.visible import shortened

_LEAST = 5
"""Words below which a text says nothing of its own: "Scale bar, 10 µm."."""
_QUOTED = 60
_SCORED_FIRST = ("test", "validation", "eval", "dev")
"""Splits that scores are read from: the copy that stands elsewhere is the one to leave out."""


class Copies(Check):
    """Copies of whole texts."""

    quick = False

    def across(self, examples: Sequence[Example], doubtful: Collection[str]) -> Iterator[Finding]:
        """Copies, near-copies, articles in two splits."""
        for alike in _alike(examples):  # figures with figures, panels with panels
            by_text: dict[str, list[Example]] = defaultdict(list)
            for example in alike:
                by_text[plain(example.text)].append(example)
            yield from _equal(by_text, doubtful)
            yield from _nearly_equal(by_text)
        yield from _articles(examples)


def _alike(examples: Sequence[Example]) -> Iterable[list[Example]]:
    """Figures apart from panels: a figure of one panel has the text of this panel, and is no copy."""
    figures = [example for example in examples if example.panels is not None]
    return figures, [example for example in examples if example.panels is None]


def _equal(by_text: Mapping[str, Sequence[Example]], doubtful: Collection[str]) -> Iterator[Finding]:
    for text, copies in by_text.items():
        if text.count(" ") < _LEAST - 1:
            continue
        first, *later = sorted(copies, key=lambda example: example.id in doubtful)  # stable: the earlier one is right
        for copy in later:
            yield _copy(copy, first)


def _nearly_equal(by_text: Mapping[str, Sequence[Example]]) -> Iterator[Finding]:
    """Of each text the nearest other one of a kind: texts from one template would be named in pairs without end."""
    texts, nearest = list(by_text), dict[tuple[str, str], Finding]()
    for later, earlier, share in near(texts):
        found = _near(by_text[texts[later]][0], by_text[texts[earlier]][0], share)
        known = nearest.get((found.id, found.kind))
        if known is None or share > (known.confidence or 0.0):
            nearest[found.id, found.kind] = found
    yield from nearest.values()


def _copy(copy: Example, first: Example) -> Finding:
    if copy.split != first.split:
        scored, other = _scored_first(copy, first)
        return _finding(scored, "duplicate_across_splits", "error", "likely", other, "has the same text", drop=other)
    if copy.panels is not None and copy.group == first.group:
        reason = "another figure of the article has this caption"
        return _finding(copy, "copied_caption", "error", "likely", first, reason)
    same = (copy.panels, copy.entities, copy.hypothesis) == (first.panels, first.entities, first.hypothesis)
    reason = "has the same text" + ("" if same else " and another gold")
    return _finding(copy, "duplicate", "warning", "likely", first, reason, drop=copy)


def _near(later: Example, earlier: Example, share: float) -> Finding:
    reason = f"shares {share:.0%} of its word triples"
    if later.split != earlier.split:
        scored, other = _scored_first(later, earlier)
        return _finding(scored, "near_duplicate_across_splits", "warning", "likely", other, reason, share, drop=other)
    return _finding(later, "near_duplicate", "note", "possible", earlier, reason, share)


def _scored_first(one: Example, other: Example) -> tuple[Example, Example]:
    """The example whose score suffers, and its copy."""

    def rank(example: Example) -> int:
        split = example.split or ""
        return _SCORED_FIRST.index(split) if split in _SCORED_FIRST else len(_SCORED_FIRST)

    return (one, other) if rank(one) <= rank(other) else (other, one)


def _finding(
    example: Example,
    kind: str,
    severity: Severity,
    certainty: Certainty,
    other: Example,
    reason: str,
    confidence: float | None = None,
    *,
    drop: Example | None = None,
) -> Finding:
    where = f" ({other.split})" if other.split else ""
    change = None if drop is None else Change("record", ({"id": drop.id},))
    quote = shortened(example.text, _QUOTED)
    return Finding(
        example.id, kind, severity, 0, len(example.text), quote, certainty, f"{other.id}{where} {reason}", change,
        confidence, other.id,
    )  # fmt: skip


def _articles(examples: Sequence[Example]) -> Iterator[Finding]:
    """Articles whose examples lie in several splits; each is named once, at its first example that is scored."""
    by_group: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        if example.split is not None and example.group != example.id:
            by_group[example.group].append(example)
    for group, members in by_group.items():
        splits = sorted({example.split for example in members if example.split is not None})
        if len(splits) > 1:
            scored = next((e for name in _SCORED_FIRST for e in members if e.split == name), members[0])
            reason = f"the article {group} is in {', '.join(splits)}"
            yield Finding(scored.id, "article_in_two_splits", "error", None, None, group, "certain", reason)


CHECK = Copies()
