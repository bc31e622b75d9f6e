"""How a value is written as answer text and read back: one file a format, named as `--format` names it.

The contract of every format, for every text: `parse(render(value))` gives back what the format can carry
(DESIGN: "What a format can carry"), and `parse` never raises whatever a model wrote. What others ask of a format
(whether it copies the source, the room an answer needs, its tags) is a property of it: nothing outside its file
compares with its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from fewshot import discovery
from fewshot.errors import InputError
from fewshot.records import Kind, Parsed, Scheme, Value

COPIED_ROOM = 0.6
"""Tokens of a tagged copy per UTF-8 byte of its source. Dense biomedical text takes 2.5 bytes a token (0.4 tokens a
byte, to copy it); tags take half as much again where every fifth word is an entity."""

NAMED_ROOM = 0.3
"""Tokens of an answer that names and does not copy, per UTF-8 byte of its source."""


@dataclass(frozen=True, slots=True)
class SentenceWords:
    """The words of a hypothesis that is written as one sentence, its names between tags:

    `A alternative B influence C by D`, or `nothing` in place of names.
    """

    influence: str
    by: str
    alternative: str
    nothing: str


class Format(Protocol):
    """What a file in this package provides under the name `FORMAT`. A format that inherits from this class says what is
    left open here (`...`), and what of the rest is not so for it."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of value the format can carry."""
        ...

    @property
    def stop(self) -> tuple[str, ...]:
        """What ends an answer where the server is only asked to continue a text (`--api completions`)."""
        ...

    @property
    def end(self) -> str:
        """The mark that closes an answer; "": an answer just ends."""
        return ""

    @property
    def copies(self) -> bool:
        """Whether an answer is the source with tags in between, so that a model can write it by copying."""
        return False

    @property
    def names_once(self) -> bool:
        """Whether an answer can name each entity once, for all its occurrences (`--mentions once`)."""
        return False

    @property
    def room(self) -> float:
        """Tokens that an answer needs at least, per UTF-8 byte of its source."""
        return NAMED_ROOM

    @property
    def tokens(self) -> tuple[str, ...]:
        """What answers contain beside tags and end mark, and some vocabularies (T5's) lack."""
        return ()

    @property
    def sentence(self) -> SentenceWords | None:
        """The words around the tagged names, where a hypothesis is one sentence: names are then copied from the
        source. `None`: answers are written freely."""
        return None

    def tags(self, scheme: Scheme) -> Mapping[str, tuple[str, str]]:
        """The opening and closing tag of each label; nothing for a format without tags."""
        return {}

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        """The answer text that says `value` of the source `text`."""
        ...

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        """What an answer says of the source `text`: the value with offsets, and what was wrong with it."""
        ...

    def schema(self, scheme: Scheme) -> Mapping[str, Any] | None:
        """A strict JSON schema of the answer, for servers that can be held to one; `None` for free text."""
        return None


def names() -> tuple[str, ...]:
    """The formats by name: our own, then those of plugins."""
    return discovery.names(__name__)


def get(name: str, kind: Kind) -> Format:
    """The format of that name.

    Raises:
        InputError: no such format, or it cannot carry a value of this kind.
    """
    chosen = _load(name)
    if kind not in chosen.kinds:
        able = [name for name, _ in _able(kind)]
        raise InputError(f"format {name!r} cannot carry {kind}", hint=f"use {' or '.join(able)}")
    return chosen


def can_carry(name: str, kind: Kind) -> bool:
    """Whether the format of that name carries values of this kind."""
    return kind in _load(name).kinds


def naming_once() -> list[str]:
    """The formats that can name each entity once."""
    return [name for name in names() if _load(name).names_once]


def tagged(kind: Kind) -> str | None:
    """The name of the format that writes a value of this kind between tags, as the study does; `None`: there is none.

    >>> tagged("panels"), tagged("hypothesis"), tagged("roles")
    ('copy_tag', 'sentence', None)
    """
    return next((name for name, form in _able(kind) if form.tags(Scheme(kind, ("X",)))), None)


def named(kind: Kind) -> str:
    """The name of the free-text format that says a value of this kind without copying the source: short, for logs.

    >>> named("panels"), named("hypothesis"), named("roles")
    ('list', 'sentence', 'list')
    """
    free = (name for name, form in _able(kind) if not form.copies and form.schema(Scheme(kind, ("X",))) is None)
    return next(free)


def tag_pairs(labels: Iterable[str]) -> dict[str, tuple[str, str]]:
    """A label's name between angle brackets, which is how our own formats write tags.

    >>> tag_pairs(["panel"])
    {'panel': ('<panel>', '</panel>')}
    """
    return {label: (f"<{label}>", f"</{label}>") for label in labels}


def _able(kind: Kind) -> Iterator[tuple[str, Format]]:
    """The formats that carry a kind, our own first."""
    for name in discovery.usable(__name__):
        form = _load(name)
        if kind in form.kinds:
            yield name, form


def _load(name: str) -> Format:
    return cast("Format", discovery.load(__name__, name, "FORMAT"))
