"""Long texts: every window fits, every character is answered for once, and nothing is lost at a border."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from fewshot import data
from fewshot.models.windows import clip, merge, windows
from fewshot.records import PANEL, Span

FIGURES = [e for e in data.read("demo") if e.panels is not None][:40]


def words(text: str) -> int:
    return len(text.split())


def check(text: str, limit: int) -> None:
    found = windows(text, limit, words)
    assert not text[: found[0].start].strip()
    assert found[0].owns[0] == 0
    assert found[-1].end == len(text) or not text[found[-1].end :].strip()
    assert found[-1].owns[1] == len(text)
    for window in found:
        assert words(text[window.start : window.end]) <= limit
        left, right = window.owns
        assert window.start <= left or not text[left : window.start].strip()
        assert right <= window.end or not text[window.end : right].strip()
    for before, after in pairwise(found):
        assert before.owns[1] == after.owns[0]
        assert before.start < after.start


def test_a_text_that_fits_is_one_window() -> None:
    (window,) = windows("(A) Blot of p53.", 10, words)
    assert (window.start, window.end, window.owns) == (0, 16, (0, 16))


def test_windows_of_real_looking_legends() -> None:
    for example in FIGURES:
        for limit in (12, 40, 90):
            check(example.text, limit)


def test_windows_overlap_where_sentences_are_short() -> None:
    text = " ".join(f"This is sentence number {n}." for n in range(60))
    found = windows(text, 50, words)
    assert len(found) > 3
    assert all(after.start < before.end for before, after in pairwise(found))


@given(
    st.lists(st.sampled_from(["A", "p53", "(B)", "x.", "end.", "\n", "  ", "µ"]), min_size=1).map(" ".join),
    st.integers(1, 9),
)
@settings(max_examples=200, deadline=None)
def test_any_text(text: str, limit: int) -> None:
    if text.strip():
        check(text, limit)


def test_what_all_windows_see_is_what_is_there() -> None:
    """Gold cut by windows and put together again is the gold: panels across borders and entities."""
    for example in FIGURES:
        for limit in (60, 120):
            parts = windows(example.text, limit, words)
            for gold in (example.entities, example.panels):
                assert gold is not None
                seen = [(window, clip(gold, window.start, window.end)) for window in parts]
                merged = merge(seen, example.text)
                assert [(s.start, s.end, s.label) for s in merged] == [(s.start, s.end, s.label) for s in gold]


def test_a_span_outside_what_a_window_answers_for_is_dropped() -> None:
    text = " ".join(f"Sentence {n} names p53." for n in range(20))
    first, second, *_ = windows(text, 40, words)
    inside = second.start + 1
    assert inside < first.owns[1]
    wrong = Span(0, 8, "GENEPROD")  # in the overlap, which belongs to the first window
    assert merge([(first, ()), (second, (wrong,))], text) == ()


def test_a_panel_that_goes_on_in_the_next_window_is_one_panel() -> None:
    text = "(A) " + " ".join(f"Sentence {n} of one long panel." for n in range(30))
    parts = windows(text, 30, words)
    assert len(parts) > 2
    seen = [(w, (Span(0, w.end - w.start, PANEL),)) for w in parts]
    assert [(s.start, s.end) for s in merge(seen, text)] == [(0, len(text))]
