"""Sentence templates by their place in a legend, and how one is read.

    {gene1!}       a slot: kind, number in the cast, `!` changed on purpose, `?` measured, nothing: neither
    {Assay:blot}   the family `blot` of that kind; a capital makes the first letter a capital
    [a|b|]         one of these, or nothing

>>> [piece.name for piece in read("{gene1!} binds {gene2?}.") if isinstance(piece, Slot)]
['gene1', 'gene2']
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from fewshot.files import CORPUS

_SLOT = re.compile(r"\{(?P<name>(?P<kind>[A-Za-z]+?)\d?)(?::(?P<family>[a-z]+))?(?P<mark>[!?]?)\}")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a word. `name` tells two words of one kind apart; `capital`: it opens a sentence."""

    name: str
    kind: str
    family: str
    mark: str
    capital: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with slots. `id`: set, place and name, `heldout/panel.blot/extracts`."""

    id: str
    text: str

    def slots(self) -> list[Slot]:
        """Its slots, whatever is chosen."""
        return [piece for piece in read(self.text) if isinstance(piece, Slot)]

    def chosen(self, random: Random) -> str:
        """The sentence with one alternative of each choice."""
        return _CHOICE.sub(lambda found: random.choice(found[1].split("|")), self.text)


Sentences = Mapping[str, tuple[Template, ...]]
"""Templates by place: `panel.blot`, `note.any`, `title`, …"""


@cache
def load(name: str) -> Sentences:
    """`templates` (open) or `heldout_templates` (of the bundled test split alone)."""
    table = tomllib.loads((CORPUS / f"{name}.toml").read_text("utf-8"))
    set_ = "heldout" if name.startswith("heldout") else "open"
    return {
        place: tuple(Template(f"{set_}/{place}/{key}", text) for key, text in found.items())
        for place, found in _places(table)
    }


def _places(table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, found in table.items():
        if all(isinstance(value, str) for value in found.values()):
            yield name, found
        else:
            yield from ((f"{name}.{inner}", row) for inner, row in found.items())


def read(text: str) -> Iterator[str | Slot]:
    """The pieces of a sentence whose choices are made."""
    last = 0
    for found in _SLOT.finditer(text):
        if found.start() > last:
            yield text[last : found.start()]
        last = found.end()
        name, kind = found["name"], found["kind"]
        opens = name[0].isupper() and len(name) > 1
        if opens:
            name, kind = name[0].lower() + name[1:], kind[0].lower() + kind[1:]
        opens = opens or not text[: found.start()].strip() or text[: found.start()].endswith((". ", ": "))
        yield Slot(name, kind, found["family"] or "any", found["mark"], opens)
    if last < len(text):
        yield text[last:]
