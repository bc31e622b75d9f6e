"""The tags of an answer: found, paired, and taken out, so that what is left is plain text with extents in it.

    "(A) Blot of <GENEPROD> p53 </GENEPROD>."   →   "(A) Blot of  p53 .",  [("GENEPROD", 12, 17)]

Case and spaces inside a tag are free. What is never closed ends before the next tag, and a tag in which the answer was
cut is completed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from fewshot.records import ProblemKind, Scheme

END = "[END]"
Extent = tuple[str, int, int]
"""A label and the characters of the plain text that it covers."""

# Every run is bounded, or ends where the next begins: a model may write 100,000 of any one character.
_TAG_LIKE = re.compile(r"</?\s{0,3}([A-Za-z][\w-]{0,40})(?:\s[^<>=]{0,40}=[^<>]{0,200}|\s{0,3})>")
_TORN = re.compile(r"<\s{0,3}(/?)\s{0,3}([\w-]{0,40})\s{0,3}$")
_FENCE = re.compile(r"^[ \t]*```[\w-]*[ \t]*$", re.MULTILINE)


class Mark(NamedTuple):
    """A tag in an answer: where in the plain text, and which label it opens (or closes)."""

    at: int
    label: str
    opens: bool


@lru_cache(maxsize=64)
def pattern(labels: tuple[str, ...]) -> re.Pattern[str]:
    """A tag of the task (`/` in group 1, its name in group 2), or the end mark. A backslash before it is the caller's
    to see: a pattern that begins with a plain character is found faster."""
    names = "|".join(map(re.escape, sorted(labels, key=len, reverse=True))) or "(?!)"
    # (?a): without it "ſ" and "İ" would be an s and an i here, and not where the label is looked up.
    return re.compile(rf"<\s{{0,3}}(/?)\s{{0,3}}((?ai:{names}))\s{{0,3}}>|\[(?i:END)\]")


def escape(piece: str, labels: tuple[str, ...]) -> str:
    """A piece of the source, in which one of the task's own tags gets one more backslash."""
    if "<" not in piece and "[" not in piece:
        return piece
    return pattern(labels).sub(lambda tag: "\\" + tag[0], piece)


def read(answer: str, text: str, labels: tuple[str, ...]) -> tuple[str, list[Mark], bool]:
    """The answer without tags, the tags, and whether it said that it had ended; `text`: the source."""
    names = {label.lower(): label for label in labels}
    plain: list[str] = []
    marks: list[Mark] = []
    length = last = 0
    if "```" in answer and "```" not in text:
        answer = _FENCE.sub("", answer)
    answer = _without_torn_tag(answer, text, labels)
    for tag in pattern(labels).finditer(answer):
        start = tag.start()
        if answer[start - 1 : start] == "\\":  # escaped: the source's own
            plain.append(answer[last : start - 1])
            length += start - 1 - last
            last = start
            continue
        plain.append(answer[last:start])
        length += start - last
        last = tag.end()
        if tag[2] is None:
            return "".join(plain), marks, True
        label = tag[2] if tag[2] in labels else names[tag[2].lower()]
        marks.append(Mark(length, label, not tag[1]))
    plain.append(answer[last:])
    return "".join(plain), marks, False


def _without_torn_tag(answer: str, text: str, labels: tuple[str, ...]) -> str:
    """An answer that was cut inside a tag: a closing tag is completed, an opening one taken away."""
    torn = _TORN.search(answer, max(0, len(answer) - 60))
    if torn is None or text.endswith(torn[0].strip()):
        return answer
    begun = torn[2].lower()
    label = next((label for label in labels if label.lower().startswith(begun)), None)
    if label is None:
        return answer
    return answer[: torn.start()] + (f"</{label}>" if torn[1] else "")


def pairs(marks: Sequence[Mark], plain: str, scheme: Scheme, problems: Counter[ProblemKind]) -> list[Extent]:
    """Opening and closing tags, paired. What is never closed ends before the next tag."""
    extents: list[Extent] = []
    open_: Mark | None = None
    for mark in marks:
        if open_ is not None:
            problems["unclosed_tag"] += mark.opens
            extents.append((open_.label, open_.at, mark.at))
        elif not mark.opens:
            problems["unclosed_tag"] += 1
        open_ = mark if mark.opens else None
    if open_ is not None:
        problems["unclosed_tag"] += 1
        rest = plain[open_.at :]
        word = re.match(r"\s*\S+", rest)  # an entity is a few words, a panel the rest
        length = len(rest) if scheme.kind == "panels" or word is None else word.end()
        extents.append((open_.label, open_.at, open_.at + length))
    return extents


def without_unknown(
    plain: str, text: str, extents: Sequence[Extent], problems: Counter[ProblemKind]
) -> tuple[str, list[Extent]]:
    """Takes out tags of labels that were never asked for; their text stays."""
    known: dict[str, bool] = {}  # whether a tag stands in the source; an answer may repeat one 10,000 times
    holes = []
    for found in _TAG_LIKE.finditer(plain):
        if found[0] not in known:
            known[found[0]] = found[0] in text
        if not known[found[0]]:
            holes.append(found.span())
    if not holes:
        return plain, list(extents)
    problems["unknown_label"] += sum(not plain[start:end].startswith("</") for start, end in holes)
    starts, ends = [start for start, _ in holes], [end for _, end in holes]
    kept = [plain[a:b] for a, b in zip([0, *ends], [*starts, len(plain)], strict=True)]
    gone = [0, *accumulate(end - start for start, end in holes)]

    def moved(at: int) -> int:
        before = bisect_right(starts, at - 1)  # holes that begin before it; the last may reach beyond it
        return at - gone[before] + max(0, ends[before - 1] - at if before else 0)

    return "".join(kept), [(label, moved(start), moved(end)) for label, start, end in extents]
