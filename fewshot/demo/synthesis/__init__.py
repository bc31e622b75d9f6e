"""Synthetic figure legends of invented papers, annotated for every task: the bundled corpus, and as many more as
training and load tests want.

    >>> first, *_ = generate(1, seed=7)
    >>> first.panels is not None and first.entities is not None
    True

They show the mechanics and are no evidence. The generator is seeded; the same numbers give the same bytes.
"""

from fewshot.demo.synthesis.figures import bundled, generate

__all__ = ["bundled", "generate"]
