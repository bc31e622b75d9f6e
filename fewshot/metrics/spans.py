"""Span scores of entities: strict, relaxed, boundary, names, and whole examples.

Gold `[0,3) GENEPROD`, predicted `[0,5) GENEPROD`: no strict hit (another end), no boundary hit, a relaxed one.

    strict     same start, end and label (on token data equal to seqeval's strict IOB2)
    boundary   same start and end, whatever the label
    relaxed    overlapping, with the same label; each span counts once: recall is the share of gold spans that
               some predicted span overlaps, precision the share of predicted spans that overlap some gold span
    names      the set of distinct (folded surface, label) of each text, regardless of where and how often each
               occurs; published results of language models are often of this kind
    exact      the whole example: the same set of spans
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from fewshot.metrics import Counts, Tally, add
from fewshot.metrics.formulas import Formula, accuracy, by_label, evaluated, macro, prf, sides
from fewshot.records import Span
from fewshot.text.alignment import fold
from fewshot.text.spans import overlaps


def tally(gold: Sequence[Span], predicted: Sequence[Span], *, roles: bool = False, text: str | None = None) -> Tally:
    """Returns the counts of one example. A span that is predicted twice counts once.

    Args:
        gold: The gold spans.
        predicted: The predicted spans.
        roles: Whether the role must match too.
        text: The text of the example; without it, names are not counted.

    >>> text = "p53 and P53"
    >>> tally([Span(0, 3, "GENEPROD"), Span(8, 11, "GENEPROD")], [Span(8, 11, "GENEPROD")], text=text)["names"]
    (1, 1, 1)
    """
    ours = {(s.start, s.end, s.label, s.role if roles else None) for s in gold}
    theirs = {(s.start, s.end, s.label, s.role if roles else None) for s in predicted}
    hits = ours & theirs
    counts: dict[str, list[int]] = {}
    for column, spans in ((0, hits), (1, theirs), (2, ours)):
        for _, _, label, role in spans:
            counts.setdefault(f"label/{label}", [0, 0, 0])[column] += 1
            if roles:
                counts.setdefault(f"role/{role}", [0, 0, 0])[column] += 1
    edges_ours, edges_theirs = {key[:2] for key in ours}, {key[:2] for key in theirs}
    found_gold, found_predicted = _overlapping(ours, theirs)
    return {
        "strict": (len(hits), len(theirs), len(ours)),
        "boundary": (len(edges_ours & edges_theirs), len(edges_theirs), len(edges_ours)),
        **({} if text is None else {"names": _names_tally(ours, theirs, text)}),
        "relaxed/gold": (found_gold, 0, len(ours)),
        "relaxed/predicted": (found_predicted, len(theirs), 0),
        "exact": (int(ours == theirs), 1, 1),
        **{name: (c[0], c[1], c[2]) for name, c in counts.items()},
    }


def formulas(labels: Sequence[str], *, names: bool = True) -> dict[str, Formula]:
    """Returns all scores of entities, in a fixed order; `names`: whether the tallies count names."""
    return {
        **prf("strict.micro", "strict"),
        **macro("strict.macro", (f"label/{label}" for label in labels)),
        **sides("relaxed.micro", gold="relaxed/gold", predicted="relaxed/predicted"),
        **prf("boundary.micro", "boundary"),
        **(prf("names.micro", "names") if names else {}),
        **accuracy("exact", "exact"),
        **by_label("strict", "label", labels),
    }


def role_formulas(roles: Sequence[str], labels: Sequence[str]) -> dict[str, Formula]:
    """Returns all scores of roles, in a fixed order: a hit has the same span, label and role."""
    return {
        **prf("strict.micro", "strict"),
        **macro("strict.macro", (f"role/{role}" for role in roles)),
        **accuracy("exact", "exact"),
        **by_label("strict", "role", roles),
        **by_label("strict", "label", labels),
    }


def scores(tallies: Sequence[Tally], labels: Sequence[str]) -> dict[str, float]:
    """Returns all scores of entities, unrounded, in a fixed order."""
    total = add(tallies)
    return evaluated(formulas(labels, names="names" in total), total)


def role_scores(tallies: Sequence[Tally], roles: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """Returns all scores of roles: a hit has the same span, label and role."""
    return evaluated(role_formulas(roles, labels), add(tallies))


_Key = tuple[int, int, str, str | None]


def _names_tally(ours: set[_Key], theirs: set[_Key], text: str) -> Counts:
    gold = _names(ours, text)
    predicted = gold if ours == theirs else _names(theirs, text)
    return len(gold & predicted), len(predicted), len(gold)


def _names(spans: set[_Key], text: str) -> set[tuple[str, str]]:
    """Returns the distinct (surface, label); case, dashes, quotes, compatibility characters and spacing are folded."""
    return {(_folded(surface), label) for surface, label in {(text[s[0] : s[1]], s[2]) for s in spans}}


@lru_cache(maxsize=1 << 16)
def _folded(surface: str) -> str:
    return " ".join(fold(surface).split())


def _overlapping(ours: set[_Key], theirs: set[_Key]) -> tuple[int, int]:
    """Returns the number of gold spans that overlap a predicted span of the same label, and vice versa."""
    if ours == theirs:
        return len(ours), len(theirs)
    return _touched(ours, theirs), _touched(theirs, ours)


def _touched(spans: set[_Key], others: set[_Key]) -> int:
    by_label: dict[tuple[str, str | None], list[tuple[int, int]]] = {}
    for start, end, label, role in others:
        by_label.setdefault((label, role), []).append((start, end))
    return sum(overlaps(start, end, by_label.get((label, role), ())) for start, end, label, role in spans)
