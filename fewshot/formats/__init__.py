"""How a value is written as answer text and read back: one file a format, named as `--format` names it.

The contract of every format, for every text: `parse(render(value))` gives back what the format can carry
(DESIGN: "What a format can carry"), and `parse` never raises whatever a model wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, cast

from fewshot import discovery
from fewshot.errors import InputError
from fewshot.records import Kind, Parsed, Scheme, Value


class Format(Protocol):
    """What a file in this package provides under the name `FORMAT`."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of value the format can carry."""
        ...

    @property
    def stop(self) -> tuple[str, ...]:
        """What ends an answer where the server is only asked to continue a text (`--api completions`)."""
        ...

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        """The answer text that says `value` of the source `text`."""
        ...

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        """What an answer says of the source `text`: the value with offsets, and what was wrong with it."""
        ...

    def schema(self, scheme: Scheme) -> Mapping[str, Any] | None:
        """A strict JSON schema of the answer, for servers that can be held to one; `None` for free text."""
        ...


def names() -> tuple[str, ...]:
    """The formats of this package, by name."""
    return discovery.names(__name__)


def get(name: str, kind: Kind) -> Format:
    """The format of that name.

    Raises:
        InputError: no such format, or it cannot carry a value of this kind.
    """
    chosen = cast("Format", discovery.load(__name__, name, "FORMAT"))
    if kind not in chosen.kinds:
        able = [n for n in names() if kind in cast("Format", discovery.load(__name__, n, "FORMAT")).kinds]
        raise InputError(f"format {name!r} cannot carry {kind}", hint=f"use {' or '.join(able)}")
    return chosen
