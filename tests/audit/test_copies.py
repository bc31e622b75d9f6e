"""Copies within and across splits; near-duplicates; articles in two splits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.audit.finding import Finding
from fewshot.audit.repair import repair
from fewshot.audit.similarity import likeness, near
from fewshot.records import Example
from tests.audit.legends import findings, kinds, marked

WORDS = (
    "|(A) Western blot of p53 in HeLa cells that were treated with nutlin for one hour and lysed in the cold buffer."
    " |(B) Northern blot of MDM2 in the same cells after two hours of treatment with doxorubicin or with none."
)


def figure(id: str, split: str | None = None, *, group: str | None = None, text: str = WORDS) -> Example:
    return replace(marked(text, id=id), split=split, group=group or id)


def only(*examples: Example) -> Finding:
    (finding,) = [finding for finding in findings(examples) if finding.severity != "note"]
    return finding


def test_a_copy_across_splits_is_named_where_it_is_scored() -> None:
    finding = only(figure("a", "test"), figure("b", "train"))
    assert (finding.id, finding.kind, finding.severity, finding.other) == ("a", "duplicate_across_splits", "error", "b")
    kept, _ = repair([figure("a", "test"), figure("b", "train")], aggressive=True)
    assert [example.id for example in kept] == ["a"]


def test_a_near_copy_across_splits() -> None:
    changed = figure("b", "train", text=WORDS.replace("one hour", "three days"))
    finding = only(figure("a", "test"), changed)
    assert (finding.kind, finding.severity) == ("near_duplicate_across_splits", "warning")
    assert finding.confidence is not None
    assert 0.7 <= finding.confidence < 1
    assert kinds([figure("a"), replace(changed, split=None)], notes=True) == ["near_duplicate"]


def test_another_figures_caption_of_the_same_article() -> None:
    right = figure("fig 1", group="article")
    wrong = replace(right, id="fig 2", panels=(right.panels or ())[:1])
    assert only(right, replace(right, id="fig 2")).kind == "copied_caption"
    found = [finding for finding in findings([wrong, right]) if finding.kind == "copied_caption"]
    assert [finding.id for finding in found] == ["fig 2"]  # the one that shows an error by itself, wherever it stands


def test_a_copy_in_the_same_split() -> None:
    assert only(figure("a"), figure("b")).kind == "duplicate"
    assert kinds([marked("|(A) Scale bar.", id="a"), marked("|(A) Scale bar.", id="b")]) == []  # too short to say


def test_a_figure_of_one_panel_and_its_panel_are_no_copies() -> None:
    figure_ = figure("fig")
    panel = Example("panel", "fig", figure_.text, entities=())
    assert findings([figure_, panel], None) == []


def test_an_article_in_two_splits_is_named_once() -> None:
    other = marked("|(A) Mice.", id="c")
    examples = [figure("a", "train", group="doi"), replace(other, id="b", split="test", group="doi"),
                replace(other, id="c", split="test", group="doi", text="(A) Rats.")]  # fmt: skip
    finding = only(*examples)
    assert (finding.id, finding.kind, finding.start) == ("b", "article_in_two_splits", None)


@given(st.lists(st.text("abc ", min_size=40, max_size=90), min_size=2, max_size=8))
def test_what_is_proposed_is_near(texts: list[str]) -> None:
    plain = [" ".join(text.split()) for text in texts]
    for later, earlier, share in near(plain):
        assert earlier < later
        assert plain[earlier] != plain[later]
        assert 0.7 <= share <= 1


@pytest.mark.parametrize("changed", range(1, 8))
def test_near_copies_are_found(changed: int) -> None:
    words = [f"w{number}" for number in range(200)]
    other = [f"x{number}" if number % 25 == 0 and number // 25 < changed else word for number, word in enumerate(words)]
    assert [pair[:2] for pair in near([" ".join(words), " ".join(other)])] == [(1, 0)]


def test_likeness_of_nothing() -> None:
    assert likeness(set(), set()) == 0.0
