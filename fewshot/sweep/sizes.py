"""How many labelled examples a training is given: numbers, or shares of what there is.

>>> sizes(["1%", "10%", "50", "100%"], of=456)
(5, 46, 50, 456)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from math import ceil

from fewshot.errors import InputError

_SIZE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?%?|\.[0-9]{1,12}%?")

USUAL = ("1%", "2.5%", "5%", "10%", "25%", "50%", "100%")
"""The grid of shares that the SourceData language models were measured on."""


def sizes(words: Iterable[str], *, of: int) -> tuple[int, ...]:
    """Returns numbers in ascending order, each once; a share is rounded up, so that it is at least one example.

    Args:
        words: `50`, `2.5%`.
        of: The labelled examples that there are.

    Raises:
        InputError: neither a number nor a share, none, or more than there are.
    """
    found = tuple(sorted({_size(word.strip(), of) for word in words}))
    if not found:
        raise InputError("--train-sizes names none", hint="like 10,50,25%,100%")
    return found


def _size(word: str, of: int) -> int:
    number = Fraction(word.removesuffix("%")) if _SIZE.fullmatch(word) else None
    if number is None:
        raise InputError(f"--train-sizes: {word[:40]!r} is neither a number nor a share", hint="like 10,50,25%,100%")
    count = Fraction(of) * number / 100 if word.endswith("%") else number
    if not word.endswith("%") and count.denominator != 1:
        raise InputError(f"--train-sizes: {word} examples", hint="a share ends in %")
    if not 0 < count <= of:
        raise InputError(f"--train-sizes {word}: there are {of:,} labelled examples to learn from")
    return ceil(count)
