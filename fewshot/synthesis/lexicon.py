"""What generated legends are made of: surfaces by label, sentences with slots, and sentences without entities."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "corpus"
SLOT = re.compile(r"\{([A-Z_]+)(?::([cm]))?\}")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One lexicon file. Templates and fillers by id."""

    surfaces: Mapping[str, tuple[str, ...]]
    templates: Mapping[str, str]
    fillers: Mapping[str, str]


@cache
def load(name: str) -> Lexicon:
    """`lexicon` (open) or `heldout` (of the bundled test split alone)."""
    table = tomllib.loads((CORPUS / f"{name}.toml").read_text("utf-8"))
    surfaces = {label: tuple(found) for label, found in table["surfaces"].items()}
    return Lexicon(surfaces, table["templates"], table["fillers"])
