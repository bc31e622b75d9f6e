"""All tasks: what went wrong with a text before it was labelled: its encoding, markup left in, its length."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from fewshot.audit.checks import Check
from fewshot.audit.finding import Change, Finding, Severity, at
from fewshot.records import Example
from fewshot.text.tokens import BYTES_PER_TOKEN, utf8_bytes

LONGEST = 1024
"""Tokens that most models read: the positions of BART and the window of T5-base's relatives."""

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})")
_TAG = re.compile(r"</?(?:sub|sup|i|b|em|strong|italic|bold|span|p|br|sc|u|xref|ext-link)(?:\s[^<>]{0,200})?/?>", re.I)
_FOREIGN_RUN = re.compile(r"[^\x00-\x7f]{2}")
"""What mojibake has: a character of two bytes read as two. Looked for first, since ftfy takes 0.4 ms a text."""

_LONGEST_FIXED = 20_000
"""Characters of a text whose mojibake is undone: the differences are looked for letter by letter."""

_Edit = tuple[int, int, str]


class Texts(Check):
    """One text."""

    quick = False  # ftfy takes 0.1 s to load, and little of this touches a score

    def each(self, example: Example) -> Iterator[Finding]:
        """Mojibake, escapes, HTML entities, tags; length."""
        text = example.text
        if "\ufffd" in text:
            place = text.index("\ufffd")
            reason = "a character was lost when the text was decoded"
            yield at(example, "mojibake", "warning", place, place + 1, "certain", reason)
        if _FOREIGN_RUN.search(text) and (edits := _mojibake(text)):
            yield _edited(example, "mojibake", "warning", edits, "was decoded as another encoding")
        if "&" in text and (edits := _entities(text)):
            yield _edited(example, "html_entity", "note", edits, "HTML entities stand for characters")
        if "\\" in text and (edits := [(m.start(), m.end(), chr(int(m[0][2:], 16))) for m in _ESCAPE.finditer(text)]):
            yield _edited(example, "escaped_character", "note", edits, "escapes of a program stand for characters")
        if "<" in text and (edits := [(m.start(), m.end(), "") for m in _TAG.finditer(text)]):
            yield _edited(example, "markup", "note", edits, "tags of a page were left in")
        tokens = utf8_bytes(text) // BYTES_PER_TOKEN
        if tokens > LONGEST:
            reason = f"about {tokens} tokens: models with a limit of {LONGEST} see a part, or windows"
            yield at(example, "length_outlier", "note", 0, len(text), "possible", reason)


def _entities(text: str) -> list[_Edit]:
    found = ((place.start(), place.end(), html.unescape(place[0])) for place in _ENTITY.finditer(text))
    return [(start, end, sign) for start, end, sign in found if sign != text[start:end]]


def _mojibake(text: str) -> list[_Edit]:
    """The edits that undo a wrong decoding ("Î²" for β), as ftfy finds them; none: the text is fine."""
    from ftfy import fix_encoding
    from ftfy.badness import is_bad

    if len(text) > _LONGEST_FIXED or not is_bad(text):
        return []
    mended = fix_encoding(text)
    if mended == text:
        return []
    parts = SequenceMatcher(None, text, mended, autojunk=False).get_opcodes()
    return [(start, end, mended[low:high]) for what, start, end, low, high in parts if what != "equal"]


def _edited(example: Example, kind: str, severity: Severity, edits: list[_Edit], reason: str) -> Finding:
    """One finding for all places of a text, at the first of them."""
    removed = tuple({"start": start, "end": end, "text": example.text[start:end]} for start, end, _ in edits)
    added = tuple({"start": start, "text": sign} for start, _, sign in edits)
    times = f" ({len(edits)} times)" if len(edits) > 1 else ""
    change = Change("text", removed, added)
    start, end, _ = edits[0]
    return at(example, kind, severity, start, end, "likely", f"{reason}{times}", change)


CHECK = Texts()
