"""A hypothesis as the study writes it: one sentence, its entities between tags.

    <geneprod> p53 </geneprod> or <small_molecule> nutlin </small_molecule> was tested for its influence on
    <geneprod> MDM2 </geneprod> by <EXPERIMENT> Western blot </EXPERIMENT> [END]

A tag is the type in lower case; EXP_ASSAY is written EXPERIMENT. Alternatives are sets. A role without a member is
written `nothing`. The study calls this format copy_tag.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from fewshot.formats import Format, SentenceWords, tag_pairs
from fewshot.records import Hypothesis, Kind, Member, Parsed, ProblemKind, Scheme, Value
from fewshot.text import grounding
from fewshot.text.sourcedata import ASSAY, ASSAY_TAG

END = "[END]"
INFLUENCE, BY, NOTHING = "was tested for its influence on", "by", "nothing"
_ON = re.compile(r"\b(?:influence|effects?|impact|role)\s+(?:on|in)\b|\btested\b|\bon\b", re.IGNORECASE)
_TAG_LIKE = re.compile(r"</?\s*([A-Za-z][\w-]{0,40})\s*>")


class Sentence(Format):
    """One sentence."""

    kinds: frozenset[Kind] = frozenset(("hypothesis",))
    stop: tuple[str, ...] = (END,)
    end = END
    sentence = SentenceWords(INFLUENCE, BY, "or", NOTHING)

    def tags(self, scheme: Scheme) -> Mapping[str, tuple[str, str]]:
        """The type in lower case, EXP_ASSAY as EXPERIMENT."""
        return {label: tag_pairs((tag(label),))[tag(label)] for label in scheme.labels}

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        """The sentence. Surfaces that look like one of its tags are escaped by a backslash."""
        if not isinstance(value, Hypothesis):
            raise TypeError("sentence carries a hypothesis")
        tags = _tags(scheme.labels)
        left, right, assays = (_said(members, tags) for _, members in value.roles())
        return f"{left} {INFLUENCE} {right} {BY} {assays} {END}"

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        """The members between tags; which role they play is told by the words between them."""
        problems: Counter[ProblemKind] = Counter()
        body, ended = _until_end(answer, _tags(scheme.labels))
        if not body.strip():
            return Parsed(Hypothesis(), {"empty": 1})
        members = _members(body, scheme, problems)
        problems["text_added"] += not members and NOTHING not in body.lower()  # it is another sentence
        problems["truncated"] += not ended and not body.rstrip().endswith((">", ".", NOTHING))
        problems["unknown_label"] += _unknown(body, scheme)
        source = grounding.Source(text)
        problems["not_in_text"] += sum(not source.everywhere(member.text) for _, member in members)
        roles: dict[str, dict[Member, None]] = {"interventions": {}, "observations": {}, "assays": {}}
        for role, member in members:
            roles[role][member] = None
        value = Hypothesis(*(tuple(members_of_role) for members_of_role in roles.values()))
        return Parsed(value, {kind: count for kind, count in problems.items() if count})

    def schema(self, scheme: Scheme) -> Mapping[str, Any] | None:
        """Free text."""
        return None


FORMAT = Sentence()


def tag(label: str) -> str:
    """The name of a label's tags.

    >>> tag("GENEPROD"), tag("EXP_ASSAY")
    ('geneprod', 'EXPERIMENT')
    """
    return ASSAY_TAG if label == ASSAY else label.lower()


@lru_cache(maxsize=64)
def _tags(labels: tuple[str, ...]) -> re.Pattern[str]:
    """A tag or the end mark, with the backslashes before it."""
    written = {*map(tag, labels), *(label.lower() for label in labels)}  # <EXPERIMENT>, and what it stands for
    names = "|".join(map(re.escape, sorted(written, key=lambda name: (-len(name), name)))) or "(?!)"
    # No two neighbouring runs of the same sign: an answer may be 100,000 backslashes, or blanks behind a "<". ASCII:
    # "ſ" would match "s", and be no key of `names`.
    pattern = rf"(?<!\\)(\\*+)(?:<\s*+(?:(/)\s*+)?({names})\s*+>|(\[END\]))"
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


def _said(members: Iterable[Member], tags: re.Pattern[str]) -> str:
    pieces = []
    for member in members:
        surface = tags.sub(lambda match: "\\" + match[0], member.text)
        pieces.append(f"<{tag(member.label)}> {surface} </{tag(member.label)}>")
    return " or ".join(pieces) or NOTHING


def _until_end(answer: str, tags: re.Pattern[str]) -> tuple[str, bool]:
    for end in tags.finditer(answer):
        if end[4] and not end[1]:
            return answer[: end.start()], True
    return answer, False


def _members(body: str, scheme: Scheme, problems: Counter[ProblemKind]) -> list[tuple[str, Member]]:
    """(role, member) in order. Before the word of influence: interventions; assays by the word or the tag."""
    names = {name.lower(): label for label in scheme.labels for name in (tag(label), label)}
    members: list[tuple[str, Member]] = []
    role, last = "interventions", 0
    opened: tuple[str, int] | None = None
    for mark in _tags(scheme.labels).finditer(body):
        if mark[1] or mark[4]:
            continue
        label = names[mark[3].lower()]
        if not mark[2]:
            problems["unclosed_tag"] += opened is not None
            role = _role(body[last : mark.start()], role)
            opened = (label, mark.end())
        elif opened is None:
            problems["unclosed_tag"] += 1
        else:
            surface = _unescape(body[opened[1] : mark.start()], scheme).strip()
            if surface:
                members.append((role, Member(opened[0], surface)))
            opened = None
        last = mark.end()
    if opened is not None:
        problems["unclosed_tag"] += 1
        surface = _unescape(re.split(r" or | was tested | by ", body[opened[1] :])[0], scheme).strip()
        if surface:
            members.append((role, Member(opened[0], surface)))
    return members


def _role(between: str, role: str) -> str:
    """The role that the words before a member lead over to."""
    if role == "interventions" and _ON.search(between):
        role = "observations"
        between = between[max(m.end() for m in _ON.finditer(between)) :]
    if role == "observations" and re.search(r"\b(?:by|using|via|with)\b", between, re.IGNORECASE):
        return "assays"
    return role


def _unescape(surface: str, scheme: Scheme) -> str:
    return _tags(scheme.labels).sub(lambda match: match[0][1:] if match[1] else match[0], surface)


def _unknown(body: str, scheme: Scheme) -> int:
    known = {name.lower() for label in scheme.labels for name in (tag(label), label)}
    return sum(not match[0].startswith("</") and match[1].lower() not in known for match in _TAG_LIKE.finditer(body))
