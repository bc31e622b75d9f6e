"""Letters that a sentence lists as it goes: one sentence, several panels, and gold names the first alone.

    gold A: "(A) Cells transfected with X (B) or Y (C) were tested."        B and C are panels of this sentence

Nothing tells where such panels begin, so nothing is cut: the change gives the letters to the panel, for review.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from fewshot.audit.checks.panels.gold import Gold, as_json, code
from fewshot.audit.finding import Change, Finding, at
from fewshot.text.legend import Label, leading_label

_PARENTHESIS = re.compile(r"[(\[](?=\s?[A-Za-z](?![A-Za-z]{2}))")
_REFERENCE = re.compile(
    r"(?:\b(?:in|as|from|see|of|to|for|than|with|panels?|figs?\.?|figures?|shown|described|compare|cf\.?)|[-–—/])\s*$",
    re.IGNORECASE,
)
_NEAR = 12
_WORDS = 4
"""Words before a parenthesis whose first letters it may abbreviate: "pellet fraction (P)"."""


def find(gold: Gold, number: int, explained: Collection[str]) -> Finding | None:
    """The finding that a sentence of a panel lists panels that gold lacks. `explained`: letters found elsewhere."""
    low, high = gold.between(number)
    if gold.label(number) is None:  # "… in COS7 (A) and HEK293 cells (B)": its own letter may be the second one
        low = gold.between(number - 1)[0]
    taken = gold.held | gold.inline | set(explained)
    last, found = low, []
    for label in _mentions(gold, number):
        letters = [letter for letter in map(str.upper, label.labels) if letter not in taken]
        if not letters or code(letters[0]) <= last or code(letters[-1]) >= high:
            continue
        if gold.unexplained(last, code(letters[0])) or _skips(gold, last, code(letters[0]), taken):
            continue
        found.append((label, letters))
        last = code(letters[-1])
    every = [letter for _, letters in found for letter in letters]
    if not every or (len(every) == 1 and _abbreviates(gold, found[0][0])):
        return None
    panel = gold.panels[number]
    labels = None if panel.labels is None else (*panel.labels, *gold.as_written(tuple(every)))
    return at(
        gold.example, "enumerated_in_sentence", "warning", found[0][0].start, found[-1][0].end, "possible",
        f"the sentence lists {', '.join(every)}, which gold lacks",
        Change("panels", (as_json(panel),), (as_json(replace(panel, labels=labels)),)) if labels else None,
    )  # fmt: skip


def _skips(gold: Gold, last: int, first: int, taken: Collection[str]) -> bool:
    """Whether letters between two codes are neither held nor found elsewhere."""
    return any(letter not in taken for letter in map(chr, range(last + 1, first)))


def _mentions(gold: Gold, number: int) -> Iterator[Label]:
    """The letters alone in parentheses within a panel, behind its own label: "(B)", "(B, C)". "(B, lower panel)" and
    "in (B)" refer to a panel."""
    panel, printed = gold.panels[number], gold.printed[number]
    start = panel.start if printed is None else printed.end
    for sign in _PARENTHESIS.finditer(gold.text, start, panel.end):
        label = leading_label(gold.text, sign.start())
        if label is None or label.style != "in" or label.end > panel.end or not gold.is_in_its_style(label):
            continue
        if not _REFERENCE.search(gold.text[max(panel.start, sign.start() - _NEAR) : sign.start()]):
            yield label


def _abbreviates(gold: Gold, label: Label) -> bool:
    """Whether a single letter stands for one of the words before it: "control (C)"."""
    words = re.findall(r"\w+", gold.text[max(0, label.start - 60) : label.start])[-_WORDS:]
    return any(word[:1].upper() == label.labels[0].upper() for word in words)
