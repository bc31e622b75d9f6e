"""What a model thinks aloud is not its answer: where in a text the thoughts stand.

    <think> B belongs to A … no. </think> GENEPROD: p53        the thought is all up to "</think>", the rest the answer
    Let me see … </think> GENEPROD: p53                        the same: the chat template opened the thought
    <|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>GENEPROD: p53        (harmony)

The one place that knows how thoughts are written: reading takes them off before any format sees the answer, and a stop
sequence inside one ends nothing (`servers/reading.py`). What is recorded keeps them.

A legend may hold such a mark itself. Its marks are the source's: then only an end mark more than the source has, or an
opening mark in front of everything, is a thought, and only if the answer does not read without fault as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from fewshot.text.spans import Extent

_NAMES = "think|thinking|thoughts?|reasoning|reflection|scratchpad"
_MARK = re.compile(
    rf"""(?P<open>
        <(?:\w{{1,12}}:)?(?P<opens>{_NAMES})(?:\s[^<>\n]{{0,120}})?>     # <think>, <seed:think>, <think time="3">
      | \[THINK(?:ING)?\]                                                # Magistral
      | ◁think▷                                                          # Kimi
      | <\|begin_of_thought\|> | <\|START_THINKING\|>                    # Sky-T1, Command A
      | <\|channel>thought                                               # Gemma 4
    ) | (?P<close>
        </\s?(?:\w{{1,12}}:)?(?P<closes>{_NAMES})\s?>
      | \[/THINK(?:ING)?\] | ◁/think▷
      | <\|end_of_thought\|> | <\|END_THINKING\|> | <channel\|>
    )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_BEGINS = re.compile(r"[<\[◁]")
"""What every mark begins with. Looking for these signs first is many times as fast as looking for marks everywhere."""

_HARMONY = re.compile(r"<\|(start|channel|message|constrain|end|return|call)\|>")
_BARE = re.compile(r"\s{0,20}analysis(?=[A-Z\"'“‘(])")
"""Harmony whose special tokens the server has taken out: `analysisWe need … assistantfinalGENEPROD: p53`."""

_BARE_FINAL = "assistantfinal"
_WRAPPER = re.compile(
    r"\s*(?:<(?:answer|output|response|solution)>|<\|(?:begin_of_solution|START_RESPONSE)\|>)", re.IGNORECASE
)
_WRAPPER_END = re.compile(
    r"(?:</(?:answer|output|response|solution)>|<\|(?:end_of_solution|END_RESPONSE)\|>)\s*\Z", re.IGNORECASE
)
_WRAPPER_SIZE = 40  # characters at either end of an answer in which a wrapper is looked for


@dataclass(frozen=True, slots=True)
class Thoughts:
    """Where thoughts stand, marks included: rising, apart. `unclosed`: the last one never ends. `doubtful`: the source
    holds such marks itself, and an answer may name the same words of it twice."""

    extents: tuple[Extent, ...] = ()
    unclosed: bool = False
    doubtful: bool = False

    def without(self, text: str) -> str:
        """The answer: the text without its thoughts, and without `<answer>` around what is left.

        >>> Thoughts(((0, 16),)).without("<think>A</think> p53")
        ' p53'
        """
        if not self.extents:
            return text
        edges = [0, *(edge for extent in self.extents for edge in extent), len(text)]
        rest = "".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
        begins, ends = _WRAPPER.match(rest), _WRAPPER_END.search(rest, max(0, len(rest) - _WRAPPER_SIZE))
        start = begins.end() if begins else 0
        return rest[start : ends.start() if ends and ends.start() >= start else len(rest)]

    def covers(self, at: int) -> int | None:
        """Where the thought ends in which this character stands; `None` if it stands in none."""
        before = bisect_right(self.extents, at, key=itemgetter(0))
        end = self.extents[before - 1][1] if before else 0
        return end if at < end else None


NONE = Thoughts()


def thoughts(text: str, source: str = "", labels: Sequence[str] = ()) -> Thoughts:
    """The thoughts in an answer. `source`: the legend it is about; `labels`: of the task (a tag that is named after one
    is no thought).

    >>> thoughts("<think>hm</think>p53").extents
    ((0, 17),)
    >>> thoughts("<think>hm").unclosed
    True
    """
    found = _harmony(text, source)
    if found is not None:
        return found
    marks = _marks(text, labels)
    if not marks:
        return _bare(text, source)
    own = _marks(source, labels)
    return _beside_own(text, marks, source, own) if own else _of(text, marks)


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    opens: bool


def _marks(text: str, labels: Sequence[str]) -> list[_Mark]:
    names = {label.casefold() for label in labels}
    return [
        _Mark(found.start(), found.end(), found["open"] is not None)
        for found in _found(text)
        if (found["opens"] or found["closes"] or "").casefold() not in names and not found[0].endswith("/>")
    ]


def _found(text: str) -> Iterator[re.Match[str]]:
    """What `_MARK.finditer` finds."""
    end = 0
    for begin in _BEGINS.finditer(text):
        if begin.start() >= end and (found := _MARK.match(text, begin.start())):
            end = found.end()
            yield found


def _of(text: str, marks: Sequence[_Mark]) -> Thoughts:
    """Opened and closed in turn. An end without a beginning ends a thought that began with the answer; behind
    everything, where a thought was closed before, it is only in the way."""
    extents: list[Extent] = []
    opened: int | None = None
    last = len(text.rstrip())
    for mark in marks:
        if mark.opens:
            opened = mark.start if opened is None else opened
        elif opened is not None:
            extents.append((opened, mark.end))
            opened = None
        elif extents and mark.end >= last:
            extents.append((mark.start, mark.end))
        else:
            extents = [(0, mark.end)]
    if opened is not None:
        extents.append((opened, len(text)))
    return Thoughts(tuple(extents), opened is not None)


def _beside_own(text: str, marks: Sequence[_Mark], source: str, own: Sequence[_Mark]) -> Thoughts:
    """The source has marks of its own, and a copy has as many: what is beyond them is a thought's."""
    ends = [mark.end for mark in marks if not mark.opens]
    more = len(ends) - sum(not mark.opens for mark in own)
    if more > 0:
        return Thoughts(((0, ends[more - 1]),), doubtful=True)
    starts = len(text) - len(text.lstrip())
    if marks[0].opens and marks[0].start == starts and own[0].start > len(source) - len(source.lstrip()):
        end = ends[0] if ends else len(text)
        return Thoughts(((0, end),), unclosed=not ends, doubtful=True)
    return NONE


def _harmony(text: str, source: str) -> Thoughts | None:
    """Everything but the last message of the final channel (or of none); `None` if these are no channels."""
    if ("<|message|>" not in text and "<|channel|>" not in text) or _HARMONY.search(source):
        return None
    answers: dict[bool, Extent] = {}  # by whether the message says that it is final: the last one that is not blank
    for channel, start, end in _messages(text):
        if channel in ("", "final") and text[start:end].strip():
            answers[channel == "final"] = start, end
    if not answers:
        return Thoughts(((0, len(text)),), unclosed=True)
    start, end = answers.get(True) or answers[False]
    return Thoughts(tuple(extent for extent in ((0, start), (end, len(text))) if extent[0] < extent[1]))


def _messages(text: str) -> Iterator[tuple[str, int, int]]:
    """The channel of each message ("": it names none) and where it stands; words between two messages are one too."""
    tokens = list(_HARMONY.finditer(text))
    ends = [*(token.start() for token in tokens[1:]), len(text)]
    before = text[: tokens[0].start()] if tokens else ""
    channel = ""
    if before.strip():
        if tokens[0][1] == "message":  # the template, or the server, has kept the beginning of the header
            channel = before.split()[-1]
        else:
            yield "", 0, tokens[0].start()
    for token, end in zip(tokens, ends, strict=True):
        piece = text[token.end() : end]
        if token[1] == "channel":
            channel = next(iter(piece.split(maxsplit=1)), "")
        elif token[1] == "message":
            yield channel, token.end(), end
        elif token[1] != "constrain":
            channel = ""
            if token[1] != "start" and piece.strip():
                yield "", token.end(), end


def _bare(text: str, source: str) -> Thoughts:
    """Harmony without its tokens."""
    if not _BARE.match(text) or _BARE.match(source):
        return NONE
    at = text.rfind(_BARE_FINAL)
    if at < 0:
        return Thoughts(((0, len(text)),), unclosed=True)
    return Thoughts(((0, at + len(_BARE_FINAL)),))
