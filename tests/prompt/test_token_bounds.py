"""Guesses about tokens, to the token: what is reserved, what is estimated, what is hardly ever more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fewshot.prompt.tokens import answer_tokens, estimate_tokens, most_tokens, needed_tokens
from fewshot.records import Example, Request, Scheme, Turn

CHAT = Request("b", None, "m", "chat", (Turn("system", "x" * 10), Turn("user", "µ" * 20)), None, 9, 0.0)
PLAIN = replace(CHAT, api="completions", turns=None, prompt="x" * 50)


@pytest.mark.parametrize(("text", "tokens"), [("", 128), ("x", 129), ("x" * 5, 131), ("x" * 1000, 728), ("µ" * 5, 134)])
def test_room_for_an_answer(text: str, tokens: int) -> None:
    """0.6 tokens a byte and 128 beside them."""
    assert answer_tokens(text) == tokens


@pytest.mark.parametrize(("request_", "tokens"), [(CHAT, 13), (PLAIN, 13), (replace(PLAIN, prompt="x" * 52), 13)])
def test_an_estimate_is_a_quarter_of_the_bytes(request_: Request, tokens: int) -> None:
    assert estimate_tokens(request_) == tokens


def test_at_most_two_and_a_half_bytes_a_token_and_eight_tokens_a_turn() -> None:
    assert most_tokens(CHAT) == 50 / 2.5 + 16
    assert most_tokens(PLAIN) == 50 / 2.5


@pytest.mark.parametrize(("format", "tokens"), [("copy_tag", 188), ("list", 158), ("json", 158), ("sentence", 158)])
def test_what_names_needs_less_room_than_what_copies(format: str, tokens: int) -> None:
    scheme = Scheme("hypothesis" if format == "sentence" else "entities", ())
    request = replace(CHAT, format=format, scheme=scheme, query=Example("q", "q", "x" * 100))
    assert needed_tokens(request) == tokens
