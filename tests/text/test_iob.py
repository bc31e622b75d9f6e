"""Tags ↔ spans: what every scheme means, and the same tags back."""

from __future__ import annotations

import warnings
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.errors import DataError
from fewshot.records import Span
from fewshot.text import iob

TAGGINGS: tuple[iob.Tagging, ...] = get_args(iob.Tagging)
chunks_ = st.lists(st.tuples(st.sampled_from(["O", "G", "D"]), st.integers(1, 3)), max_size=8)


def tags_of(chunks: list[tuple[str, int]], tagging: iob.Tagging) -> tuple[list[str], tuple[Span, ...], iob.Edges]:
    """The tags of some stretches of words; their spans and words."""
    words = [word for label, n in chunks for word in [label.lower() + "x"] * n]
    _, edges = iob.join(words)
    spans, at = [], 0
    for label, n in chunks:
        if label != "O":
            spans.append(Span(edges[at][0], edges[at + n - 1][1], label))
        at += n
    return iob.tags_of(spans, edges, tagging), tuple(spans), edges


@pytest.mark.parametrize("tagging", TAGGINGS)
@given(chunks=chunks_)
def test_tags_and_spans_say_the_same(tagging: iob.Tagging, chunks: list[tuple[str, int]]) -> None:
    tags, spans, edges = tags_of(chunks, tagging)
    text = " ".join("xx" for _ in edges)
    assert iob.spans(tags, edges, text) == spans
    assert iob.retag(tags, tagging) == tags


@pytest.mark.parametrize("other", TAGGINGS)
@given(chunks=chunks_)
def test_retagging_there_and_back(other: iob.Tagging, chunks: list[tuple[str, int]]) -> None:
    tags, _, _ = tags_of(chunks, "IOB2")
    assert iob.retag(iob.retag(tags, other), "IOB2") == tags


@pytest.mark.parametrize(
    ("tags", "tagging"),
    [
        (["B-A", "I-A", "O"], "IOB2"), (["I-A", "I-A", "O"], "IOB1"), (["I-A", "B-A", "O"], "IOB1"), (["O"], "IOB2"),
        (["S-A", "O"], "IOBES"), (["B-A", "E-A"], "IOBES"), (["U-A", "O"], "BILOU"), (["B-A", "L-A"], "BILOU"),
    ],
)  # fmt: skip
def test_a_file_s_tagging_is_seen_from_its_tags(tags: list[str], tagging: str) -> None:
    assert iob.tagging_of([tags]) == tagging


def test_one_sloppy_sentence_does_not_turn_the_file() -> None:
    assert iob.tagging_of([["B-A", "I-A"], ["B-A", "O"], ["O", "I-A"]]) == "IOB2"


@pytest.mark.local
@given(st.lists(st.sampled_from(["O", "B-G", "I-G", "E-G", "S-G", "B-D", "I-D"]), max_size=10))
def test_chunks_are_those_of_seqeval(tags: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels = pytest.importorskip("seqeval.metrics.sequence_labeling")
        theirs = labels.get_entities(tags)
    assert [(label, first, after - 1) for first, after, label in iob.chunks(tags)] == theirs


def test_an_edge_inside_a_word_is_an_error() -> None:
    _, edges = iob.join(["p53", "blot"])
    for span, said in ((Span(1, 3, "G"), "starts inside a word, at 1"), (Span(0, 2, "G"), "ends inside a word, at 2")):
        with pytest.raises(DataError, match=said):
            iob.tags_of([span], edges, "IOB2")


@given(st.lists(st.text(st.characters(exclude_categories=["Z", "Cs"]), min_size=1, max_size=4), min_size=1, max_size=8))
def test_words_are_located_in_their_text(words: list[str]) -> None:
    text, edges = iob.join(words)
    found = iob.locate(words, text)
    assert found is not None
    assert [text[start:end] for start, end in found] == words
    assert edges[0] == (0, len(words[0]))


def test_a_word_that_is_not_there() -> None:
    assert iob.locate(["p53", "gel"], "p53 blot") is None


@given(st.text(max_size=40), st.sets(st.integers(0, 40)))
def test_every_visible_character_is_in_one_word(text: str, cuts: set[int]) -> None:
    edges = iob.tokenize(text, cuts)
    covered = [i for start, end in edges for i in range(start, end)]
    assert covered == sorted(set(covered))
    assert "".join(text[i] for i in covered) == "".join(text.split())
    assert not any(start < cut < end for start, end in edges for cut in cuts)
