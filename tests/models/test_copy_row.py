"""One answer while it is written: the worked example of `copy_decoding`, pass by pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from fewshot.models import copy_decoding
from fewshot.models.copy_row import Row
from fewshot.models.drafts import Draft
from fewshot.models.source_tokens import SourceTokens

pytestmark = pytest.mark.local
TEXT = "Blot of p53 and MDM2 in mice ."
WORDS = [*TEXT.split(), "<G>", "</G>", "<s>"]
OPENS, CLOSES, START = (WORDS.index(word) for word in ("<G>", "</G>", "<s>"))
RIGHT = ["Blot", "of", "<G>", "p53", "</G>", "and", "<G>", "MDM2", "</G>", "in", "mice", "."]


def row(draft: Draft, source: SourceTokens, most: float = 100) -> Row:
    return Row(source, draft, [START], [OPENS], [CLOSES], ["G"], most)


def source() -> SourceTokens:
    starts = [TEXT.index(f" {word}") + 1 if at else 0 for at, word in enumerate(TEXT.split())]
    ends = [start + len(word) for start, word in zip(starts, TEXT.split(), strict=True)]
    return SourceTokens(TEXT, tuple(range(len(starts))), tuple(starts), tuple(ends), (True,) * len(starts))


def scores(answer: Sequence[int]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Of copying, and of both tags, behind each token of an answer, by a model that tags p53 and MDM2, and sees where a
    tag closes only when it is open."""
    tags, open_ = [], False
    for word in (WORDS[token] for token in answer):
        open_ = word == "<G>" or (open_ and word != "</G>")
        opens = not open_ and word in ("of", "and")
        tags.append([1.0 if opens else -1.0, 1.0 if open_ and word in ("p53", "MDM2") else -1.0])
    return np.zeros(len(answer)), np.array(tags)


def passes(drafted: Row) -> list[str]:
    """What is fed in each pass, until the answer is whole."""
    answer: list[int] = []
    told = []
    while not drafted.done:
        fed = drafted.propose(41.0)
        answer = [*answer[: drafted.length], *fed]  # what the decoder remembers
        told.append(" ".join(WORDS[token] for token in fed if token != START))
        copied, tags = scores(answer)
        first = drafted.length + len(drafted.pending) - 1
        drafted.accept(copied[first:], tags[first:])
    return told


def test_no_more_is_fed_than_the_model_has_places_for() -> None:
    drafted, most = row(tagging_all(), source(), most=14), 14  # room for all that is right: 12 tokens and the start
    while not drafted.done:
        fed = drafted.propose(41.0)
        assert drafted.length + len(fed) <= most
        answer = [START, *(WORDS.index(word) for word in RIGHT)]
        known = [*answer[: drafted.length], *fed]
        copied, tags = scores(known)
        first = drafted.length + len(drafted.pending) - 1
        drafted.accept(copied[first:], tags[first:])
    assert [(mark.first, mark.after, mark.label) for mark in drafted.marks] == [(2, 3, "G"), (4, 5, "G")]


def tagging_all() -> Draft:
    """A draft that expects every word to be tagged: 24 tokens."""
    draft = Draft(source())
    for place in range(len(source())):
        draft.expect(place, place + 1, 0)
    return draft


def test_the_example_of_the_documentation() -> None:
    drafted = row(Draft(source()), source())
    told = [
        "Blot of p53 and MDM2 in mice .",
        "<G> p53 and <G> MDM2 in mice . </G>",
        "</G> and <G> MDM2 </G> in mice .",
    ]
    assert passes(drafted) == told
    assert [(mark.first, mark.after, mark.label) for mark in drafted.marks] == [(2, 3, "G"), (4, 5, "G")]
    assert drafted.passes == 3
    shown = [line.split("  ") for line in (copy_decoding.__doc__ or "").splitlines() if line.startswith("    pass ")]
    assert [next(part.strip() for part in parts[3:] if part.strip()) for parts in shown] == [*told, " ".join(RIGHT)]


def test_a_draft_with_its_tags_is_kept_whole() -> None:
    draft = Draft(source())
    draft.expect(2, 3, 0)
    draft.expect(4, 5, 0)
    drafted = row(draft, source())
    assert passes(drafted) == [" ".join(RIGHT)]
    assert drafted.length == drafted.progress == 1 + len(RIGHT)


def test_one_step_at_a_time_writes_the_same() -> None:
    drafted = row(Draft(source(), stepping=True), source())
    fed = passes(drafted)
    assert [word for word in fed if word] == RIGHT[:-1], "the last one is written and need not be read"
    assert [(mark.first, mark.after) for mark in drafted.marks] == [(2, 3), (4, 5)]
    assert drafted.passes == len(RIGHT)
