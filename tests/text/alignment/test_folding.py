"""A text as it is compared, and where its characters come from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.text.alignment.folding import compact, fold, solid, spaced

odd = st.text(st.sampled_from("aB -–\u00ad\u200bﬁβ²é\u0301&;ltamp#9\\<sub>İ\n"), max_size=12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﬁn", "FIN"), ("e\u0301", "é"), ("é", "e"), ("“x”", '"x"'), ("a–b", "a−b"), ("x²", "x2"),
        ("pro\u00adtein", "protein"), ("TNF&alpha;", "TNFα"), ("TNFα", "tnfalpha"), ("µ", "μ"), ("ς", "σ"), ("∆", "Δ"),
        ("a\u200bb", "ab"), ("ẞ", "ss"),
    ],
)  # fmt: skip
def test_two_writings_of_one_thing(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert solid(one) == solid(other)


def test_what_is_not_an_entity_stays() -> None:
    assert fold("R&D; AT&T") == "r&d; at&t"


@given(odd)
def test_a_name_is_folded_as_the_text_is(text: str) -> None:
    assert compact(text).text == solid(text)
    assert spaced(text).text.split() == fold(text).split()


@given(odd)
def test_every_character_says_where_it_comes_from(text: str) -> None:
    for folded in (compact(text), spaced(text)):
        assert len(folded.starts) == len(folded.text)
        assert folded.starts == sorted(folded.starts)
        for at in range(len(folded.text)):
            start, end = folded.covering(at, at + 1)
            assert 0 <= start < end <= len(text)
