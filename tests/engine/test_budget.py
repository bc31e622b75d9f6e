"""The budget: never overspent, whatever is in flight, and the same command goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fewshot.cassette import Cassette
from fewshot.engine import Budget, Job, Outcome, Pace, ask
from fewshot.engine.budget import Cost, billed, longest_answer, worst_case
from fewshot.engine.prices import Price
from fewshot.errors import BackendError
from fewshot.records import Completion, Request
from tests.engine.scripted import QUICK, Scripted, asked

PRICE = Price(1000.0, 1000.0, "2026-11-25", "made up: 0.1 cent a token")
IDS = tuple(f"f{i:02}" for i in range(20))
WORST = worst_case(asked("f00")).tokens


class Metered(Scripted):
    """Tells what each answer took, and keeps the most that could have been spent at any moment."""

    def __init__(self, prompt: int | None = 20, completion: int | None = 5, **more: Any) -> None:
        super().__init__(wait=0.002, **more)
        self.prompt, self.completion = prompt, completion
        self.told = self.most_at_risk = 0

    async def answer(self, request: Request) -> Completion:
        self.most_at_risk = max(self.most_at_risk, self.told + (self.flying + 1) * WORST)
        answered = await super().answer(request)
        self.told += (self.prompt or 0) + (self.completion or 0)
        return replace(answered, prompt_tokens=self.prompt, completion_tokens=self.completion)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "responses.jsonl"


def go(path: Path, backend: Scripted, budget: Budget, pace: Pace = QUICK) -> Outcome:
    with Cassette.open(path) as cassette:
        return ask(Job([asked(id) for id in IDS], backend, cassette, pace=pace, budget=budget, price=PRICE))


@pytest.mark.parametrize("concurrency", [1, 4, 64])
def test_tokens_are_never_overspent_and_the_same_command_goes_on(path: Path, concurrency: int) -> None:
    tokens, sessions = WORST + 8 * 25, 0
    backend = Metered()
    while True:
        before = backend.told
        backend.most_at_risk = 0
        outcome = go(path, backend, Budget(tokens=tokens), replace(QUICK, concurrency=concurrency))
        sessions += 1
        assert backend.most_at_risk - before <= tokens
        if outcome.stopped is None:
            break
        left = tokens - (backend.told - before)
        assert outcome.stopped == (
            f"{left} of the budget of {tokens} tokens are left; the next request may take {WORST}"
        )
        assert outcome.unsent > 0
        assert not outcome.failed
    assert sessions == 3, "9 answers a session fit: 8 of them leave room for the worst case of the next"
    assert set(backend.tries.values()) == {1}


def test_dollars(path: Path) -> None:
    backend = Metered()
    outcome = go(path, backend, Budget(usd=(WORST + 100) * 0.001))
    assert outcome.stopped is not None
    assert "of the budget of $" in outcome.stopped
    assert f"the next request may cost ${WORST / 1000:.4f}" in outcome.stopped
    assert len(outcome.answers) == 5
    assert outcome.stats.cost == pytest.approx(0.125)


def test_no_request_fits(path: Path) -> None:
    backend = Metered()
    outcome = go(path, backend, Budget(tokens=WORST - 1))
    assert (backend.tries, outcome.unsent) == ({}, 20)
    assert outcome.stopped is not None


def test_recorded_answers_cost_nothing(path: Path) -> None:
    go(path, Metered(), Budget())
    outcome = go(path, Metered(), Budget(tokens=1))
    assert (outcome.replayed, outcome.stopped) == (20, None)


def test_what_the_server_does_not_tell_counts_as_the_worst_case(path: Path) -> None:
    outcome = go(path, Metered(prompt=None, completion=None), Budget(tokens=3 * WORST))
    assert len(outcome.answers) == 3


def test_what_may_have_been_paid_counts_and_what_was_refused_does_not(path: Path) -> None:
    def script(paid: bool) -> Any:
        error = BackendError("gone", retryable=True, maybe_paid=paid)
        return lambda name, n: error if n == 1 else None

    one = replace(QUICK, concurrency=1)
    outcome = go(path, Metered(script=script(False)), Budget(tokens=2 * WORST + 25), one)
    assert len(outcome.answers) == 8, "8 tries that were refused cost nothing"
    backend = Metered(script=script(True))
    path.unlink()
    outcome = go(path, backend, Budget(tokens=2 * WORST + 25), one)
    assert (len(outcome.answers), sum(backend.tries.values())) == (1, 3), "twice the worst"
    assert outcome.stats.maybe_twice == 1


def test_a_budget_that_ends_beside_waiting_requests_ends_them_too(path: Path) -> None:
    backend = Metered(script=lambda name, n: BackendError("wrong key", fatal=True) if name == "f00" else None)
    outcome = go(path, backend, Budget(tokens=WORST + 1), replace(QUICK, concurrency=8))
    assert outcome.stopped == "wrong key", "the reason that came first"
    assert outcome.unsent == 19


def test_the_worst_case_is_a_bound() -> None:
    request = asked("a", "naïve µ")
    assert worst_case(request).prompt >= len("naïve µ".encode())
    assert worst_case(replace(request, schema={"x": "y" * 1000})).prompt > 1000
    assert worst_case(request).completion == request.max_tokens


@pytest.mark.parametrize(
    ("extra", "most"),
    [({}, 9), ({"max_completion_tokens": 700}, 700), ({"max_tokens": 5, "n": 3}, 15), ({"max_tokens": "x", "n": 0}, 9)],
)
def test_extra_parameters_have_the_last_word(extra: Mapping[str, Any], most: int) -> None:
    assert longest_answer(replace(asked("a"), extra=extra)) == most


def test_what_is_told_is_what_counts() -> None:
    assert billed(Completion("", prompt_tokens=3), Cost(10, 10)) == Cost(3, 10)
