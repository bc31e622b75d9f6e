r"""What a file begins with, for readers that recognise their format by it.

>>> head = Head("a.json", b'[\n {"id": 1, "tokens": ["p53"]},\n {"id": 2')
>>> head.record, head.keys == {"id", "tokens"}
({'id': 1, 'tokens': ['p53']}, True)
>>> Head("a.tsv", b"p53\tO\n\nblot\tO\ncut o", whole=False).lines
['p53\tO', 'blot\tO']
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

HEAD_BYTES = 1 << 20
"""Bytes that are looked at: the first record of a file lies within them."""
_LOOKED_AT = 100
"""Lines that are looked at."""
_RECORDS = 20
"""Records that are looked at: the first may be empty."""
_BETWEEN = re.compile(r"[\s,]*")
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_PROLOGUE = re.compile(r"\s*(?:<\?[^>]*>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?[^>]*>)", re.DOTALL)


@dataclass(frozen=True)
class Head:
    """The first bytes of a file. `name`: without folder and `.gz`; `whole`: they are all."""

    name: str
    raw: bytes
    whole: bool = True

    @property
    def suffix(self) -> str:
        """The ending of the name, lower case, with the dot."""
        return PurePath(self.name).suffix.lower()

    @property
    def usual_suffix(self) -> str:
        """The ending of files that begin so: what comes from standard input has none."""
        return ".jsonl" if self.record is not None else ".xml" if self.root else ".txt"

    @cached_property
    def text(self) -> str:
        """As text; what is not UTF-8 is replaced, as a letter cut at the end may be."""
        return self.raw.decode("utf-8-sig", "replace")

    @cached_property
    def lines(self) -> list[str]:
        """The first lines that are not blank, at most 100, without their ends; never one that is cut."""
        parts = self.text.split("\n", _LOOKED_AT * 2)
        if len(parts) > 1 and (not self.whole or len(parts) > _LOOKED_AT * 2):
            parts.pop()
        return [part.rstrip("\r") for part in parts if part.strip()][:_LOOKED_AT]

    @cached_property
    def records(self) -> list[object]:
        """The first JSON values of JSON lines, or of an array of objects or lists; none: it is not JSON."""
        text = self.text.lstrip()
        inner = text[1:].lstrip() if text.startswith("[") else ""
        text, at = (inner if inner[:1] in ("{", "[") else text), 0
        found: list[object] = []
        decode = json.JSONDecoder().raw_decode
        while len(found) < _RECORDS and text[at : at + 1] in ("{", "["):
            try:
                value, at = decode(text, at)
            except (ValueError, RecursionError):
                break
            found.append(value)
            between = _BETWEEN.match(text, at)
            at = between.end() if between else at
        return found

    @property
    def record(self) -> object:
        """The first of them; `None`: there is none."""
        return next(iter(self.records), None)

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the first record; none if it is no object."""
        return frozenset(self.record) if isinstance(self.record, dict) else frozenset()

    @cached_property
    def root(self) -> str:
        """The name of the first element of XML; "" if it is not XML."""
        text, at = self.text, 0
        while found := _PROLOGUE.match(text, at):
            at = found.end()
        tag = _ROOT.match(text, len(text) - len(text[at:].lstrip()))
        return tag[1] if tag else ""
