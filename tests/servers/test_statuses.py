"""Every status: whether it is asked again, ends the run, may have been paid, and how long to wait."""

from __future__ import annotations

from typing import Any

import pytest

from fewshot.records import Completion, Example, Request, Turn
from fewshot.servers.failures import ErrorReply, from_reply, message_of, retry_after, too_long
from fewshot.servers.secrets import Redactor

REDACT = Redactor.of()


def error(status: int, body: object = None, headers: dict[str, str] | None = None) -> Any:
    return from_reply(ErrorReply(status, body, headers or {}), "http://h/v1", "m", REDACT, key="THE_KEY")


@pytest.mark.parametrize(
    ("status", "retryable", "fatal", "maybe_paid", "hint"),
    [
        (400, False, False, False, None), (401, False, True, False, "check THE_KEY"),
        (402, False, True, False, "no credit left"),
        (403, False, True, False, "check THE_KEY and --model"),
        (404, False, True, False, "check --model and --base-url"),
        (408, True, False, True, None), (409, True, False, False, None), (410, False, False, False, None),
        (422, False, False, False, None), (425, False, False, False, None), (429, True, False, False, None),
        (499, False, False, False, None), (500, True, False, False, None), (502, True, False, False, None),
        (503, True, False, False, None), (504, True, False, True, None), (529, True, False, False, None),
    ],
)  # fmt: skip
def test_a_status(status: int, retryable: bool, fatal: bool, maybe_paid: bool, hint: str | None) -> None:
    found = error(status, {"message": "so it is"})
    assert (found.status, found.retryable, found.fatal, found.maybe_paid) == (status, retryable, fatal, maybe_paid)
    assert f"http://h/v1 says {status}: so it is" in str(found)
    assert ("(model m)" in str(found)) == (status == 404)
    if hint is not None:
        assert hint in str(found)


@pytest.mark.parametrize("key", ["code", "type"])
def test_a_quota_that_is_used_up_ends_the_run(key: str) -> None:
    found = error(429, {key: "insufficient_quota", "message": "pay"}, {"retry-after": "3"})
    assert (found.retryable, found.fatal, found.retry_after) == (False, True, None)
    assert "no credit left" in str(found)


def test_a_status_without_a_word() -> None:
    assert "says 500: no reason given" in str(error(500))


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"retry-after": "3"}, 3.0), (500, {"retry-after": "3"}, 3.0), (400, {"retry-after": "3"}, None),
        (429, {"retry-after": "nan"}, None), (429, {"retry-after": "inf"}, None),
        (429, {"retry-after-ms": "250", "retry-after": "3"}, 0.25), (429, {"retry-after": "-1"}, 0.0), (429, {}, None),
        (429, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "7s"}, 7.0),
        (429, {"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "7s"}, None),
        (503, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "7s"}, None),
        (429, {"retry-after": "1", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7s"}, 1.0),
        (429, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "7s",
               "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "9s"}, 9.0),
    ],
)  # fmt: skip
def test_how_long_to_wait(status: int, headers: dict[str, str], wait: float | None) -> None:
    assert error(status, None, headers).retry_after == wait


def test_a_date_is_told_by_the_server_s_own_clock() -> None:
    date = {"retry-after": "Wed, 25 Nov 2026 10:00:30 GMT", "date": "Wed, 25 Nov 2026 10:00:00 GMT"}
    assert retry_after(date) == 30.0
    assert retry_after(date | {"date": "Wed, 25 Nov 2026 10:01:00 GMT"}) == 0.0
    assert retry_after({"retry-after": "soon"}) is None


@pytest.mark.parametrize(
    ("status", "body", "refusal", "filtered", "long"),
    [
        (400, {"code": "content_filter"}, True, True, False), (422, {"code": "content_filter"}, True, False, False),
        (400, {"code": "context_length_exceeded"}, True, False, True),
        (413, {"message": "prompt is too long"}, False, False, True),
        (422, {"error": "too many tokens"}, True, False, True),
        (500, {"message": "prompt is too long"}, True, False, False),
        (400, {"message": "This model's maximum context length is 9"}, True, False, True),
        (400, {}, True, False, False),
    ],
)  # fmt: skip
def test_what_a_refusal_is_about(status: int, body: object, refusal: bool, filtered: bool, long: bool) -> None:
    said = ErrorReply(status, body)
    assert (said.refusal is not None, said.filtered, said.too_long) == (refusal, filtered, long)


def test_a_legend_that_is_too_long_alone_is_answered_and_one_with_demonstrations_has_failed() -> None:
    alone = Request("gpt3", None, "m", "chat", (Turn("user", "u"),), None, 9, 0.0)
    said = ErrorReply(400, {"message": "too many tokens"})
    assert too_long(said, alone, url="http://h", redact=REDACT) == Completion("", "too_long")
    from dataclasses import replace

    from fewshot.errors import BackendError

    with pytest.raises(BackendError, match="http://h says 400: too many tokens; --context N") as caught:
        too_long(said, replace(alone, demonstrations=(Example("d", "d", ""),)), url="http://h", redact=REDACT)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"message": "a"}, "a"), ({"detail": "b"}, "b"), ({"error": {"message": "c"}}, "c"), ("d", "d"), (None, ""),
        ([{"message": "e"}, {"message": "f"}], "e; f"), ({"message": "", "detail": "g"}, "g"), ({"x": 1}, "{'x': 1}"),
        ({"loc": ["body", 0], "msg": "h"}, "body.0: h"), ("<p>i</p>", " i "), ("a < b", "a < b"),
    ],
)  # fmt: skip
def test_the_server_s_own_words(body: object, text: str) -> None:
    assert message_of(body) == text
