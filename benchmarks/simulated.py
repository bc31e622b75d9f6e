"""Articles that were never written: counts of systems whose true score is known, for `benchmarks/coverage.py`.

An article has a log-normal number of gold units. How often a system is right in it is logit-normal: part of an
article's difficulty is shared by all systems, part is a system's own. Wrong spans are as frequent as missed ones, so
that the F1 of infinitely many articles is the mean of that probability. An exact accuracy has one trial a legend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from fewshot.metrics.formulas import Formula

Array = NDArray[Any]

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()

RARE = (0.35, 0.20, 0.15, 0.12, 0.09, 0.05, 0.03, 0.01)
"""Shares of eight labels: the last one occurs once in a hundred entities, in some articles often and in most never."""

_BURSTS = 8.0  # of the Dirichlet that draws an article's shares: small is bursty
_UNLIKE = 0.5  # logits by which the most frequent label is easier, and the rarest harder, than the mean


@dataclass(frozen=True)
class World:
    """What articles and scores are like.

    Attributes:
        name: For the table.
        score: `f1`, `macro` (of eight labels) or `accuracy`.
        units: Median of gold entities (of legends) an article.
        sizes: Standard deviation of their logarithm (.60 among the articles of the bundled corpus).
        difficulty: Standard deviation of the logit.
    """

    name: str
    score: str = "f1"
    units: int = 40
    sizes: float = 0.6
    difficulty: float = 0.7

    @property
    def formula(self) -> Formula:
        """The score, over measures of its own."""
        if self.score == "macro":
            return Formula("f1", tuple(f"label/{n}" for n in range(len(RARE))), "mean")
        return Formula("recall" if self.score == "accuracy" else "f1", (self.score,))

    def systems(
        self, chance: np.random.Generator, shape: tuple[int, int], true: Sequence[float], own: Sequence[float] = (0.0,)
    ) -> list[Array]:
        """Draws systems that answer the same articles.

        Args:
            chance: The generator.
            shape: Data sets, articles.
            true: The score of each system on infinitely many articles.
            own: The standard deviation of each system's own difficulty (repeated if there are fewer).

        Returns:
            For each system its counts, shape (data sets, 1, articles, measures, 3).
        """
        gold = self._gold(chance, shape)
        shared = self.difficulty * chance.standard_normal((*shape, 1))
        drawn = []
        for number, score in enumerate(true):
            deviation = own[number % len(own)]
            logit = self._centre(score, float(np.hypot(self.difficulty, deviation))) + self._offsets() + shared
            right = expit(logit + deviation * chance.standard_normal((*shape, 1)))
            hits = chance.binomial(gold, right)
            predicted = gold if self.score == "accuracy" else hits + chance.poisson(gold * (1.0 - right))
            drawn.append(np.stack([hits, predicted, gold], axis=-1)[:, None])
        return drawn

    def _gold(self, chance: np.random.Generator, shape: tuple[int, int]) -> Array:
        size = np.rint(self.units * np.exp(self.sizes * chance.standard_normal(shape))).astype(np.int64)
        size = np.maximum(1, size)
        if self.score != "macro":
            return np.expand_dims(size, -1)
        shares = chance.gamma(_BURSTS * np.array(RARE), size=(*shape, len(RARE)))
        drawn: Array = chance.multinomial(size, shares / shares.sum(-1, keepdims=True))
        return drawn

    def _offsets(self) -> Array:
        offsets: Array = np.linspace(_UNLIKE, -_UNLIKE, len(RARE)) if self.score == "macro" else np.zeros(1)
        return offsets

    def _centre(self, score: float, deviation: float) -> float:
        """Returns the logit at which the mean score over articles (and labels) is as asked for."""

        def excess(centre: float) -> float:
            right: Array = expit(centre + self._offsets()[:, None] + deviation * _NODES)
            return float((right * _WEIGHTS).sum(-1).mean() - score)

        return float(brentq(excess, -12.0, 15.0))
