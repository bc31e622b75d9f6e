"""A score as a formula over counts: which measures it takes, and what it makes of them.

`strict.micro.f1` is the F1 of the measure `strict`, `strict.macro.f1` the mean of the F1 of every `label/…` that has
gold. A formula gives the score of one total (`of`, plain Python, the last digit as seqeval has it) and of arrays of
totals (`over`, numpy), so that the intervals of a score and the score itself cannot disagree about what it is.

>>> formula = prf("strict.micro", "strict")["strict.micro.f1"]
>>> formula.of({"strict": (1, 2, 2)})
0.5
>>> import numpy
>>> formula.over(numpy.array([[[1, 2, 2]], [[2, 2, 2]]]))
array([0.5, 1. ])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from fewshot.metrics import NO_COUNTS, Counts, pairwise_sum, ratios

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

Ratio: TypeAlias = Literal["precision", "recall", "f1"]
RATIOS: tuple[Ratio, ...] = ("precision", "recall", "f1")

Column: TypeAlias = Literal["hits", "predicted", "gold"]
_COLUMNS: tuple[Column, ...] = ("hits", "predicted", "gold")

Shape: TypeAlias = Literal["one", "mean", "sides"]
"""`one`: of one measure; `mean`: the mean over those measures that have gold; `sides`: of two measures, recall of the
first and precision of the second."""


@dataclass(frozen=True, slots=True)
class Formula:
    """How a score is made of counts. `ratio`: what it is, a `Column` for a plain count; `measures`: of what."""

    ratio: Ratio | Column
    measures: tuple[str, ...]
    shape: Shape = "one"

    @property
    def is_count(self) -> bool:
        """Whether the "score" is a count (support, neutral letters), which has no error."""
        return self.ratio in _COLUMNS

    def of(self, total: Mapping[str, Counts]) -> float:
        """Returns the score of summed counts; 0/0 is 0, a measure that never occurs has no counts."""
        counts = [total.get(measure, NO_COUNTS) for measure in self.measures]
        if self.is_count:
            return float(counts[0][_COLUMNS.index(self.ratio)])
        at = RATIOS.index(self.ratio)
        if self.shape == "one":
            return ratios(counts[0])[at]
        if self.shape == "mean":
            each = [ratios(count)[at] for count in counts if count[2]]
            return pairwise_sum(each) / len(each) if each else 0.0
        (found, _, gold), (right, predicted, _) = counts
        precision, recall = right / predicted if predicted else 0.0, found / gold if gold else 0.0
        both = precision + recall
        return (precision, recall, 2.0 * precision * recall / both if both else 0.0)[at]

    def over(self, counts: Array) -> NDArray[np.float64]:
        """Returns the scores of many totals at once.

        Args:
            counts: Hits, predicted and gold of this formula's measures in their order, shape (…, measures, 3).

        Returns:
            The scores, shape (…).
        """
        parts = self.parts(counts)
        if self.shape != "mean":
            return parts[..., 0]
        present = counts[..., 2] > 0
        return _divided((parts * present).sum(-1), present.sum(-1))

    def parts(self, counts: Array) -> NDArray[np.float64]:
        """Returns what a score is the mean of: the score of each measure, or of one, shape (…, parts)."""
        hits, predicted, gold = (counts[..., column].astype(float) for column in range(3))
        if self.is_count:
            return (hits, predicted, gold)[_COLUMNS.index(self.ratio)][..., :1]
        if self.shape == "sides":
            return _ratio(self.ratio, (hits[..., :1], hits[..., 1:]), predicted[..., 1:], gold[..., :1])
        return _ratio(self.ratio, (hits, hits), predicted, gold)

    def units(self, counts: Array) -> NDArray[np.float64]:
        """Returns the number n of units that each part is a share of, shape (…, parts): 2TP + FP + FN for F1, predicted
        for precision, gold for recall and accuracies. `counts` as for `over`."""
        predicted, gold = counts[..., 1].astype(float), counts[..., 2].astype(float)
        each = predicted + gold if self.ratio == "f1" else predicted if self.ratio == "precision" else gold
        return each if self.shape == "mean" else each.sum(-1, keepdims=True)


def _ratio(ratio: Ratio | Column, hits: tuple[Array, Array], predicted: Array, gold: Array) -> NDArray[np.float64]:
    """`hits`: those that recall counts, and those that precision counts."""
    found, right = hits
    if ratio == "recall":
        return _divided(found, gold)
    precision = _divided(right, predicted)
    if ratio == "precision":
        return precision
    recall = _divided(found, gold)
    return _divided(2.0 * precision * recall, precision + recall)


def _divided(above: Array, below: Array) -> NDArray[np.float64]:
    import numpy as np

    return np.divide(above, below, out=np.zeros(np.shape(above)), where=np.asarray(below) != 0)


def prf(name: str, measure: str) -> dict[str, Formula]:
    """Returns precision, recall and F1 of a measure under dotted names."""
    return {f"{name}.{ratio}": Formula(ratio, (measure,)) for ratio in RATIOS}


def macro(name: str, measures: Iterable[str]) -> dict[str, Formula]:
    """Returns the mean of each ratio over the measures that have gold, in alphabetical order, as seqeval adds them."""
    ordered = tuple(sorted(set(measures)))
    return {f"{name}.{ratio}": Formula(ratio, ordered, "mean") for ratio in RATIOS}


def sides(name: str, gold: str, predicted: str) -> dict[str, Formula]:
    """Returns recall of one measure, precision of another, and F1 of both."""
    return {f"{name}.{ratio}": Formula(ratio, (gold, predicted), "sides") for ratio in RATIOS}


def accuracy(name: str, measure: str) -> dict[str, Formula]:
    """Returns the share of examples that are exactly right; the tally of each is (1 or 0, 1, 1)."""
    return {f"{name}.accuracy": Formula("recall", (measure,))}


def by_label(name: str, kind: str, labels: Sequence[str]) -> dict[str, Formula]:
    """Returns precision, recall, F1 and support of the measures `kind/label`, as `name.kind.label.…`."""
    found: dict[str, Formula] = {}
    for label in labels:
        own = f"{name}.{kind}.{label}"
        found |= prf(own, f"{kind}/{label}") | {f"{own}.support": Formula("gold", (f"{kind}/{label}",))}
    return found


def evaluated(formulas: Mapping[str, Formula], total: Mapping[str, Counts]) -> dict[str, float]:
    """Returns the scores of summed counts, by dotted name, in the order of the formulas."""
    return {name: formula.of(total) for name, formula in formulas.items()}
