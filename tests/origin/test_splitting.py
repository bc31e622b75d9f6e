"""Splits by article, stratified by label."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.errors import InputError
from fewshot.origin.splitting import NAMES, split_by
from fewshot.records import Example, Span


def example(number: int, group: int, *labels: str) -> Example:
    text = "p53 " * max(1, len(labels))
    spans = tuple(Span(4 * i, 4 * i + 3, label) for i, label in enumerate(labels))
    return Example(f"e{number}", f"article {group}", text, entities=spans)


def test_rare_labels_are_shared_out_as_common_ones_are() -> None:
    examples = [example(n, n, *["GENE"] * 3, *(["RARE"] if n % 10 == 0 else [])) for n in range(200)]
    splits = split_by(examples, (0.8, 0.1, 0.1), seed=1)
    rare = Counter(split for split, one in zip(splits, examples, strict=True) if len(one.entities or ()) == 4)
    assert rare == {"train": 16, "validation": 2, "test": 2}
    assert Counter(splits) == {"train": 160, "validation": 20, "test": 20}


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["A", "B", ""])), min_size=40), st.integers(0, 3))
def test_no_article_in_two_splits_and_none_is_empty(rows: list[tuple[int, str]], seed: int) -> None:
    examples = [example(n, group, *filter(None, [label])) for n, (group, label) in enumerate(rows)]
    groups = {one.group for one in examples}
    if len(groups) < 3:
        with pytest.raises(InputError, match="articles cannot fill 3 splits"):
            split_by(examples, (0.8, 0.1, 0.1), seed=seed)
        return
    splits = split_by(examples, (0.8, 0.1, 0.1), seed=seed)
    assert set(splits) == set(NAMES)
    assert len({(one.group, split) for one, split in zip(examples, splits, strict=True)}) == len(groups)
    assert splits == split_by(examples, (0.8, 0.1, 0.1), seed=seed)


def test_a_fraction_of_nothing_gets_nothing() -> None:
    assert set(split_by([example(n, n) for n in range(9)], (0.7, 0, 0.3), seed=0)) == {"train", "test"}


@pytest.mark.parametrize("fractions", [(0.8, 0.1, 0.2), (1.2, -0.1, -0.1)])
def test_what_are_no_shares(fractions: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="do not sum to 1"):
        split_by([example(1, 1)], fractions, seed=0)
