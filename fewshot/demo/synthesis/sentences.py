"""Sentence templates by section of a legend, and how a template is read.

    {gene1!}       a slot: kind, number in the cast, `!` changed on purpose, `?` measured, no mark: neither
    {Assay:blot}   the family `blot` of a kind; a capital makes the first letter a capital
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
    """A gap for a word. `name` tells two words of one kind apart; `capital`: the word opens a sentence."""

    name: str
    kind: str
    family: str
    mark: str
    capital: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with slots. `id`: set, section and name, `heldout/panel.blot/extracts`."""

    id: str
    text: str

    def slots(self) -> list[Slot]:
        """Returns the slots of all alternatives."""
        return [piece for piece in read(self.text) if isinstance(piece, Slot)]

    def chosen(self, random: Random) -> str:
        """Returns the sentence with one alternative of each choice."""
        return _CHOICE.sub(lambda match: random.choice(match[1].split("|")), self.text)


Sentences = Mapping[str, tuple[Template, ...]]
"""Templates by section: `panel.blot`, `note.any`, `title`, …"""


@cache
def load(name: str) -> Sentences:
    """Loads templates: `templates` (for everything) or `heldout_templates` (for the bundled test split only)."""
    table = tomllib.loads((CORPUS / f"{name}.toml").read_text("utf-8"))
    set_ = "heldout" if name.startswith("heldout") else "open"
    return {
        section: tuple(Template(f"{set_}/{section}/{key}", text) for key, text in texts.items())
        for section, texts in _sections(table)
    }


def _sections(table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, content in table.items():
        if all(isinstance(value, str) for value in content.values()):
            yield name, content
        else:
            yield from ((f"{name}.{inner}", texts) for inner, texts in content.items())


def read(text: str) -> Iterator[str | Slot]:
    """Yields the pieces of a sentence without choices: texts and slots, in order."""
    last = 0
    for match in _SLOT.finditer(text):
        if match.start() > last:
            yield text[last : match.start()]
        last = match.end()
        name, kind = match["name"], match["kind"]
        opens = name[0].isupper() and len(name) > 1
        if opens:
            name, kind = name[0].lower() + name[1:], kind[0].lower() + kind[1:]
        opens = opens or not text[: match.start()].strip() or text[: match.start()].endswith((". ", ": "))
        yield Slot(name, kind, match["family"] or "any", match["mark"], opens)
    if last < len(text):
        yield text[last:]
