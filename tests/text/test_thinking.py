"""Where thoughts stand in an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.text.thinking import _MARK, Thoughts, _found, thoughts


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("p53", "p53"),
        ("<think>a</think>p53", "p53"),
        ("a</think>p53", "p53"),
        ("p53<think>a</think>, MDM2", "p53, MDM2"),
        ("<think>a</think>draft</think>p53", "p53"),
        ("<think>a</think>p53</think>\n", "p53\n"),
        ("<think/>p53", "<think/>p53"),
        ("<think>a</think><answer>p53</answer>", "p53"),
        ("<answer>p53</answer>", "<answer>p53</answer>"),
        ("<think>a", ""),
        ("p53 <think>a", "p53 "),
        ("<thinker>a</thinker>", "<thinker>a</thinker>"),
        ("◁think▷a◁/think▷p53", "p53"),
        ("<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>p53<|end_of_solution|>", "p53"),
        ("<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>p53<|END_RESPONSE|>", "p53"),
        ("<|channel>thought\na<channel|>p53", "p53"),
        ("analysis of p53", "analysis of p53"),
        ("<|channel|>final<|message|>a<|end|><|channel|>final<|message|>p53<|return|>", "p53"),
        ("<|channel|>final<|message|>p53<|end|><|channel|>final<|message|> ", "p53"),
        ("<|message|>p53", "p53"),
        ("p53<|end|><|channel|>analysis<|message|>a", "p53"),
    ],
)
def test_what_is_left(text: str, answer: str) -> None:
    assert thoughts(text).without(text) == answer


@pytest.mark.parametrize(
    "text", ["<think>a", "a<think>", "<think>a</think><think>b", "<|channel|>analysis<|message|>a"]
)
def test_a_thought_that_does_not_end(text: str) -> None:
    assert thoughts(text).unclosed


@pytest.mark.parametrize("text", ["<think>a</think>", "a</think>", "p53", "<|channel|>final<|message|>p53"])
def test_a_thought_that_ends(text: str) -> None:
    assert not thoughts(text).unclosed


def test_marks_of_the_source() -> None:
    source = "The <think> token and </think>."
    assert thoughts(source, source) == Thoughts()
    assert thoughts(f"Hm.</think>{source}", source).without(f"Hm.</think>{source}") == source
    assert thoughts("<think>Hm.", source).unclosed
    assert thoughts(f"<|channel|>{source}", f"<|channel|>{source}") == Thoughts()
    assert thoughts("analysisAb", "analysisAb of p53") == Thoughts()


def test_a_tag_of_the_task_is_no_thought() -> None:
    assert thoughts("<Reasoning>a</Reasoning>", labels=("REASONING",)) == Thoughts()


def test_where_a_character_stands() -> None:
    found = Thoughts(((2, 5), (8, 9)))
    assert [found.covers(at) for at in range(10)] == [None, None, 5, 5, 5, None, None, None, 9, None]


PIECES = st.sampled_from(
    ["<think>", "</think>", "<|channel|>", "<|message|>", "<|end|>", "analysis", "final", "a", " "]
)


@given(st.lists(PIECES, max_size=12).map("".join), st.lists(PIECES, max_size=4).map("".join))
def test_extents_rise_and_lie_in_the_text(text: str, source: str) -> None:
    found = thoughts(text, source)
    edges = [edge for extent in found.extents for edge in extent]
    assert edges == sorted(edges)
    assert all(start < end for start, end in found.extents)
    assert not edges or edges[-1] <= len(text)
    found.without(text)


MARKS = st.sampled_from(
    [
        "<",
        "[",
        "◁",
        "<think ",
        ">",
        "<think>",
        "</think>",
        "[THINK]",
        "[/THINK]",
        "◁think▷",
        "<channel|>",
        "</",
        "a",
        " ",
        "<think [THINK]>",
    ]
)


@given(st.lists(MARKS, max_size=12).map("".join))
def test_marks_are_found_as_by_the_expression_alone(text: str) -> None:
    assert [found.span() for found in _found(text)] == [found.span() for found in _MARK.finditer(text)]
