"""The names in the listings of an answer: cut at semicolons, and otherwise where that is what stands in the text.

    p53; MDM2 (an E3 ligase), “nutlin”  →  p53, MDM2, nutlin

A piece is taken as it is if it stands in the text; else without a remark in brackets behind it or quotation marks
around it; else cut at commas and "and". What stands nowhere may still be near.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fewshot.formats.list.lines import Line
from fewshot.text import grounding

_QUOTES = " \t\"'“”‘’`*_.,:"
_COMMA = re.compile(r"[,，；;、/]\s*|\sand\s|\s&\s")  # more white space than that is taken off the parts
_NOTHING = frozenset(("none", "-", "–", "—", "n/a", "na", "null", "nothing", "empty", "[]", "none found", "(none)", ""))
_REMARKS = 3
"""Remarks behind a name that are taken off, each in brackets of at most 80 characters; a looped answer has more."""

_REMARK = re.compile(r"\s?\([^()]{0,80}\)$")


def named(source: grounding.Source, lines: Sequence[Line]) -> list[tuple[str, grounding.Name]]:
    """(label, name) pairs in the order of the answer."""
    return [
        (line.label or "", grounding.Name(surface, number, line.number))
        for line in lines
        for surface, number in _names(source, line.text)
    ]


def _names(source: grounding.Source, listing: str) -> Iterator[tuple[str, int | None]]:
    for surface, number in grounding.split(listing):
        for name in _pieces(source, surface):
            yield name, number if name == surface or number is not None else None


def _pieces(source: grounding.Source, surface: str) -> list[str]:
    """One piece of a listing as the name, or names, that it is."""
    if source.knows(surface):
        return [surface]
    if surface.strip(_QUOTES + "()").casefold() in _NOTHING:
        return []
    bare = _bare(surface)
    if bare != surface and source.knows(bare):
        return [bare]
    parts = [part for part in map(_bare, _COMMA.split(surface)) if part and part.casefold() not in _NOTHING]
    known = sum(map(source.knows, parts))
    if len(parts) > 1 and known and (known == len(parts) or not source.everywhere(bare)):
        return parts
    return [bare or surface]


def _bare(surface: str) -> str:
    """A surface without remarks behind it and quotation marks around it."""
    bare = surface.strip()
    for _ in range(_REMARKS):
        shorter = _REMARK.sub("", bare).strip(_QUOTES)
        if shorter == bare or not shorter:
            break
        bare = shorter
    return bare
