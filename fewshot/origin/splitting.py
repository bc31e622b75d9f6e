"""Train, validation and test by whole articles, with each label's share in each of them as near as can be.

Groups are placed one after the other, the largest first, each where what it holds is needed most: the sum over its
labels of the share that the split still lacks, in which a rare label counts as much as a common one. This is the greedy
idea of iterative stratification (Sechidis et al. 2011, doi 10.1007/978-3-642-23808-6_10) for groups.

>>> examples = [Example(f"{n}", f"article {n // 2}", "p53", entities=(Span(0, 3, "GENE"),)) for n in range(20)]
>>> found = split_by(examples, (0.8, 0.1, 0.1), seed=1)
>>> [found.count(name) for name in NAMES]
[16, 2, 2]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from math import isclose
from random import Random

from fewshot.errors import InputError
from fewshot.records import Example, Span

NAMES = ("train", "validation", "test")
Fractions = tuple[float, float, float]
"""Of train, validation and test; they sum to 1."""
USUAL: Fractions = (0.8, 0.1, 0.1)
_EXAMPLES = ("examples", "")
"""What every group holds, beside its labels: how large a split is counts as a label does."""


def group_of(example: Example) -> str:
    """The article."""
    return example.group


def split_by(
    examples: Sequence[Example],
    fractions: Fractions,
    *,
    seed: int,
    by: Callable[[Example], str] = group_of,
) -> list[str]:
    """The split of each example. `by`: what must not lie in two of them.

    Raises:
        InputError: fractions that are no shares of one; fewer groups than splits.
    """
    check(fractions)
    held: dict[str, Counter[tuple[str, str]]] = {}
    for example in examples:
        held.setdefault(by(example), Counter()).update([_EXAMPLES, *labels_of(example)])
    wanted = sum(fraction > 0 for fraction in fractions)
    if len(held) < wanted:
        raise InputError(f"{len(held)} articles cannot fill {wanted} splits", hint="see --by, or give a fraction of 0")
    place = _placed(held, fractions, seed)
    return [place[by(example)] for example in examples]


def check(fractions: Sequence[float]) -> None:
    """Refuses what is no shares of one.

    Raises:
        InputError: a share below 0, or a sum that is not 1.
    """
    if any(not 0 <= fraction <= 1 for fraction in fractions) or not isclose(sum(fractions), 1, abs_tol=1e-6):
        said = " ".join(f"{fraction:g}" for fraction in fractions)
        raise InputError(f"fractions {said} do not sum to 1", hint="train, validation and test, as 0.8 0.1 0.1")


def labels_of(example: Example) -> list[tuple[str, str]]:
    """Everything that an example is labelled with, by kind and label; each mention counts."""
    spans: dict[str, Sequence[Span]] = {"panels": example.panels or (), "entities": example.entities or ()}
    found = [(kind, span.label) for kind, several in spans.items() for span in several]
    found += [("roles", span.role) for span in example.entities or () if span.role]
    if example.hypothesis is not None:
        found += [(role, one.label) for role, members in example.hypothesis.roles() for one in members]
    return found


def _placed(held: dict[str, Counter[tuple[str, str]]], fractions: Fractions, seed: int) -> dict[str, str]:
    """The split of each group."""
    total: Counter[tuple[str, str]] = Counter()
    for counts in held.values():
        total.update(counts)
    groups = sorted(held)
    Random(f"splits {seed}").shuffle(groups)
    groups.sort(key=lambda group: -sum(held[group].values()))
    splits = [(name, fraction) for name, fraction in zip(NAMES, fractions, strict=True) if fraction > 0]
    has = {name: Counter[tuple[str, str]]() for name, _ in splits}
    place: dict[str, str] = {}
    empty = {name for name, _ in splits}
    for left, group in zip(range(len(groups), 0, -1), groups, strict=True):
        open_to = [split for split in splits if len(empty) < left or split[0] in empty]
        name = max(open_to, key=lambda split: (_need(held[group], has[split[0]], total, split[1]), split[1]))[0]
        place[group] = name
        has[name].update(held[group])
        empty.discard(name)
    return place


def _need(
    holds: Counter[tuple[str, str]], has: Counter[tuple[str, str]], total: Counter[tuple[str, str]], fraction: float
) -> float:
    """How much of what a group holds a split still lacks, relative to its fraction."""
    return sum(count / total[one] * (1 - has[one] / total[one] / fraction) for one, count in holds.items())
