"""The engine's bounds, each tried on both sides: budget, patience, attempts, estimates, and what a listener hears."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from fewshot.cassette import Cassette
from fewshot.engine import Budget, Job, Outcome, Progress, ask, predict
from fewshot.engine.budget import Cost, Ledger, billed, longest_answer, worst_case
from fewshot.engine.prices import Price, find
from fewshot.engine.progress import Counter
from fewshot.errors import BackendError, InputError
from fewshot.experiment.running import run
from fewshot.records import Completion, Example, Prediction, Span, Turn
from tests.engine.scripted import QUICK, Scripted, asked, busy

PRICE = Price(2.0, 8.0, "2026-11-25", "a test")


def go(path: Path, backend: Scripted, *ids: str, **more: Any) -> Outcome:
    with Cassette.open(path / "responses.jsonl") as cassette:
        return ask(Job([asked(id) for id in ids], backend, cassette, **({"pace": QUICK} | more)))


# Budget


@pytest.mark.parametrize(("less", "answers"), [(0, 1), (1, 0)])
def test_a_request_that_just_fits_goes(tmp_path: Path, less: int, answers: int) -> None:
    most = worst_case(asked("a"))
    assert len(go(tmp_path, Scripted(), "a", budget=Budget(tokens=most.tokens - less)).answers) == answers
    usd = most.usd(PRICE) - less * 2e-6
    (tmp_path / "usd").mkdir()
    assert len(go(tmp_path / "usd", Scripted(), "a", budget=Budget(usd=usd), price=PRICE).answers) == answers


def test_the_worst_case_counts_bytes_turns_and_schema() -> None:
    request = replace(asked("a"), turns=(Turn("system", "µ"), Turn("user", "abc"), Turn("assistant", "d")))
    assert worst_case(request) == Cost(2 + 3 + 1 + 128 + 3 * 8, 9)
    assert worst_case(replace(request, turns=None, prompt="µabc")) == Cost(5 + 128, 9)
    assert worst_case(replace(request, schema={"a": 1})).prompt == worst_case(request).prompt + len("{'a': 1}")


@pytest.mark.parametrize(
    ("extra", "most"),
    [({"n": 1}, 9), ({"n": 2}, 18), ({"n": 0}, 9), ({"n": -1}, 9), ({"n": "2"}, 9), ({"max_tokens": 3}, 3),
     ({"max_tokens": 3, "max_completion_tokens": 5}, 5), ({"max_tokens": None}, 9)],
)  # fmt: skip
def test_the_room_of_an_answer(extra: dict[str, Any], most: int) -> None:
    assert longest_answer(replace(asked("a"), extra=extra)) == most


def test_costs_are_added_and_taken_off() -> None:
    assert Cost(10, 3) - Cost(4, 1) == Cost(6, 2)
    assert (Cost(10, 3) + Cost(4, 1)).tokens == 18
    assert Cost(1_000_000, 500_000).usd(PRICE) == 6.0
    assert billed(Completion("", completion_tokens=2), Cost(10, 9)) == Cost(10, 2)
    assert billed(Completion("", prompt_tokens=0, completion_tokens=0), Cost(10, 9)) == Cost(0, 0)


async def test_a_ledger_knows_what_is_left() -> None:
    ledger = Ledger(Budget(tokens=100))
    assert await ledger.reserve(Cost(50, 10))
    waiting = asyncio.create_task(ledger.reserve(Cost(41, 0)))
    await asyncio.sleep(0)
    assert not waiting.done(), "what is in flight may still leave enough"
    ledger.settle(Cost(50, 10), Cost(20, 5))
    assert await waiting
    ledger.settle(Cost(41, 0), Cost(41, 0))
    assert (ledger.spent, ledger.reserved) == (Cost(61, 5), Cost(0, 0))
    assert not await ledger.reserve(Cost(35, 0)), "nothing is in flight that could leave more"
    assert ledger.explain(Cost(35, 0)) == (
        "34 of the budget of 100 tokens are left; the next request may take 35"
    )  # fmt: skip


def test_a_budget_in_dollars_needs_a_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with pytest.raises(InputError, match="--budget-usd cannot be kept: no price is known of m at"):
        run("ner", backend="gpt3", model="m", base_url="http://127.0.0.1:9/v1", limit=1, budget_usd=1.0, shots=0)


# Retries


@pytest.mark.parametrize(("more", "tries"), [(0.0, 2), (0.001, 1)])
def test_a_server_may_ask_us_to_wait_as_long_as_our_patience(tmp_path: Path, more: float, tries: int) -> None:
    backend = Scripted(lambda name, n: busy(n, status=429, retry_after=0.01 + more) if n == 1 else None)
    go(tmp_path, backend, "a", pace=replace(QUICK, patience=0.01))
    assert backend.tries["a"] == tries


def test_busy_answers_are_asked_again_until_our_patience_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("fewshot.engine.retries.monotonic", lambda: now[0])

    def script(name: str, n: int) -> BackendError:
        now[0] = 10.0 * n
        return busy(0, status=429)

    backend = Scripted(script)
    outcome = go(tmp_path, backend, "a", pace=replace(QUICK, patience=100.0))
    assert list(outcome.failed) == ["a"]
    assert backend.tries["a"] == 12, "10 s after the first refusal the second came; 110 s after it is too late"


@pytest.mark.parametrize(("alike", "tries"), [(2, 2), (3, 3), (4, 4)])
def test_the_same_words_so_often_are_enough(tmp_path: Path, alike: int, tries: int) -> None:
    backend = Scripted(lambda name, n: busy(0))
    go(tmp_path, backend, "a", pace=replace(QUICK, alike=alike))
    assert backend.tries["a"] == tries


@pytest.mark.parametrize("attempts", [1, 2, 6])
def test_attempts_are_counted(tmp_path: Path, attempts: int) -> None:
    backend = Scripted(lambda name, n: busy(n))
    go(tmp_path, backend, "a", pace=replace(QUICK, attempts=attempts))
    assert backend.tries["a"] == attempts


@pytest.mark.parametrize(
    ("error", "tries"),
    [(BackendError("no", retryable=True, fatal=True), 1), (BackendError("no", retryable=False), 1),
     (BackendError("no", retryable=True), 4)],
)  # fmt: skip
def test_what_is_fatal_is_not_sent_again(tmp_path: Path, error: BackendError, tries: int) -> None:
    backend = Scripted(lambda name, n: error)
    go(tmp_path, backend, "a")
    assert backend.tries["a"] == tries


def test_a_wait_that_the_server_asks_for_is_spread_by_a_tenth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    monkeypatch.setattr("random.uniform", uniform)
    go(tmp_path, Scripted(lambda name, n: busy(n, status=500, retry_after=0.02) if n == 1 else None), "a")
    assert any(low == 0 and high == pytest.approx(0.002) for low, high in drawn)


@pytest.mark.parametrize(("in_a_row", "failed"), [(2, 2), (5, 5)])
def test_so_many_failures_in_a_row_end_a_run(tmp_path: Path, in_a_row: int, failed: int) -> None:
    backend = Scripted(lambda name, n: BackendError("down"))
    pace = replace(QUICK, concurrency=1, in_a_row=in_a_row)
    outcome = go(tmp_path, backend, *(f"f{n}" for n in range(9)), pace=pace)
    assert (len(outcome.failed), outcome.unsent) == (failed, 9 - failed)
    assert outcome.stopped == f"{in_a_row} requests in a row failed for good, the last with: down"


# Progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def test_a_listener_hears_ten_times_a_second_at_most(clock: Callable[[float], None]) -> None:
    heard: list[Progress] = []
    counter = Counter(100, heard.append)
    for _ in range(100):
        clock(0.03)
        counter.answered()
    assert 20 <= len(heard) <= 26
    assert [now.done for now in heard] == sorted({now.done for now in heard})
    counter.tell()
    assert heard[-1].done == 100
    assert heard[-1].seconds == pytest.approx(3.0)


def test_everything_is_counted_once() -> None:
    counter = Counter(9, None, price=PRICE)
    counter.sent()
    counter.tokens(Completion("", prompt_tokens=3, completion_tokens=None))
    counter.tokens(Completion("", prompt_tokens=None, completion_tokens=2))
    counter.answered()
    counter.replayed()
    counter.failed()
    counter.retried(BackendError("x"))
    counter.retried(BackendError("x", maybe_paid=True))
    counter.pushed_back()
    now = counter.now()
    assert (now.done, now.total, now.sent, now.replayed, now.failed) == (3, 9, 1, 1, 1)
    assert (now.retries, now.maybe_twice, now.pushbacks, now.prompt_tokens, now.completion_tokens) == (2, 1, 1, 3, 2)
    assert (now.cost, now.stopping) == (PRICE.of(3, 2), False)
    fresh = Counter(None, None).now()
    assert replace(fresh, seconds=0.0) == Progress()


def test_time_left_is_what_is_left_by_the_rate(clock: Callable[[float], None]) -> None:
    counter = Counter(10, None)
    assert counter.now().left is None
    clock(2.0)
    for _ in range(4):
        counter.sent()
        counter.answered()
    assert (counter.now().rate, counter.now().left) == (2.0, 3.0)
    assert Progress(done=4, total=None, rate=2.0).left is None


def test_the_last_half_minute_counts(clock: Callable[[float], None]) -> None:
    counter = Counter(None, None)
    counter.now()
    for _ in range(10):
        counter.sent()
    clock(31.0)
    counter.now()
    clock(10.0)
    for _ in range(5):
        counter.sent()
    assert counter.now().rate == pytest.approx(0.5), "the ten before are forgotten"


# Prices


@pytest.mark.parametrize(
    ("tier", "known"), [("auto", True), ("default", True), ("standard", True), (None, True), ("flex", False)]
)
def test_another_tier_has_another_price(
    tier: str | None, known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.toml").write_text("[any.m]\ninput = 1\noutput = 2\n['h'.m]\ninput = 3\noutput = 4\n")
    monkeypatch.setenv("FEWSHOT_PRICES", str(tmp_path / "p.toml"))
    found = find("m", "http://h:1/v1", {"service_tier": tier})
    assert (found is not None) == known
    if found:
        assert (found.input, found.output) == (3, 4), "a server's own price before that of any"


@pytest.mark.parametrize("value", ["true", "inf", "nan", "-0.1", "'1'"])
def test_what_is_no_price(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p.toml").write_text(f"[any.m]\ninput = {value}\noutput = 2\n")
    monkeypatch.setenv("FEWSHOT_PRICES", str(tmp_path / "p.toml"))
    with pytest.raises(Exception, match=r"any\.m: input must be dollars"):
        find("m", "http://h:1/v1")


@pytest.mark.parametrize(("status", "pushbacks"), [(429, 1), (503, 0), (529, 0), (500, 0)])
def test_a_pushback_is_a_429(tmp_path: Path, status: int, pushbacks: int) -> None:
    backend = Scripted(lambda name, n: busy(n, status=status) if n == 1 else None)
    stats = go(tmp_path, backend, "a").stats
    assert (stats.pushbacks, stats.retries) == (pushbacks, 1)


class Tagger:
    """A local model that tags the first character."""

    kind: Literal["local"] = "local"
    name, model, digest = "local", "tiny", "0123"
    format: str | None = None
    labelled: int | None = None
    notices: Sequence[str] = ()

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        return (Prediction(example.id, (Span(0, 1, "X"),)) for example in examples)


def test_a_reused_prediction_is_copied_once(tmp_path: Path) -> None:
    examples = [Example("a", "g", "text a"), Example("b", "g", "text b")]
    with Cassette.open(tmp_path / "old.jsonl") as old:
        predict(examples, Tagger(), old, kind="entities")
    path = tmp_path / "new.jsonl"
    with Cassette.open(tmp_path / "old.jsonl", readonly=True) as old, Cassette.open(path) as cassette:
        for _ in range(2):
            found = predict(examples, Tagger(), cassette, kind="entities", reuse=old)
            assert (found.computed, found.replayed) == (0, 2)
    assert path.read_bytes() == (tmp_path / "old.jsonl").read_bytes()


def test_the_rate_is_from_the_start_until_half_a_minute_has_passed(clock: Callable[[float], None]) -> None:
    counter = Counter(None, None)
    clock(2.0)
    for _ in range(4):
        counter.sent()
    assert counter.now().rate == 2.0
