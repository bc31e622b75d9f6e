"""Tags in every scheme, one by one, and what is read from tags that no scheme writes."""

from __future__ import annotations

import pytest

from fewshot.errors import DataError
from fewshot.records import Span
from fewshot.text import iob


@pytest.mark.parametrize(
    ("tags", "chunks"),
    [
        (["B-A", "I-A", "O"], [(0, 2, "A")]), (["I-A", "I-B"], [(0, 1, "A"), (1, 2, "B")]),
        (["B-A", "I-B", "I-B"], [(0, 1, "A"), (1, 3, "B")]), (["I-A", "B-A"], [(0, 1, "A"), (1, 2, "A")]),
        (["O", "I-A", "O", "I-A"], [(1, 2, "A"), (3, 4, "A")]), (["B-A", "E-A", "I-A"], [(0, 2, "A"), (2, 3, "A")]),
        (["S-A", "S-A"], [(0, 1, "A"), (1, 2, "A")]), (["S-A", "I-A"], [(0, 1, "A"), (1, 2, "A")]),
        (["B-A", "L-A", "U-A"], [(0, 2, "A"), (2, 3, "A")]), (["B-A", "I-A", "L-A"], [(0, 3, "A")]),
        (["E-A", "E-A"], [(0, 1, "A"), (1, 2, "A")]), ([], []), (["O"], []), (["B-A-1", "I-A-1"], [(0, 2, "A-1")]),
    ],
)  # fmt: skip
def test_chunks(tags: list[str], chunks: list[iob.Chunk]) -> None:
    assert list(iob.chunks(tags)) == chunks


@pytest.mark.parametrize(
    ("tagging", "tags"),
    [
        ("IOB2", ["B-A", "B-A", "I-A", "I-A", "O", "B-B", "I-B"]),
        ("IOB1", ["I-A", "B-A", "I-A", "I-A", "O", "I-B", "I-B"]),
        ("IOBES", ["S-A", "B-A", "I-A", "E-A", "O", "B-B", "E-B"]),
        ("BILOU", ["U-A", "B-A", "I-A", "L-A", "O", "B-B", "L-B"]),
    ],
)
def test_tags_of_each_scheme(tagging: iob.Tagging, tags: list[str]) -> None:
    text, edges = iob.join(["a", "b", "c", "d", "e", "f", "g"])
    spans = [Span(0, 1, "A"), Span(2, 7, "A"), Span(10, 13, "B")]
    assert iob.tags_of(spans, edges, tagging) == tags
    assert list(iob.spans(tags, edges, text)) == spans
    assert iob.retag(tags, tagging) == tags
    assert iob.tagging_of([tags]) == tagging


def test_neighbours_of_another_label_do_not_need_a_b() -> None:
    _, edges = iob.join(["a", "b", "c"])
    spans = [Span(0, 1, "A"), Span(2, 3, "B"), Span(4, 5, "B")]
    assert iob.tags_of(spans, edges, "IOB1") == ["I-A", "I-B", "B-B"]


def test_white_space_at_the_edges_of_an_entity_is_trimmed() -> None:
    text, edges = iob.join(["\u2009p53", "is", "\u2009"])
    assert iob.spans(["B-G", "I-G", "I-G"], edges, text) == (Span(1, 7, "G"),)
    with pytest.raises(DataError, match=r"an entity of white space only \(G, word 3\)"):
        iob.spans(["O", "O", "B-G"], edges, text)


@pytest.mark.parametrize(
    ("text", "cuts", "words"),
    [
        ("p53KO mice", [3], ["p53", "KO", "mice"]), ("p53KO mice", [0, 5, 10], ["p53KO", "mice"]),
        ("p53KO", [1, 3, 3], ["p", "53", "KO"]), ("a-b", [], ["a", "-", "b"]), ("", [], []), ("ab", [1], ["a", "b"]),
    ],
)  # fmt: skip
def test_words_are_cut_where_told(text: str, cuts: list[int], words: list[str]) -> None:
    assert [text[start:end] for start, end in iob.tokenize(text, cuts)] == words


def test_words_behind_others_are_located() -> None:
    assert iob.locate(["a", "a", "b"], "a xx a  b") == [(0, 1), (5, 6), (8, 9)]
    assert iob.locate([], "a") == []
