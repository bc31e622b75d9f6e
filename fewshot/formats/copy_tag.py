"""The input, copied, with tags in it.

    <panel> (A) Blot of p53. </panel> <panel> (B) Same. </panel> [END]       PANELIZATION
    (A) Blot of <GENEPROD> p53 </GENEPROD>. (B) Same. [END]                  NER

White space around tags is free: offsets are read from the characters that are not space. A source string that equals
one of the task's own tags (or `[END]`) is escaped by one more backslash; nothing else of the source is changed. Panel
letters are read from the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from fewshot.alignment import align
from fewshot.legend import leading_letters
from fewshot.records import PANEL, Hypothesis, Kind, Parsed, ProblemKind, Scheme, Span, Value

END = "[END]"
_TAG_LIKE = re.compile(r"</?\s*([A-Za-z][\w-]{0,40})\s*>")
_FENCE = re.compile(r"^[ \t]*```[\w-]*[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A tag in an answer: where in the plain text, and which label it opens (or closes)."""

    at: int
    label: str
    opens: bool


class CopyTag:
    """The source with its spans between tags."""

    kinds: frozenset[Kind] = frozenset(("entities", "panels"))
    stop: tuple[str, ...] = (END,)

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        """The tagged copy. Tags stand between spaces."""
        if isinstance(value, Hypothesis):
            raise TypeError("copy_tag carries spans")
        tags = _tags(_labels(scheme))
        parts, last = [], 0
        for span in sorted(value, key=lambda span: span.start):
            parts += [_escape(text[last : span.start], tags), f"<{span.label}>"]
            parts += [_escape(span.cut(text), tags), f"</{span.label}>"]
            last = span.end
        parts += [_escape(text[last:], tags), END]
        return _spaced(parts)

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        """The spans of a copy, however it differs from the source."""
        labels = _labels(scheme)
        plain, marks, ended = _read(answer, labels)
        problems: Counter[ProblemKind] = Counter()
        if not plain.strip():
            problems["empty"] += bool(text.strip())
            return Parsed((), _counted(problems), 0.0 if text.strip() else 1.0)
        extents = _pairs(marks, plain, scheme, problems)
        found = _copied(plain, text, extents)
        fidelity = 1.0
        if found is None:
            plain, extents = _without_unknown_tags(plain, text, extents, problems)
            found, fidelity = _aligned(plain, text, extents, problems, ended=ended)
        return Parsed(_spans(found, text, scheme), _counted(problems), fidelity)

    def schema(self, scheme: Scheme) -> Mapping[str, Any] | None:
        """Free text."""
        return None


FORMAT = CopyTag()

Extent = tuple[str, int, int]


def _labels(scheme: Scheme) -> tuple[str, ...]:
    return (PANEL,) if scheme.kind == "panels" else scheme.labels


@lru_cache(maxsize=64)
def _tags(labels: tuple[str, ...]) -> re.Pattern[str]:
    """A tag of the task or the end mark, with the backslashes before it. Case and inner spaces are free."""
    names = "|".join(map(re.escape, sorted(labels, key=len, reverse=True))) or "(?!)"
    return re.compile(rf"(\\*)(?:<\s*(/?)\s*({names})\s*>|(\[END\]))", re.IGNORECASE)


def _spaced(parts: Sequence[str]) -> str:
    """Pieces and tags in turn, with a space between them where there is none yet."""
    written = ""
    for part in parts:
        written += part if not written or not part or written.endswith(" ") or part.startswith(" ") else f" {part}"
    return written


def _escape(piece: str, tags: re.Pattern[str]) -> str:
    return tags.sub(lambda found: "\\" + found[0], piece)


def _read(answer: str, labels: tuple[str, ...]) -> tuple[str, list[_Mark], bool]:
    """The answer without tags, the tags, and whether it said that it had ended."""
    names = {label.lower(): label for label in labels}
    plain: list[str] = []
    marks: list[_Mark] = []
    length = last = 0
    if "```" in answer:
        answer = _FENCE.sub("", answer)
    for found in _tags(labels).finditer(answer):
        piece = answer[last : found.start()]
        last = found.end()
        if found[1]:  # escaped: the source's own
            piece += found[0][1:]
        plain.append(piece)
        length += len(piece)
        if found[1]:
            continue
        if found[4]:
            return "".join(plain), marks, True
        marks.append(_Mark(length, names[found[3].lower()], not found[2]))
    plain.append(answer[last:])
    return "".join(plain), marks, False


def _pairs(marks: Sequence[_Mark], plain: str, scheme: Scheme, problems: Counter[ProblemKind]) -> list[Extent]:
    """Opening and closing tags, paired. What is never closed ends before the next tag."""
    extents: list[Extent] = []
    open_: _Mark | None = None
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


def _copied(plain: str, text: str, extents: Sequence[Extent]) -> list[Extent] | None:
    """The extents in the source, if the answer is an exact copy but for white space at tags; else `None`."""
    cuts = sorted({0, len(plain), *(cut for _, start, end in extents for cut in (start, end))})
    starts: dict[int, int] = {}
    ends: dict[int, int] = {0: 0}
    at = 0
    for left, right in pairwise(cuts):
        piece = plain[left:right].strip()
        while at < len(text) and text[at].isspace():
            at += 1
        starts[left] = at
        if not text.startswith(piece, at):
            return None
        at += len(piece)
        ends[right] = at if piece else ends.get(left, at)
    if text[at:].strip():
        return None
    starts.setdefault(len(plain), len(text))
    return [(label, starts[start], ends[end]) for label, start, end in extents]


def _aligned(
    plain: str, text: str, extents: Sequence[Extent], problems: Counter[ProblemKind], *, ended: bool
) -> tuple[list[Extent], float]:
    """The extents in the source of an answer that is not an exact copy."""
    alignment = align(plain, text)
    found = []
    for label, start, end in extents:
        place = alignment.span(start, end, plain)
        if place is None:
            problems["not_in_text"] += 1
        else:
            found.append((label, *place))
    problems["text_added"] += alignment.added
    problems["text_dropped"] += alignment.dropped
    if alignment.cut:
        problems["text_dropped" if ended else "truncated"] += 1
    return found, alignment.fidelity


def _without_unknown_tags(
    plain: str, text: str, extents: Sequence[Extent], problems: Counter[ProblemKind]
) -> tuple[str, list[Extent]]:
    """Takes out tags of labels that were never asked for; their text stays."""
    holes = [found.span() for found in _TAG_LIKE.finditer(plain) if found[0] not in text]
    if not holes:
        return plain, list(extents)
    problems["unknown_label"] += sum(not plain[start:end].startswith("</") for start, end in holes)
    kept = [plain[a:b] for a, b in zip([0, *(h[1] for h in holes)], [*(h[0] for h in holes), len(plain)], strict=True)]

    def moved(at: int) -> int:
        return at - sum(min(at, end) - start for start, end in holes if start < at)

    return "".join(kept), [(label, moved(start), moved(end)) for label, start, end in extents]


def _spans(extents: Sequence[Extent], text: str, scheme: Scheme) -> tuple[Span, ...]:
    """Spans without white space at their edges, in order; of two that overlap the first counts."""
    found: list[Span] = []
    for label, left, right in sorted(extents, key=lambda extent: (extent[1], extent[2])):
        surface = text[left:right]
        start = left + len(surface) - len(surface.lstrip())
        end = start + len(surface.strip())
        if end <= start or (found and start < found[-1].end):
            continue
        if scheme.kind == "panels":
            found.append(Span(start, end, PANEL, leading_letters(text[start:end])))
        else:
            found.append(Span(start, end, label))
    return tuple(found)


def _counted(problems: Counter[ProblemKind]) -> dict[ProblemKind, int]:
    return {kind: count for kind, count in problems.items() if count}
