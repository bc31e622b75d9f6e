"""Replaces names by invented ones, so that a model must recognise them by their form and context.

    >>> from random import Random
    >>> disguised_word("binimetinib", Random(1)), disguised_word("SNAP29", Random(1))
    ('eybieurtnib', 'EYBI28')

A model that is trained on a lexicon learns the lexicon: without disguise the tiny tagger had an F1 of .488 on the test
split's entities, with it .582 (docs/results.md). A letter becomes another letter of the same case, a digit another
digit, so that no offset changes; the ending of a long word stays, because endings tell a drug from a cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from fewshot.records import Example, Hypothesis, Member

_WORD = re.compile(r"[A-Za-z0-9]{3,}")
_NAMED, _OTHER = 0.6, 0.05
"""The share of words disguised, within entities and elsewhere: a strange word need not be a name. Judgements."""

_LONG, _ENDING = 6, 3  # a word of 6 letters or more keeps its last 3 ("-nib", "-ase"); judgements
_LOWER = "aaaabcdeeeeefghiiiiklmnooopqrstuuvwxyz"  # vowels more often, so that words can be spoken


def disguised(example: Example, random: Random) -> Example:
    """Returns a legend of the same length with the same annotations; a word is disguised everywhere or nowhere."""
    named = {word for span in example.entities or () for word in _WORD.findall(span.cut(example.text))}
    if example.hypothesis is not None:
        members = (member for _, role in example.hypothesis.roles() for member in role)
        named |= {word for member in members for word in _WORD.findall(member.text)}
    disguises: dict[str, str] = {}

    def disguise(match: re.Match[str]) -> str:
        word = match[0]
        if word not in disguises:
            change = random.random() < (_NAMED if word in named else _OTHER)
            disguises[word] = disguised_word(word, random) if change else word
        return disguises[word]

    text = _WORD.sub(disguise, example.text)
    return replace(example, text=text, hypothesis=_renamed(example.hypothesis, lambda t: _WORD.sub(disguise, t)))


def disguised_word(word: str, random: Random) -> str:
    """Returns a random word of the same shape."""
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
