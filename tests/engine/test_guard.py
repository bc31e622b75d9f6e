"""The fence around a backend: nothing that it raises or returns ends a run, and no secret is in the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from fewshot.cassette import Cassette
from fewshot.engine import Job, Outcome, ask
from fewshot.engine.guard import checked, guarded
from fewshot.errors import BackendError, DataError
from fewshot.records import Completion, Request
from tests.engine.scripted import QUICK, Scripted, asked


class Odd(Scripted):
    """Answers one request with something else than an answer."""

    def __init__(self, odd: object) -> None:
        super().__init__()
        self.odd = odd

    async def answer(self, request: Request) -> Completion:
        completion = await super().answer(request)
        return cast("Completion", self.odd) if request.id == "odd" else completion


def go(path: Path, backend: Scripted) -> Outcome:
    with Cassette.open(path / "responses.jsonl") as cassette:
        return ask(Job([asked(id) for id in ("a", "odd", "b")], backend, cassette, pace=QUICK))


@pytest.mark.parametrize(
    "error",
    [TypeError("x"), KeyError("usage"), RecursionError(), MemoryError(), UnicodeEncodeError("ascii", "é", 0, 1, "no")],
)
def test_every_exception_fails_its_request_only(tmp_path: Path, error: Exception) -> None:
    outcome = go(tmp_path, Scripted(lambda name, n: error if name == "odd" else None))
    assert sorted(completion.text for completion in outcome.answers.values()) == ["a", "b"]
    assert type(error).__name__ in outcome.failed["odd"]
    assert outcome.stopped is None


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (None, "the answer is a NoneType"),
        (Completion("x", prompt_tokens=-7), "prompt_tokens must be a whole number"),
        (Completion("x", completion_tokens=cast("int", 2.5)), "completion_tokens must be a whole number"),
        (Completion("x", prompt_tokens=cast("int", True)), "prompt_tokens must be a whole number"),
        (Completion("x", seconds=float("nan")), "seconds must be a number"),
        (Completion(cast("str", 5)), "text must be a string"),
    ],
)
def test_what_could_not_be_read_again_is_never_recorded(tmp_path: Path, odd: object, reason: str) -> None:
    outcome = go(tmp_path, Odd(odd))
    assert reason in outcome.failed["odd"]
    with Cassette.open(tmp_path / "responses.jsonl", readonly=True) as cassette:
        assert sorted(cassette.ids()) == ["a", "b"]
    again = go(tmp_path, Scripted())
    assert (again.replayed, again.sent) == (2, 1)


def test_a_close_that_fails_costs_nothing(tmp_path: Path) -> None:
    class Leaking(Scripted):
        async def close(self) -> None:
            raise RecursionError

    assert len(go(tmp_path, Leaking()).answers) == 3


def test_reasons_hold_no_secret_of_the_environment_and_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "canary-one\ncanary-two")
    message = "Illegal header value b'Bearer canary-one\\ncanary-two' " + "x" * 500
    with pytest.raises(BackendError) as caught, guarded("mine"):
        raise ValueError(message)
    assert "canary" not in str(caught.value)
    assert "backend mine failed on this request: ValueError: Illegal header value b'Bearer ***" in str(caught.value)
    assert len(str(caught.value)) < 250
    assert caught.value.maybe_paid


def test_known_failures_pass_unchanged() -> None:
    known = BackendError("busy", retryable=True)
    with pytest.raises(BackendError) as caught, guarded("mine"):
        raise known
    assert caught.value is known
    assert checked(Completion("x", prompt_tokens=3)).text == "x"
    with pytest.raises(DataError):
        checked(Completion("x", cast("Any", "sideways")))
