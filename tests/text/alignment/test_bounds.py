"""The bounds of alignment, tried on both sides: what still is a copy, a likeness, a place."""

from __future__ import annotations

import pytest

from fewshot.text.alignment import align
from fewshot.text.alignment.words import blocks, likeness, match, respaced


def answer(size: int, runs: int, length: int = 3) -> tuple[str, str]:
    """A source of so many words, and an answer as long in which runs of its words stand between other words."""
    ours = [f"source{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(size)]
    theirs = [f"other{n}" for n in range(size)]
    for run in range(runs):
        at = run * (length + 1)
        theirs[at : at + length] = ours[at : at + length]
    return " ".join(theirs), " ".join(ours)


@pytest.mark.parametrize(("runs", "related"), [(6, True), (5, False), (0, False)])
def test_a_copy_has_eighteen_words_in_a_hundred_in_runs(runs: int, related: bool) -> None:
    """Six runs of three of a hundred words are 18%, five are 15%."""
    said, source = answer(100, runs)
    assert (align(said, source).fidelity > 0) == related


def test_runs_of_two_are_none() -> None:
    said, source = answer(100, 30, length=2)
    assert align(said, source).fidelity == 0


@pytest.mark.parametrize(
    ("said", "source", "related"),
    [
        ("one two x y", "one two three four", True),  # half of a few words
        ("one x y z", "one two three four", False),
        ("p53", "p53", True), ("p53", "p21 blot", False), ("p53", "blot of p53 in yeast cells and mice", True),
        ("a b c", "a x b y c z w v u t s r", False),  # of a short answer to a long source half must be one run
        ("a b", "q a b y c z w v u t s r", True),
    ],
)  # fmt: skip
def test_of_a_few_words_half_must_be_there(said: str, source: str, related: bool) -> None:
    assert (align(said, source).fidelity > 0) == related


@pytest.mark.parametrize(
    ("ours", "theirs", "how"),
    [
        ("same", "same", 1.0), ("western", "wextern", 0.8), ("abcd", "abxy", 0.8), ("abcd", "axyz", -0.2),
        ("abc", "axy", -0.2), ("abc", "abx", 0.8),
        ("a", "b", 0.3), ("a", ".", -0.2), (".", ",", -0.2), ("a", "ab", 0.8),
        ("ab", "xy", -0.2), ("3", "4", 0.3),
    ],
)  # fmt: skip
def test_likeness_of_words(ours: str, theirs: str, how: float) -> None:
    assert likeness(ours, theirs) == likeness(theirs, ours) == how


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("p53 ko", "p53ko", True), ("a b c d", "abcd", True), ("a b c d e", "abcde", False), ("abcd", "a b c d", True),
        ("p53", "mdm2", False), ("", "p53", False), ("p53", "", False),
    ],
)  # fmt: skip
def test_words_with_spaces_elsewhere(ours: str, theirs: str, same: bool) -> None:
    assert respaced(ours.split(), theirs.split()) is same


def test_blocks_lie_between_what_is_matched() -> None:
    assert list(blocks([-1, 1, 2, -1, -1, 5], 8)) == [(0, 1, 0, 1), (3, 5, 3, 5), (6, 8, 6, 6)]
    assert list(blocks([0, 1], 2)) == []
    assert list(blocks([], 2)) == [(0, 2, 0, 0)]
    assert list(blocks([-1], 0)) == [(0, 0, 0, 1)]


def test_a_repeated_half_sentence_does_not_hide_where_the_gap_is() -> None:
    """The twelve words before the gap recur behind it, and one of them was changed: it lies behind the full stop."""
    same = "one way anova with the test of tukey n equals three ."
    source = f"A , first {same} two bars more {same} D , last".split()
    said = f"A , first {same} D , last".replace("one way", "xxx way").split()
    size = len(same.split())
    assert match(source, said) == [*range(3 + size), *range(len(source) - 3, len(source))]


TEXT = "Blot of p53 in mice. Cells were fixed at noon. Gels of yeast."


@pytest.mark.parametrize(
    ("said", "added", "dropped", "cut"),
    [
        (TEXT, 0, 0, 0),
        (TEXT.replace("Cells were fixed at noon. ", ""), 0, 1, 0),
        (TEXT.replace("Cells", "Many cells"), 1, 0, 0),
        (TEXT.replace("Gels of yeast.", ""), 0, 0, 14),
        ("Sure! " + TEXT, 1, 0, 0),
        (TEXT + " Done now.", 1, 0, 0),
        (TEXT.replace("of p53 ", "").replace("at noon", ""), 0, 2, 0),
        ("Something else entirely, from end to end.", 1, 1, len(TEXT)),
    ],
)
def test_what_was_added_dropped_and_cut_is_counted(said: str, added: int, dropped: int, cut: int) -> None:
    found = align(said, TEXT)
    assert (found.added, found.dropped, found.cut) == (added, dropped, cut)


def test_an_extent_needs_half_of_its_characters() -> None:
    found = align("Blot of p53xxx in mice and men", "Blot of p53abc in mice and men")
    assert found.span(8, 14, "Blot of p53xxx in mice and men") == (8, 14)  # half are the source's
    assert found.fidelity < 1
    assert found.span(7, 8, "Blot of p53xxx in mice and men") is None  # a space


def test_around_says_how_far_the_copy_reaches() -> None:
    said = "Blot of p53 in mice. Gels of yeast."
    found = align(said, TEXT)
    at = said.index(" Gels") + 1
    assert found.around(at, at) == (20, TEXT.index("Gels"))
    assert found.around(0, len(said)) == (0, len(TEXT))
    assert found.around(len(said), len(said)) == (len(TEXT), len(TEXT))


def test_fidelity_counts_characters_that_are_no_space() -> None:
    assert align("ab cd", "ab cd").fidelity == 1.0
    assert align("abcd xbcd efgh ijkl", "abcd abcd efgh ijkl").fidelity == pytest.approx(15 / 16)
    assert align("", "").fidelity == 1.0


def test_a_ligature_is_longer_than_its_copy() -> None:
    source = "ﬁxed cells ﬁxed"
    found = align("fixed cells fixed", source)
    assert found.fidelity == 1.0
    assert found.span(0, 5, "fixed cells fixed") == (0, 4)
    assert found.span(12, 17, "fixed cells fixed") == (11, 15)


@pytest.mark.parametrize(
    ("source", "said", "places"),
    [("bloat", ". bloat (", [-1, 0, -1]), ("p53 bloat", ". p53 a bloat", [-1, 0, -1, 1]), ("a b", "x a b", [-1, 0, 1])],
)
def test_the_first_word_of_a_source_counts_as_any_other(source: str, said: str, places: list[int]) -> None:
    assert match(source.split(), said.split()) == places


def test_a_gap_that_only_ends_as_a_sentence_does_is_not_better() -> None:
    source = "b a of . a of . b of blot"
    assert match(source.split(), ["b", "a", "of", ".", "chg", "of", "blot"]) == [0, 1, 2, 3, -1, 8, 9]
