"""JSON that does not parse, made to: the common slips by one pass of our own, the rest by json-repair.

>>> Repairs().repair('{“text”: "p53", /* a gene */ "label": "GENEPROD",}')
{'text': 'p53', 'label': 'GENEPROD'}
>>> Repairs().repair("{text: 'p53', label: 'GENEPROD'}")
{'text': 'p53', 'label': 'GENEPROD'}
"""

from __future__ import annotations

import json
import re
from typing import Any

_SLIP = re.compile(
    r"""("(?:[^"\\]|\\.)*+(?:"|\Z))                 # a string stays as it is
      | //[^\n]*+ | /\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)   # a comment
      | ,(?=\s*+[}\]])                                # a comma behind the last item
      | ([“”„])                                       # a curly quotation mark around a key or a string
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r'(\\\\)|\\(?![\\"/bfnrtu])|\\(?=u(?![0-9A-Fa-f]{4}))|\\(?=(?:beta|nu|rho|tau|theta)\b)')
"""A backslash that begins no escape ("\\gamma"), or one that is read as another sign ("\\beta", "\\rho")."""

_QUOTED = re.compile(r'(?<=[:\s])""([^"\n]{1,200})""(?=\s{0,9}[,}])')
"""A name whose own quotation marks are not escaped; json-repair would leave them out."""

_MOST = 3_000
"""Characters that json-repair is given at once, and the square of them in all: it needs quadratic time for some (27 s
for 20,000 closing brackets in a string). What is longer is read item by item."""

_DEEPEST = 8
"""How deep what it is given may be nested: our answers have 3 levels."""


class Repairs:
    """Repairs of one answer, as long as some work is left."""

    def __init__(self) -> None:
        self._left = _MOST * _MOST

    def repair(self, text: str) -> Any:
        """The value that a text stands for; `None` if it is not told."""
        for mended in (text, _SLIP.sub(_mend, text)):
            try:
                return json.loads(mended, strict=False)  # line breaks and tabs in strings
            except (ValueError, RecursionError):
                continue
        if len(text) > _MOST or len(text) ** 2 > self._left or _depth(text) > _DEEPEST:
            return None
        self._left -= len(text) ** 2
        import json_repair

        try:
            return json_repair.repair_json(_QUOTED.sub(r'"\\"\1\\""', text), return_objects=True, skip_json_loads=True)
        except Exception:  # it guesses, and asserts what it guessed; an answer that it cannot mend is data
            return None


def _mend(match: re.Match[str]) -> str:
    if match[1] is not None:
        return _ESCAPE.sub(r"\\\\", match[1])  # a pair of them stays one
    return '"' if match[2] is not None else ""


def _depth(text: str) -> int:
    """How many brackets are open at once, those in strings included."""
    deep = deepest = 0
    for found in re.finditer(r"[{}\[\]]", text):
        deep += 1 if found[0] in "{[" else -1
        deepest = max(deepest, deep)
    return deepest
