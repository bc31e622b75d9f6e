"""A text as it is read, and where each character of it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.text.alignment.readable import readable


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("p53", "p53"), ("a &amp; b", "a & b"), ("a & b; c", "a & b; c"), ("&alpha;&#946;&#x3b3;", "αβγ"),
        ("&nosuch;", "&nosuch;"), ("&lt;", "<"), ("Cre\u0301", "Cr\u00e9"), ("Cr\u00e9", "Cr\u00e9"),
        ("Ca\u00b2\u207a", "Ca2+"),
        ("\ufb01lm", "film"), ("Inter\u00adleukin\u200b", "Interleukin"), ("a&shy;b", "ab"), ("5\u2009\u00b5m", "5 μm"),
        ("\u2018A\u2013C\u2019", "'A-C'"), ("\U0001d6fc", "α"), ("\u0301", "\u0301"),
    ],
)  # fmt: skip
def test_what_is_read(written: str, read: str) -> None:
    assert readable(written).text == read


def test_where_it_is_written() -> None:
    found = readable("x&beta;y\u00adz\ufb01")
    assert found.text == "xβyzfi"
    assert list(found.starts) == [0, 1, 7, 9, 10, 10]
    assert list(found.ends) == [1, 7, 8, 10, 11, 11]


@given(st.text(st.sampled_from("ab &;#αé\u0301\u200b\ufb01lt3"), max_size=30) | st.text(max_size=30))
def test_extents_rise_and_lie_in_the_text(written: str) -> None:
    found = readable(written)
    assert len(found.text) == len(found.starts) == len(found.ends)
    assert list(found.starts) == sorted(found.starts)
    assert all(0 <= start < end <= len(written) for start, end in zip(found.starts, found.ends, strict=True))
