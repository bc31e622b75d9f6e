"""The words that generated legends are made of, by kind and family.

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
    """One lexicon file: the label of each kind of entity, and its surfaces by family (`any` where it has one only)."""

    labels: Mapping[str, str]
    surfaces: Mapping[str, Mapping[str, tuple[str, ...]]]

    def every(self) -> Iterator[tuple[str, str]]:
        """(label, surface) for every surface there is."""
        for kind, families in self.surfaces.items():
            for found in families.values():
                yield from ((self.labels[kind], surface) for surface in found)


@cache
def load(name: str) -> Lexicon:
    """`lexicon` (open) or `heldout` (of the bundled test split alone)."""
    table = tomllib.loads((CORPUS / f"{name}.toml").read_text("utf-8"))
    labels = {kind: families.pop("label") for kind, families in table.items()}
    return Lexicon(
        labels,
        {
            kind: {family: tuple(s for written in found for s in _expanded(written)) for family, found in row.items()}
            for kind, row in table.items()
        },
    )


def _expanded(written: str) -> list[str]:
    """`RAB{5A,7A}` → RAB5A, RAB7A."""
    found = _ALTERNATIVES.search(written)
    if found is None:
        return [written]
    return [written[: found.start()] + piece + written[found.end() :] for piece in found[1].split(",")]
