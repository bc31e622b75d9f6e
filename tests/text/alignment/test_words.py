"""Which word is a copy of which: gaps where sentences end, words that changed, words that were split."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.text.alignment.words import blocks, match


def words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text.lower())


def matched(source: str, answer: str) -> str:
    """The answer's words, each with the source's word that it was matched with, if that is another."""
    ours, theirs = words(source), words(answer)
    pairs = zip(theirs, match(ours, theirs), strict=True)
    return " ".join(
        word if place >= 0 and ours[place] == word else f"{word}←{ours[place] if place >= 0 else '?'}"
        for word, place in pairs
    )


def test_a_changed_word_is_its_counterpart() -> None:
    assert matched("Bars , 5 µm . ( B ) Cells", "Bars , 5 µm . ( x ) Cels") == "bars , 5 µm . ( x←b ) cels←cells"


@pytest.mark.parametrize(
    ("source", "answer", "places"),
    [
        # "x. [y z.] A" and not "x[. y z]. A": as many words are equal either way
        ("Blot of p53 . Bars , 5 µm . B , Cells", "Blot of p53 . B , Cells", [0, 1, 2, 3, 9, 10, 11]),
        # the dropped sentence ends as the one before it does
        ("A , one of n = 3 . C , two of n = 3 . D , x y", "A , one of n = 3 . D , x y",
         [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19]),
        # … and a letter next to the gap was changed as well
        ("A , one of n = 3 . two of n = 3 . D , x y", "A , one of n = 3 . k , x y",
         [0, 1, 2, 3, 4, 5, 6, 7, 14, 15, 16, 17]),
        # chatter ends in a full stop, as the label that was changed does
        ("A . Knockdown of FCHO2 by siRNA", "I marked it . g . Knockdown of FCHO2 by siRNA",
         [-1, -1, -1, -1, 0, 1, 2, 3, 4, 5, 6]),
    ],
)  # fmt: skip
def test_a_gap_lies_where_a_sentence_ends(source: str, answer: str, places: list[int]) -> None:
    assert match(words(source), words(answer)) == places


def test_other_words_are_not_paired() -> None:
    assert matched("Blot of the p53 protein in mice", "Blot of nothing much at all in mice").count("←?") >= 3


texts = st.lists(st.sampled_from(["a", "b", ".", "blot", "bloat", "of", "(", "p53"]), max_size=25)


@given(texts, texts)
def test_any_words(ours: list[str], theirs: list[str]) -> None:
    found = match(ours, theirs)
    mapped = [place for place in found if place >= 0]
    assert mapped == sorted(set(mapped))
    assert all(place < len(ours) for place in mapped)
    left = {i for s0, s1, _, _ in blocks(found, len(ours)) for i in range(s0, s1)}
    right = {i for _, _, a0, a1 in blocks(found, len(ours)) for i in range(a0, a1)}
    assert left == set(range(len(ours))) - set(mapped)
    assert right == {i for i, place in enumerate(found) if place < 0}


@given(texts)
def test_a_copy_is_matched_word_for_word(ours: list[str]) -> None:
    assert match(ours, ours) == list(range(len(ours)))
