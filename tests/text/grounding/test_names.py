"""All names of an answer together: order, numbers, longer names, lines."""

from __future__ import annotations

import random

import pytest

from fewshot.text.grounding import Name, ground

TEXT = "(A) ATF4 drives CHOP. (B) ATF4 and CHOP after loss of ATF4."
ATF4, CHOP = [4, 26, 54], [16, 35]


def starts(
    text: str, *names: str | Name, whole_first: bool = False, starts_only: bool = False
) -> list[int | str | None]:
    """Where each name begins, or why it is dropped."""
    named = [Name(name) if isinstance(name, str) else name for name in names]
    grounded = ground(text, named, whole_first=whole_first, starts_only=starts_only)
    return [one.drop if one.place is None else one.place.start for one in grounded]


def test_names_that_recur_follow_the_text() -> None:
    assert starts(TEXT, "ATF4", "CHOP", "ATF4", "CHOP", "ATF4") == [4, 16, 26, 35, 54]
    assert starts(TEXT, "CHOP", "ATF4", "ATF4") == [16, 26, 54]


def test_order_is_evidence_and_not_law() -> None:
    assert starts(TEXT, "CHOP", "CHOP", "ATF4", "ATF4") == [16, 35, 54, 4]
    names = ["ATF4"] * 3 + ["CHOP"] * 2
    random.Random(3).shuffle(names)
    assert sorted(starts(TEXT, *names), key=str) == sorted(ATF4 + CHOP, key=str)


def test_more_names_than_places_are_duplicates() -> None:
    assert starts("ATF4 and CHOP", "ATF4", "ATF4", "CHOP") == [0, "duplicate", 9]


def test_lines_have_an_order_each() -> None:
    assert starts(TEXT, Name("CHOP", line=1), Name("CHOP", line=1), Name("ATF4", line=2)) == [16, 35, 4]


def test_an_answer_in_order_is_one_line_whatever_its_labels() -> None:
    names = Name("CHOP", line=1), Name("ATF4", line=2)
    assert starts(TEXT, *names) == [16, 4]
    assert starts(TEXT, *names, whole_first=True) == [16, 26]


def test_a_longer_name_comes_before_the_shorter_that_it_holds() -> None:
    text = "insulin receptor and insulin"
    assert starts(text, "insulin", "insulin receptor") == [21, 0]
    assert starts(text, "insulin receptor", "insulin", "insulin") == [0, 21, "duplicate"]
    assert starts("insulin receptor", "insulin receptor", "insulin") == [0, "overlap"]


def test_a_word_is_cut_only_if_there_is_no_other_place() -> None:
    assert starts("PERK near the ER", "ER") == [14]
    assert starts("PERK near the ER", "PERK", "ER") == [0, 14]
    assert starts("PERK near the ER", "ER", "ER") == [1, 14]
    assert starts("PERK", "ER") == [1]
    assert starts("PERK", "PERK", "ER") == [0, "overlap"]  # the inside of a word that is named


def test_a_number_says_which_occurrence() -> None:
    assert starts(TEXT, Name("ATF4", 3), Name("ATF4", 2)) == [54, 26]
    assert starts(TEXT, Name("ATF4", 2), "CHOP") == [26, 35]
    assert starts("PERK, ER", Name("ER", 1), Name("ER", 2)) == [6, 1]


def test_a_number_that_is_too_high_is_the_last() -> None:
    assert starts(TEXT, Name("ATF4", 9)) == [54]


def test_models_write_occurrence_1_whatever_they_mean() -> None:
    assert starts(TEXT, *(Name(name, 1) for name in ("ATF4", "CHOP", "ATF4", "CHOP", "ATF4"))) == [4, 16, 26, 35, 54]
    assert starts(TEXT, Name("CHOP", 1), Name("ATF4", 1)) == [16, 26]
    assert starts("insulin receptor and insulin", Name("insulin receptor", 1), Name("insulin", 1)) == [0, 21]


def test_places_may_be_given() -> None:
    grounded = ground(TEXT, [Name("ATF4"), Name("CHOP")], within={(26, 30)})
    assert [one.place.start if one.place else one.drop for one in grounded] == [26, "not_in_text"]


def test_starts_may_overlap_in_what_follows_them() -> None:
    assert starts("a b c", "a b c", "b c", "c", starts_only=True) == [0, 2, 4]


@pytest.mark.parametrize(
    ("text", "name", "match"),
    [("a p53", "p53", "exact"), ("a P53", "p53", "folded"), ("the autophagic flux", "autophagyc flux", "near")],
)
def test_how_a_name_was_found(text: str, name: str, match: str) -> None:
    (one,) = ground(text, [Name(name)])
    assert one.place is not None
    assert one.place.match == match


def test_an_exact_place_wins_over_one_that_is_nearly_it() -> None:
    assert starts("P53 and p53", "p53") == [8]
    assert starts("P53 and p53", "p53", "p53") == [0, 8]


def test_a_folded_place_is_found_if_longer_names_take_the_exact_ones() -> None:
    text = "acute heart failure; heart\nfailure"
    assert starts(text, "acute heart failure", "heart failure") == [0, 21]
