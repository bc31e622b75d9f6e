"""What is guessed of tokens: estimate ≤ what has to fit ≤ bound, for every text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.prompt import tokens
from fewshot.records import Request, Turn


def chat(*texts: str, schema: dict[str, object] | None = None) -> Request:
    turns = tuple(Turn("user", text) for text in texts)
    return Request("gpt3", None, "m", "chat", turns, None, 9, 0.0, schema=schema)


def completions(text: str) -> Request:
    return Request("gpt3", None, "m", "completions", None, text, 9, 0.0)


@given(st.lists(st.text(), max_size=4))
def test_the_three_guesses_are_in_order(texts: list[str]) -> None:
    for request in (chat(*texts), completions("".join(texts))):
        assert tokens.estimate_tokens(request) <= tokens.most_tokens(request) + 1 <= tokens.bound(request) + 1


@pytest.mark.parametrize(("text", "size"), [("", 0), ("p53", 3), ("µ–", 5), ("\U0001f600", 4), ("\ud83d", 3)])
def test_texts_are_measured_in_utf_8_bytes(text: str, size: int) -> None:
    assert tokens.bound(completions(text)) - tokens.bound(completions("")) == size
    assert tokens.most_tokens(completions(text)) == size / 2.5
    assert tokens.estimate_tokens(completions(text * 4)) == size * 4 * tokens.TOKENS_PER_BYTE


def test_turns_and_schema_count() -> None:
    assert tokens.bound(completions("")) == 128
    assert tokens.bound(chat("ab", "c")) == 128 + 2 * 8 + 3
    assert tokens.most_tokens(chat("ab", "c")) == 2 * 8 + 3 / 2.5
    assert tokens.bound(chat("", schema={"type": "object"})) == 128 + 8 + len("{'type': 'object'}")
