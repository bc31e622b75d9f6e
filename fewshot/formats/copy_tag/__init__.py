"""The input, copied, with tags in it.

    <panel> (A) Blot of p53. </panel> <panel> (B) Same. </panel> [END]       PANELIZATION
    (A) Blot of <GENEPROD> p53 </GENEPROD>. (B) Same. [END]                  NER

White space around tags is free: offsets are read from the characters that are not space. A source string that equals
one of the task's own tags (or `[END]`) is escaped by one more backslash; nothing else of the source is changed. Panel
letters are read from the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fewshot.formats import COPIED_ROOM, Format, tag_pairs
from fewshot.formats.copy_tag.loose import rewritten
from fewshot.formats.copy_tag.tags import END, Extent, escape, pairs, read, without_unknown
from fewshot.records import PANEL, Hypothesis, Kind, Parsed, ProblemKind, Scheme, Span, Value
from fewshot.text.alignment import Alignment, align
from fewshot.text.legend import leading_label, leading_letters
from fewshot.text.spans import trimmed


class CopyTag(Format):
    """The source with its spans between tags."""

    kinds: frozenset[Kind] = frozenset(("entities", "panels"))
    stop: tuple[str, ...] = (END,)
    end = END
    copies = True
    room = COPIED_ROOM

    def tags(self, scheme: Scheme) -> Mapping[str, tuple[str, str]]:
        """`<LABEL>` and `</LABEL>`."""
        return tag_pairs(_labels(scheme))

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        """The tagged copy. Tags stand between spaces."""
        if isinstance(value, Hypothesis):
            raise TypeError("copy_tag carries spans")
        labels = _labels(scheme)
        parts, last = [], 0
        for span in sorted(value, key=lambda span: span.start):
            parts += [escape(text[last : span.start], labels), f"<{span.label}>"]
            parts += [escape(span.cut(text), labels), f"</{span.label}>"]
            last = span.end
        parts += [escape(text[last:], labels), END]
        return _spaced(parts)

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        """The spans of a copy, however it differs from the source."""
        reading = _Reading.of(answer, text, scheme)
        if not reading.plain.strip():
            return Parsed((), {"empty": 1}, 0.0) if text.strip() else Parsed((), {}, 1.0)
        extents_in_source = _copied(reading.plain, text, reading.extents)
        if extents_in_source is None:  # not our grammar to the letter: models write tags in other ways too
            loose = rewritten(answer, text, _labels(scheme))
            if loose != answer:
                reading = _Reading.of(loose, text, scheme)
                extents_in_source = _copied(reading.plain, text, reading.extents)
        problems, fidelity = reading.problems, 1.0
        if extents_in_source is None:
            plain, extents = without_unknown(reading.plain, text, reading.extents, problems)
            alignment = align(plain, text)
            extents_in_source = _aligned(alignment, plain, text, extents, problems)
            fidelity = alignment.fidelity
            problems["text_added"] += alignment.added
            problems["text_dropped"] += alignment.dropped
            if alignment.cut:
                problems["text_dropped" if reading.ended else "truncated"] += 1
        return Parsed(_spans(extents_in_source, text, scheme), _counted(problems), fidelity)

    def schema(self, scheme: Scheme) -> Mapping[str, Any] | None:
        """Free text."""
        return None


FORMAT = CopyTag()


@dataclass(frozen=True, slots=True)
class _Reading:
    """An answer without its tags, what they cover, whether it said that it had ended, and what was wrong with them."""

    plain: str
    extents: list[Extent]
    ended: bool
    problems: Counter[ProblemKind]

    @classmethod
    def of(cls, answer: str, text: str, scheme: Scheme) -> _Reading:
        plain, marks, ended = read(answer, text, _labels(scheme))
        problems: Counter[ProblemKind] = Counter()
        return cls(plain, pairs(marks, plain, scheme, problems), ended, problems)


_CLOSING = frozenset(".,;:!?)]}”\"'’")


def _labels(scheme: Scheme) -> tuple[str, ...]:
    return (PANEL,) if scheme.kind == "panels" else scheme.labels


def _spaced(parts: Sequence[str]) -> str:
    """Pieces and tags in turn, with a space between them where there is none yet."""
    written = ""
    for part in parts:
        written += part if not written or not part or written.endswith(" ") or part.startswith(" ") else f" {part}"
    return written


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
    alignment: Alignment, plain: str, text: str, extents: Sequence[Extent], problems: Counter[ProblemKind]
) -> list[Extent]:
    """The extents in the source of an answer that is not an exact copy."""
    placed = []
    for label, left, right in extents:
        place = alignment.span(left, right, plain, passage=label == PANEL)
        if place is None:
            problems["not_in_text"] += 1
            continue
        if label == PANEL:
            before, after = alignment.around(left, right)
            place = _with_label(text, before, place[0]), _with_stop(text, place[1], after)
        placed.append((label, *place))
    return placed


def _with_label(text: str, before: int, start: int) -> int:
    """The start of a panel whose label (or the bracket before it) was left out or written otherwise.

    `before`: where the source begins to be free, behind what was copied before the panel.
    """
    if before < start and text[start - 1] in "([":
        return start - 1
    if not text[before:start].strip():
        return start
    bare = leading_label(text, start) is None
    for at in range(before, start):
        if not text[at].isspace() and (at == before or text[at - 1].isspace()):
            label = leading_label(text, at)
            inside = label is not None and label.end > start
            if inside or (bare and label is not None and not text[label.end : start].strip()):
                return at
    return start


def _with_stop(text: str, end: int, after: int) -> int:
    """The end of a panel whose last full stop or bracket was left out; `after`: where what follows was copied."""
    while end < after and text[end] in _CLOSING:
        end += 1
    return end


def _spans(extents: Sequence[Extent], text: str, scheme: Scheme) -> tuple[Span, ...]:
    """Spans without white space at their edges, in order; of two that overlap the first counts."""
    spans: list[Span] = []
    for label, left, right in sorted(extents, key=lambda extent: (extent[1], extent[2])):
        extent = trimmed(text, left, right)
        if extent is None or (spans and extent[0] < spans[-1].end):
            continue
        if scheme.kind == "panels":
            spans.append(Span(*extent, PANEL, leading_letters(text[slice(*extent)])))
        else:
            spans.append(Span(*extent, label))
    return tuple(spans)


def _counted(problems: Counter[ProblemKind]) -> dict[ProblemKind, int]:
    return {kind: count for kind, count in problems.items() if count}
