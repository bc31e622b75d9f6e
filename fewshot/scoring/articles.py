"""A score, taken apart: by label, and by article with what it would be without each.

10.1000/x   .81   without it .74      the article that lifts the score most
10.1000/y   .52   without it .79
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from fewshot.scoring.intervals import Interval, interval
from fewshot.scoring.jackknife import left_out
from fewshot.scoring.tallies import Tallies


@dataclass(frozen=True, slots=True)
class ArticleScore:
    """The score of one article, and that of all others together; `None` where it has nothing to count."""

    group: str
    score: float | None
    without: float | None


@dataclass(frozen=True, slots=True)
class ByArticle:
    """A score by article, in the order of the data. `low`, `high`: the range of the score if one article is left out:
    what a single article decides. It is no interval."""

    score: float
    articles: tuple[ArticleScore, ...]
    low: float | None
    high: float | None

    def to_json(self) -> dict[str, Any]:
        """The scores as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LabelScore:
    """Precision, recall and F1 of one label (or role), with the gold that there is of it and the interval of F1.
    `name`: the dotted name of its scores, `strict.label.GENEPROD`."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    interval: Interval

    def to_json(self) -> dict[str, Any]:
        """The scores as JSON."""
        return asdict(self)


def by_article(tallies: Tallies, score: str) -> ByArticle:
    """Returns a score by article.

    Raises:
        InputError: there is no such score.
    """
    formula = tallies.formula(score)
    counts = tallies.of(formula)
    each = formula.over(counts)
    rest = left_out(formula, counts[None])
    rows = tuple(
        ArticleScore(group, float(own), float(without)) if counted else ArticleScore(group, None, None)
        for group, own, without, counted in zip(tallies.groups, each, rest.without, rest.informative, strict=True)
    )
    left = [row.without for row in rows if row.without is not None]
    return ByArticle(float(rest.score), rows, min(left, default=None), max(left, default=None))


def by_label(tallies: Tallies) -> tuple[LabelScore, ...]:
    """Returns the scores of each label that has scores of its own, in the order of `scores.json`."""
    scores = tallies.scores()
    ending = ".support"
    names = [name.removesuffix(ending) for name in scores if name.endswith(ending)]
    return tuple(
        LabelScore(
            name=name,
            precision=scores[f"{name}.precision"],
            recall=scores[f"{name}.recall"],
            f1=scores[f"{name}.f1"],
            support=int(scores[name + ending]),
            interval=interval(tallies, f"{name}.f1"),
        )
        for name in names
    )
