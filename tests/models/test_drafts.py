"""What a draft expects, and what it learns from a pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from fewshot.models.drafts import CLOSE, COPY, Course, Draft
from fewshot.models.source_tokens import SourceTokens

pytestmark = pytest.mark.local
CHEAP, DEAR = 0.0, 1000.0  # passes


def source(size: int) -> SourceTokens:
    starts = tuple(range(0, 2 * size, 2))
    return SourceTokens("w " * size, (7,) * size, starts, tuple(at + 1 for at in starts), (True,) * size)


def answered(
    course: Course, spans: Sequence[tuple[int, int]], label: int = 0
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The decisions of a model that wants `spans`, in each state of a course; like a trained one, it closes only what
    is open."""
    firsts, afters = ({span[side] for span in spans} for side in (0, 1))
    return np.array([
        CLOSE if open_ >= 0 and place in afters and place > opened else label if open_ < 0 and place in firsts else COPY
        for place, open_, opened in zip(course.places, course.labels, course.opened, strict=True)
    ])  # fmt: skip


def written(course: Course) -> str:
    """`c` for a copied token, `[` and `]` for tags.

    >>> written(Course([0], [-1], [0]))
    ''
    """
    return "".join("c" if step == COPY else "]" if step == CLOSE else "[" for step in course.steps)


def test_without_guesses_the_source_is_expected() -> None:
    assert written(Draft(source(5), told=True).course(0, -1, 0, overhead=CHEAP)) == "ccccc"
    assert written(Draft(source(5), told=True).course(3, -1, 0, overhead=CHEAP)) == "cc"
    assert written(Draft(source(5), stepping=True).course(0, -1, 0, overhead=CHEAP)) == ""
    assert written(Draft(source(0)).course(0, -1, 0, overhead=CHEAP)) == ""


def test_where_nothing_is_known_a_pass_that_is_shared_looks_less_far_ahead() -> None:
    draft = Draft(source(100))
    assert written(draft.course(0, -1, 0, overhead=40.0)) == 100 * "c"
    course = draft.course(0, -1, 0, overhead=5.0)
    assert written(course) == 40 * "c"
    draft.learn(course, answered(course, [(30, 31)]))
    assert written(draft.course(30, -1, 0, overhead=5.0)) == "[" + 9 * "c", "to where the tag closes"
    further = draft.course(31, -1, 0, overhead=5.0)
    assert written(further) == (10 + 40) * "c", "what a pass has seen does not count"


def test_spans_that_are_expected_are_drafted_from_wherever_the_answer_is() -> None:
    draft = Draft(source(6), told=True)
    draft.expect(1, 3, label=0)
    draft.expect(3, 4, label=1)
    draft.expect(5, 6, label=0)
    course = draft.course(0, -1, 0, overhead=CHEAP)
    assert written(course) == "c[cc][c]c[c]"
    assert [step for step in course.steps if step >= 0] == [0, 1, 0]
    assert written(draft.course(2, 0, 1, overhead=CHEAP)) == "c][c]c[c]"
    assert course.places[-1] == 6
    assert len(course.places) == len(course.labels) == len(course.opened) == len(course.steps) + 1


def test_an_end_that_is_not_known_is_looked_for_in_a_short_draft() -> None:
    draft = Draft(source(100), told=True)
    course = draft.course(10, 0, 10, overhead=CHEAP)
    assert written(course) == 9 * "c", "the token behind the tag, and eight more"
    draft.learn(course, answered(course, []))
    further = draft.course(19, 0, 10, overhead=CHEAP)
    assert written(further) == 11 * "c", "one whose end was not it, and as far again as the tag is behind"
    draft.learn(further, answered(further, [(10, 24)]))
    assert written(draft.course(19, 0, 10, overhead=CHEAP)) == 5 * "c" + "]" + 76 * "c"


def test_an_end_is_not_looked_for_where_one_pass_more_costs_more_than_the_rest() -> None:
    assert written(Draft(source(60), told=True).course(10, 0, 10, overhead=DEAR)) == 50 * "c" + "]"


def test_of_many_tags_without_an_end_each_is_left_open_up_to_the_next() -> None:
    spans, size = ((2, 3), (6, 8), (11, 14)), 16
    draft = Draft(source(size))
    for expected in ("c" * 16, "cc[cccc[ccccc[ccccc]", "cc[c]ccc[cc]ccc[ccc]cc"):
        course = draft.course(0, -1, 0, overhead=DEAR)
        assert written(course) == expected
        draft.learn(course, answered(course, spans))
    assert written(draft.course(0, -1, 0, overhead=DEAR)) == "cc[c]ccc[cc]ccc[ccc]cc", "the fixed point"


def test_what_a_pass_says_replaces_what_was_guessed() -> None:
    draft = Draft(source(12), told=True)
    draft.expect(2, 4, label=0)  # too long
    draft.expect(7, 8, label=0)  # right
    draft.expect(9, 10, label=0)  # nothing there
    course = draft.course(0, -1, 0, overhead=CHEAP)
    draft.learn(course, answered(course, ((2, 3), (7, 8))))
    assert written(draft.course(0, -1, 0, overhead=CHEAP)) == "cc[c]cccc[c]cccc"
