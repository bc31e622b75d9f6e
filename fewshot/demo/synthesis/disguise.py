"""Legends whose names nobody can know: what they are must be told from how they are built and what stands around.

    >>> from random import Random
    >>> disguised_word("binimetinib", Random(1)), disguised_word("SNAP29", Random(1))
    ('eybieurtnib', 'EYBI28')

A model that is trained on a lexicon alone learns the lexicon. Letters become other letters of the same case and digits
other digits, so that no offset changes; the ending of a long word stays, since endings tell a drug from a cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from fewshot.records import Example, Hypothesis, Member

_WORD = re.compile(r"[A-Za-z0-9]{3,}")
_NAMED, _OTHER = 0.6, 0.05
"""How many of the words of entities are disguised, and of all others: what is strange need not be a name."""

_LONG, _ENDING = 6, 3
_LOWER = "aaaabcdeeeeefghiiiiklmnooopqrstuuvwxyz"


def disguised(example: Example, random: Random) -> Example:
    """The same legend, of the same length, with the same annotations; a word is disguised everywhere or nowhere."""
    named = {word for span in example.entities or () for word in _WORD.findall(span.cut(example.text))}
    if example.hypothesis is not None:
        members = (member for _, role in example.hypothesis.roles() for member in role)
        named |= {word for member in members for word in _WORD.findall(member.text)}
    made: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        word = found[0]
        if word not in made:
            change = random.random() < (_NAMED if word in named else _OTHER)
            made[word] = disguised_word(word, random) if change else word
        return made[word]

    text = _WORD.sub(other, example.text)
    return replace(example, text=text, hypothesis=_renamed(example.hypothesis, lambda t: _WORD.sub(other, t)))


def disguised_word(word: str, random: Random) -> str:
    """A word of the same shape."""
    kept = _ENDING if len(word) >= _LONG and word[1:].islower() else 0
    first = word[: len(word) - kept]
    return "".join(_like(char, random) for char in first) + word[len(first) :]


def _like(char: str, random: Random) -> str:
    if char.isdigit():
        return str(random.randint(1, 9))
    letter = random.choice(_LOWER)
    return letter.upper() if char.isupper() else letter


def _renamed(hypothesis: Hypothesis | None, rename: Callable[[str], str]) -> Hypothesis | None:
    if hypothesis is None:
        return None
    roles = {
        role: tuple(Member(member.label, rename(member.text)) for member in members)
        for role, members in hypothesis.roles()
    }
    return Hypothesis(**roles)
