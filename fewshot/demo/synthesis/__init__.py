"""Synthetic figure legends of invented papers, annotated for every task: the bundled corpus, and more on demand.

    >>> first, *_ = generate(1, seed=7)
    >>> first.panels is not None and first.entities is not None
    True

They show the mechanics and are not evidence for anything. The generator is seeded: the same arguments give the same
bytes, so that a change of a random draw anywhere in this package changes the bundled corpus (a test compares it).
"""

from fewshot.demo.synthesis.figures import bundled, generate

__all__ = ["bundled", "generate"]
