"""Ids in a few bytes each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fewshot.origin.ids import Ids


@given(st.lists(st.text(max_size=3)))
def test_each_id_is_known_by_its_first_place(ids: list[str]) -> None:
    seen, first = Ids(), dict[str, int]()
    for number, id_ in enumerate(ids, 1):
        assert seen.first(id_, number) == first.get(id_)
        first.setdefault(id_, number)


def test_many() -> None:
    seen = Ids()
    assert all(seen.first(f"legend {number}", number) is None for number in range(1, 5000))
    assert [seen.first(f"legend {number}", 1) for number in (1, 4999)] == [1, 4999]
