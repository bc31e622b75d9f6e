"""How the names of a label look, from `vocabulary.toml`: whole names, endings, heads with what is before them, shapes.

>>> list(names("Chemical", "after dexamethasone"))
[(6, 19)]
>>> list(names("Disease", "acute renal failure"))
[(0, 19)]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

_DESCRIBES = r"[a-z]{3,}(?:al|ic|ar|ous|ive|ary|ory)"
_LONG = 4
"""Letters from which on a whole name may have a plural s."""


@cache
def of(label: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of a label's names, whatever a data set calls it; none where nothing is known of it. Where several
    fit the longest match is meant."""
    entry = _entry(label)
    before = rf"(?:(?:{_any(entry.get('before', ()))}|{_DESCRIBES})\s)"
    patterns = {
        "heads": rf"(?i:{before}{{1,3}}{_any(entry.get('heads', ()))}s?)",
        "names": rf"(?i:{_any(entry.get('names', ()), _plural)})",
        "endings": rf"(?i:[a-z]{{2,}}{_any(entry.get('endings', ()))}s?)",
        "shapes": "|".join(entry.get("shapes", ())),
    }
    return tuple(re.compile(rf"(?<![^\W_])(?:{patterns[key]})(?![^\W_])") for key in patterns if key in entry)


def names(label: str, text: str) -> Iterator[tuple[int, int]]:
    """Where what looks like names of a label stands in a text; places may overlap."""
    for pattern in of(label):
        for found in pattern.finditer(text):
            if not excluded(label, found[0]):
                yield found.span()


def excluded(label: str, surface: str) -> bool:
    """Whether what looks like a name of the label is known to be none.

    >>> excluded("GENEPROD", "ANOVA"), excluded("GENEPROD", "MDM2"), excluded("Disease", "apoptosis")
    (True, False, True)
    """
    return surface.lower() in _never(label)


def is_vague(label: str) -> bool:
    """Whether other labels' names look like this one's: where both fit, the other is right."""
    return bool(_entry(label).get("vague"))


@cache
def _never(label: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _entry(label).get("never", ()))


def _entry(label: str) -> Mapping[str, Sequence[str]]:
    table = _vocabulary()
    if label.upper() in table:
        return table[label.upper()]
    return next((entry for entry in table.values() if label.lower() in entry["aka"]), {})


@cache
def _vocabulary() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return tomllib.loads((Path(__file__).parent / "vocabulary.toml").read_text("utf-8"))


def _plural(name: str) -> str:
    return re.escape(name) + ("s?" if len(name) >= _LONG else "")


def _any(words: Iterable[str], written: Callable[[str], str] = re.escape) -> str:
    """One of some words, the longest first."""
    return "(?:" + ("|".join(written(word) for word in sorted(words, key=len, reverse=True)) or "(?!)") + ")"
