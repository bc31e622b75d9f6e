"""How the names of a label look, from `vocabulary.toml`: whole names, endings, heads with modifiers, shapes.

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

_ADJECTIVE = r"[a-z]{3,}(?:al|ic|ar|ous|ive|ary|ory)"
_PLURAL_FROM = 4
"""Letters from which on a whole name may have a plural s: "actins", but not "p53s". A judgement."""


@cache
def of(label: str) -> tuple[re.Pattern[str], ...]:
    """Returns the patterns of a label's names; none if nothing is known about the label.

    `label`: as any data set calls it. If several patterns match, the longest match is the right one.
    """
    entry = _entry(label)
    before = rf"(?:(?:{_any(entry.get('before', ()))}|{_ADJECTIVE})\s)"
    patterns = {
        "heads": rf"(?i:{before}{{1,3}}{_any(entry.get('heads', ()))}s?)",
        "names": rf"(?i:{_any(entry.get('names', ()), _plural)})",
        "endings": rf"(?i:[a-z]{{2,}}{_any(entry.get('endings', ()))}s?)",
        "shapes": "|".join(entry.get("shapes", ())),
    }
    return tuple(re.compile(rf"(?<![^\W_])(?:{patterns[key]})(?![^\W_])") for key in patterns if key in entry)


def names(label: str, text: str) -> Iterator[tuple[int, int]]:
    """Yields `(start, end)` of whatever looks like a name of the label; these may overlap."""
    for pattern in of(label):
        for match in pattern.finditer(text):
            if not excluded(label, match[0]):
                yield match.span()


def excluded(label: str, surface: str) -> bool:
    """Returns whether a surface looks like a name of the label but is known not to be one.

    >>> excluded("GENEPROD", "ANOVA"), excluded("GENEPROD", "MDM2"), excluded("Disease", "apoptosis")
    (True, False, True)
    """
    return surface.lower() in _never(label)


def is_vague(label: str) -> bool:
    """Returns whether another label that fits the same characters is to be preferred to this one."""
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
    return re.escape(name) + ("s?" if len(name) >= _PLURAL_FROM else "")


def _any(words: Iterable[str], to_pattern: Callable[[str], str] = re.escape) -> str:
    """Returns a pattern for one of the words, the longest first; for none of them a pattern that never matches."""
    return "(?:" + ("|".join(to_pattern(word) for word in sorted(words, key=len, reverse=True)) or "(?!)") + ")"
