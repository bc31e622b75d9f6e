"""Room to think: how it grows, where it ends, what is said of it."""

from __future__ import annotations

import pytest

from fewshot.records import Completion, Request
from fewshot.servers.adapting import Adaptations
from fewshot.servers.reasoning import LEAST_ROOM, MOST_ROOM, Room, with_tries

REQUEST = Request("gpt3", None, "m", "chat", (), None, 728, 0.0)


def thought(tokens: int | None, finish: str = "stop", used: int | None = None) -> Completion:
    return Completion("", finish, completion_tokens=used, reasoning_tokens=tokens)  # type: ignore[arg-type]


def test_room_grows_with_the_longest_thought_and_never_shrinks() -> None:
    room, sizes = Room(), []
    for tokens in (None, 3, 600, 900, 2000, 100, 10**7):
        assert not room.learn(thought(tokens), REQUEST, room.tokens), "an answer that is whole is not asked for again"
        sizes.append(room.tokens)
    assert sizes == [0, LEAST_ROOM, 2048, 2048, 4096, 4096, MOST_ROOM]


def test_an_answer_that_its_thought_took_is_asked_for_again_until_there_is_no_more_room() -> None:
    room, sent = Room(), [0]
    while room.learn(thought(REQUEST.max_tokens + sent[-1], "length"), REQUEST, sent[-1]):
        sent.append(room.tokens)
    assert sent == [0, 4096, MOST_ROOM]


@pytest.mark.parametrize(
    ("tokens", "used", "sent"),
    [
        (300, 500, 0),  # the context of the server has ended, not our limit
        (600, 1700, 1024),  # the thought stayed in its room: the answer itself is too long
    ],
)
def test_an_answer_that_is_cut_for_another_reason_is_not_asked_for_again(tokens: int, used: int, sent: int) -> None:
    room = Room(tokens=sent)
    assert not room.learn(thought(tokens, "length", used), REQUEST, sent)


def test_what_another_request_has_learnt_is_used_at_once() -> None:
    assert Room(tokens=4096).learn(thought(700, "length"), REQUEST, 0)


@pytest.mark.parametrize("fixed", [0, 5000])
def test_a_room_that_the_user_has_set_stays(fixed: int) -> None:
    room = Room.of(fixed)
    assert not room.learn(thought(728 + fixed, "length"), REQUEST, fixed)
    assert room.tokens == fixed


def test_the_tokens_of_all_tries_are_counted() -> None:
    first, second = (
        Completion("", prompt_tokens=9, completion_tokens=700),
        Completion("x", prompt_tokens=9, completion_tokens=5),
    )
    whole = with_tries(second, first)
    assert (whole.text, whole.prompt_tokens, whole.completion_tokens) == ("x", 18, 705)
    assert with_tries(Completion("x"), first).completion_tokens is None
    assert with_tries(second, None) is second


@pytest.mark.parametrize(
    ("changes", "sent", "said"),
    [
        ({}, {"max_tokens": 2776}, "+2048 for reasoning"),
        (
            {"max_tokens": "max_completion_tokens"},
            {"max_completion_tokens": 2776},
            "max_completion_tokens, +2048 for reasoning",
        ),
        ({"max_tokens": "dropped"}, {}, "dropped"),
    ],
)
def test_what_is_sent_grows_and_what_is_said_of_it(changes: dict[str, str], sent: dict[str, int], said: str) -> None:
    body, adapted = Adaptations().apply(REQUEST, changes, 2048)
    assert {name: body[name] for name in body if "max" in name} == sent
    assert adapted["max_tokens"] == said


def test_a_limit_that_extra_sets_is_not_changed() -> None:
    from dataclasses import replace

    body, adapted = Adaptations().apply(replace(REQUEST, extra={"max_tokens": 5}), {}, 2048)
    assert "max_tokens" not in body
    assert adapted == {}
