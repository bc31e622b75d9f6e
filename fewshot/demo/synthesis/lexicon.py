"""The words of generated legends, by kind and family.

    [assay]
    label = "EXP_ASSAY"
    blot = ["immunoblotting", "immunoblot analysis"]

>>> load("lexicon").surfaces["control"]["any"][0]
'GAPDH'
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from fewshot.files import CORPUS

_ALTERNATIVES = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One lexicon file: the label of each kind of entity, and its surfaces by family (`any` if it has only one)."""

    labels: Mapping[str, str]
    surfaces: Mapping[str, Mapping[str, tuple[str, ...]]]

    def every(self) -> Iterator[tuple[str, str]]:
        """Yields `(label, surface)` for every surface."""
        for kind, families in self.surfaces.items():
            for surfaces in families.values():
                yield from ((self.labels[kind], surface) for surface in surfaces)


@cache
def load(name: str) -> Lexicon:
    """Loads a lexicon: `lexicon` (for everything) or `heldout` (for the bundled test split only)."""
    table = tomllib.loads((CORPUS / f"{name}.toml").read_text("utf-8"))
    labels = {kind: families.pop("label") for kind, families in table.items()}
    return Lexicon(
        labels,
        {
            kind: {family: tuple(s for entry in entries for s in _expanded(entry)) for family, entries in row.items()}
            for kind, row in table.items()
        },
    )


def _expanded(entry: str) -> list[str]:
    """Expands alternatives: `RAB{5A,7A}` → RAB5A, RAB7A."""
    match = _ALTERNATIVES.search(entry)
    if match is None:
        return [entry]
    return [entry[: match.start()] + piece + entry[match.end() :] for piece in match[1].split(",")]
