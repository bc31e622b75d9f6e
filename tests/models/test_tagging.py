"""The most probable sequence of classes, against a search through all of them."""

from __future__ import annotations

from itertools import pairwise, product
from math import prod

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fewshot.models.tagging import best_path, of

pytestmark = pytest.mark.local

NAMES = of("entities").classes(["A", "B"])


def goes_together(path: tuple[int, ...]) -> bool:
    tags = ["O", *(NAMES[i] for i in path)]
    return all(tag[0] != "I" or before[1:] == tag[1:] for before, tag in pairwise(tags))


@given(st.lists(st.lists(st.integers(1, 50), min_size=5, max_size=5), min_size=1, max_size=4))
def test_no_sequence_that_goes_together_is_more_probable(rows: list[list[int]]) -> None:
    scores = torch.tensor(rows, dtype=torch.float64)
    scores = scores / scores.sum(-1, keepdim=True)

    def probability(path: tuple[int, ...]) -> float:
        return prod(float(scores[at, i]) for at, i in enumerate(path))

    found = tuple(best_path(scores, NAMES))
    every = [path for path in product(range(5), repeat=len(rows)) if goes_together(path)]
    assert found in every
    assert probability(found) == pytest.approx(max(map(probability, every)))


def test_a_certain_inside_makes_what_stands_before_it_the_beginning() -> None:
    scores = torch.tensor([[0.5, 0.4, 0.1, 0.0, 0.0], [0.1, 0.0, 0.9, 0.0, 0.0]])
    assert [NAMES[i] for i in best_path(scores, NAMES)] == ["B-A", "I-A"]


def test_no_entity_goes_on_at_the_first_word() -> None:
    assert best_path(torch.tensor([[0.2, 0.0, 0.8, 0.0, 0.0]]), NAMES) == [0]
