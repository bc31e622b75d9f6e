"""The JSON values in an answer: which of them count, and those that are a little off repaired.

    Panels [A] and [B] … {"entities": [{"text": "p53", "label": "GENEPROD",}]}
           ^^^     ^^^ not of the right shape    ^ does not parse: repaired, and counted

Values with only space, commas or code fences between them are one answer (one object a line); where words stand
between, the last that has the right shape counts. A cut value is closed behind its last whole part.

Everything is found in one pass over the brackets; what parses is never looked into.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fewshot.formats.json.repair import Repairs
from fewshot.records import ProblemKind

_SPECIAL = re.compile(r'[{}\[\]"\\]')
_CLOSING = {"{": "}", "[": "]"}
_BETWEEN = re.compile(r"(?:[\s,;*\-]|[0-9]{1,3}[.)]|```[A-Za-z]{0,12})*+")
"""What may stand between two values of one answer: spaces, commas, fences, and how lists are marked."""

_DEEPEST = 8
"""How deep in other brackets an answer is looked for: ours has 3 levels."""

_DEEPEST_SEEN = 64
"""How deep brackets are told apart at all: an answer may be 100,000 of them."""

Shape = Callable[[Any], int]
"""How sure a value is an answer: 2 it is, 1 it may be an empty one, 0 it is not."""


@dataclass(slots=True)
class _Node:
    """A stretch between brackets. `end`: -1 if it is never closed."""

    opening: str
    start: int
    end: int = -1
    deep: int = 0
    children: list[_Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """A value that parsed, and where it stands."""

    value: Any
    rank: int
    start: int
    end: int
    problems: tuple[ProblemKind, ...] = ()


def load(answer: str, shape: Shape, problems: Counter[ProblemKind]) -> list[Any]:
    """The values that are the answer; none if there are none of the right shape."""
    runs = _runs(_values(answer, shape), answer)
    best = max((max(one.rank for one in run) for run in runs), default=0)
    chosen = next((run for run in reversed(runs) if max(one.rank for one in run) == best), []) if best else []
    if not chosen:
        problems["not_json"] += 1
    for kind in {kind for one in chosen for kind in one.problems}:
        problems[kind] += 1
    return [one.value for one in chosen if one.rank]


def _runs(values: Sequence[_Found], answer: str) -> list[list[_Found]]:
    """Values that belong together."""
    runs: list[list[_Found]] = []
    for one in values:
        if runs and _BETWEEN.fullmatch(answer, runs[-1][-1].end, one.start):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _values(answer: str, shape: Shape) -> list[_Found]:
    """Every value of the right shape, and others that parse. What does not parse, nor is repaired, is looked into."""
    values: list[_Found] = []
    repairs = Repairs()
    stack: list[tuple[_Node, tuple[ProblemKind, ...]]] = [(node, ()) for node in reversed(_tree(answer))]
    while stack:
        node, around = stack.pop()
        one, parses = _read(answer, node, shape, repairs, around)
        if one is not None:
            values.append(one)
        elif node.deep < _DEEPEST:
            problem: ProblemKind = "truncated" if node.end < 0 else "repaired_json"
            inside = around if parses else (*around, problem)
            stack += ((child, inside) for child in reversed(node.children))
    return values


def _read(
    answer: str, node: _Node, shape: Shape, repairs: Repairs, around: tuple[ProblemKind, ...]
) -> tuple[_Found | None, bool]:
    """The value of a stretch, as it is or repaired, if it has the right shape, or parses and holds no other; and
    whether it parses. `around`: what is wrong with the brackets that it stands in."""
    torn = node.end < 0
    end = len(answer) if torn else node.end
    text = _closed(answer, node) if torn else answer[node.start : end]
    if text is None:
        return None, False
    problems: tuple[ProblemKind, ...] = (*around, "truncated") if torn else around
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = repairs.repair(text)
        rank = shape(value)
        return (_Found(value, rank, node.start, end, (*problems, "repaired_json")) if rank else None), False
    rank = shape(value)
    if not rank and node.children:
        return None, True
    return _Found(value, rank, node.start, end, problems), True


def _closed(answer: str, node: _Node) -> str | None:
    """A cut value up to its last whole part, with all brackets closed; `None` if it has none."""
    start, end = node.start, -1
    closing: list[str] = []
    whole = ""
    while True:
        closing.append(_CLOSING[node.opening])
        for child in reversed(node.children):
            if child.end >= 0:
                end, whole = child.end, "".join(reversed(closing))
                break
        if not node.children or node.children[-1].end >= 0:
            return answer[start:end] + whole if whole else None
        node = node.children[-1]


def _tree(answer: str) -> list[_Node]:
    """The outermost stretches between brackets. A quotation mark begins a string inside brackets only."""
    roots: list[_Node] = []
    stack: list[_Node] = []
    deeper = 0
    for mark, at in _marks(answer):
        if mark in _CLOSING and (deeper or len(stack) == _DEEPEST_SEEN):
            deeper += 1
        elif deeper:
            deeper -= 1
        elif mark in _CLOSING:
            node = _Node(mark, at, deep=len(stack))
            (stack[-1].children if stack else roots).append(node)
            stack.append(node)
        elif stack and mark == _CLOSING[stack[-1].opening]:
            stack.pop().end = at + 1
    return roots


def _marks(answer: str) -> Iterator[tuple[str, int]]:
    """The brackets of an answer outside of strings, and where they stand."""
    deep = 0
    inside = False
    after = 0
    for match in _SPECIAL.finditer(answer):
        at, mark = match.start(), match[0]
        if at < after:
            continue
        if mark == "\\":
            after = at + 2
        elif mark == '"':
            inside = not inside and deep > 0
        elif not inside:
            deep += 1 if mark in _CLOSING else -(deep > 0)
            yield mark, at
