"""What backends share, at its bounds: secrets, lengths, stops, durations, addresses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fewshot.records import Request, Turn
from fewshot.servers.adapting import Adaptations, Refusal
from fewshot.servers.address import Server
from fewshot.servers.limits import seconds
from fewshot.servers.reading import before_stop, read_completion
from fewshot.servers.secrets import Redactor

CHAT = Request("gpt3", "https://x/v1", "m", "chat", (Turn("system", "s"), Turn("user", "u")), None, 9, 0.5, seed=3)
PLAIN = replace(CHAT, api="completions", turns=None, prompt="p")


# Secrets


@pytest.mark.parametrize(("secret", "hidden"), [("none", False), ("token", True), ("sk-1234", True), ("", False)])
def test_a_secret_of_five_characters_is_one(secret: str, hidden: bool) -> None:
    assert ("***" in Redactor.of(secret)(f"key {secret} is wrong")) == hidden


def test_a_long_message_is_cut_and_put_on_one_line() -> None:
    redact = Redactor.of()
    assert redact("x" * 300) == "x" * 300
    assert redact("x" * 301) == "x" * 299 + "…"
    assert redact("a\n  b") == "a b"


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Redactor.of("secret", "secret-and-more")("secret-and-more secret") == "*** ***"


def body(text: str, finish: str = "stop", **usage: Any) -> bytes:
    choice = {"message": {"content": text}, "text": text, "finish_reason": finish}
    return json.dumps({"choices": [choice], "usage": usage}).encode()


@pytest.mark.parametrize(
    ("secret", "sent", "hidden"),
    [("x" * 4, "u", False), ("x" * 5, "u", True), ("hunter", "u", True), ("hunter", "the Hunter blot", False)],
)
def test_a_secret_is_taken_out_of_an_answer_unless_the_question_holds_it(secret: str, sent: str, hidden: bool) -> None:
    asked = replace(CHAT, turns=(Turn("user", sent),))
    found = read_completion(body(f"a {secret} b"), asked, 1.0, {}, Redactor.of(secret))
    assert found.text == ("a *** b" if hidden else f"a {secret} b")


# Answers


@pytest.mark.parametrize(
    ("text", "finish", "kept", "why"),
    [
        ("p53 [END] x", "length", "p53 ", "stop"), ("p53 [END] x", "stop", "p53 ", "stop"),
        ("p53", "length", "p53", "length"), ("p53", "stop", "p53", "stop"), ("[END]", "length", "", "stop"),
        ("p53 [END] x", "content_filter", "p53 ", "refused"), ("a ### b [END]", "stop", "a ", "stop"),
    ],
)  # fmt: skip
def test_a_stop_that_the_server_left_in_the_text(text: str, finish: str, kept: str, why: str) -> None:
    asked = replace(PLAIN, stop=("[END]", "###"))
    found = read_completion(body(text, finish), asked, 1.0, {"seed": "dropped"}, Redactor.of())
    assert (found.text, found.finish_reason) == (kept, why)
    assert dict(found.adapted) == ({"seed": "dropped"} if kept == text else {"stop": "cut here", "seed": "dropped"})


def test_the_first_stop_counts() -> None:
    assert before_stop("a b c", ("c", "b")) == "a "
    assert before_stop("a b c", ()) == "a b c"
    assert before_stop("a b c", ("",)) == "a b c"


@pytest.mark.parametrize(
    ("told", "count"),
    [(0, 0), (7, 7), (-1, None), (2**53 - 1, 2**53 - 1), (2**53, None), (True, None), (7.0, None), ("7", None)],
)
def test_what_is_a_count_of_tokens(told: Any, count: int | None) -> None:
    found = read_completion(body("x", prompt_tokens=told, completion_tokens=1), CHAT, 1.0, {}, Redactor.of())
    assert (found.prompt_tokens, found.completion_tokens) == (count, 1)


# Requests


def test_samples_have_seeds_of_their_own() -> None:
    made = [Adaptations().apply(replace(CHAT, sample=n), {})[0]["seed"] for n in range(3)]
    assert made == [3, 4, 5]
    assert "seed" not in Adaptations().apply(replace(CHAT, seed=None), {})[0]


@pytest.mark.parametrize("count", [0, 1, 4, 5])
def test_no_more_than_four_stops_are_sent(count: int) -> None:
    stops = tuple("abcdef"[:count])
    sent, _ = Adaptations().apply(replace(PLAIN, stop=stops), {})
    assert sent.get("stop", []) == list(stops[:4])


def test_extra_parameters_replace_ours() -> None:
    sent, _ = Adaptations().apply(replace(CHAT, extra={"temperature": 1.0, "seed": None}), {})
    assert set(sent) == {"messages", "max_tokens", "stream"}


def test_each_refusal_is_one_step() -> None:
    state = Adaptations()
    for step in ("max_completion_tokens", "dropped"):
        before = state.now()
        sent, _ = state.apply(CHAT, before)
        assert state.learn(Refusal("unsupported_parameter", "max_tokens", ""), sent, before)
        assert state.now() == {"max_tokens": step}
    sent, adapted = state.apply(CHAT, state.now())
    assert "max_tokens" not in sent
    assert "max_completion_tokens" not in sent
    assert adapted == {"max_tokens": "dropped"}
    assert not state.learn(Refusal("unsupported_parameter", "max_tokens", ""), sent, state.now())


# Times and addresses


@pytest.mark.parametrize(
    ("text", "value"),
    [("1h", 3600.0), ("1d", 86400.0), ("2d", None), ("1m30s", 90.0), ("5ms", 0.005), ("7us", 7e-6), ("2h30m", 9000.0),
     ("0", 0.0), ("-1", None), ("", None), (None, None), ("86400", 86400.0), ("86401", None)],
)  # fmt: skip
def test_durations(text: str | None, value: float | None) -> None:
    assert seconds(text) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("url", "shown"),
    [("HTTP://Me:pw@HOST:1/V1/", "http://host:1/V1"), ("https://h/v1?api-version=3", "https://h/v1"),
     ("http://h", "http://h")],
)  # fmt: skip
def test_an_address_is_shown_alike_however_it_is_written(url: str, shown: str) -> None:
    assert Server(url, "none").public_url == shown


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://api.openai.com/v1", True),
        ("https://API.openai.com/other", True),
        ("https://api.openai.com.evil/v1", False),
    ],
)
def test_the_api_itself(url: str, own: bool) -> None:
    assert Server(url, "none").is_openai is own


def test_credentials_of_an_address() -> None:
    server = Server("http://me:p%40ss-word@h:1/v1", "sk-secret-key")
    assert server.credentials == ("me", "p@ss-word")
    assert server.base == "http://h:1/v1"
    assert Server("http://h/v1", "k").credentials is None
    assert "p@ss-word" not in server.redact("p@ss-word and sk-secret-key")
    assert "secret" not in repr(server)
