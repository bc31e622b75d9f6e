"""Progress: what is counted, and who hears of it when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fewshot.cassette import Cassette
from fewshot.engine import Job, Pace, Progress, ask
from fewshot.engine.prices import Price
from fewshot.engine.progress import Counter
from fewshot.engine.session import Session
from fewshot.errors import BackendError
from fewshot.records import Completion
from tests.engine.scripted import Scripted, asked


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def pass_(seconds: float) -> None:
        now[0] += seconds

    return pass_


def test_rate_and_time_left_are_of_the_last_half_minute(clock: Callable[[float], None]) -> None:
    counter = Counter(1000, None)
    for _ in range(20):
        clock(1)
        for _ in range(10):
            counter.sent()
            counter.answered()
        now = counter.now()
    assert now.rate == pytest.approx(10)
    assert now.left == pytest.approx(80)
    for _ in range(60):
        clock(1)
        counter.sent()
        counter.answered()
        now = counter.now()
    assert now.rate == pytest.approx(1, rel=0.1), "the first minute is forgotten"


def test_recorded_answers_make_no_rate(clock: Callable[[float], None]) -> None:
    counter = Counter(10, None)
    clock(1)
    for _ in range(5):
        counter.replayed()
    assert (counter.now().rate, counter.now().left) == (0, None)


def test_cost() -> None:
    counter = Counter(None, None, price=Price(2.0, 8.0, "", ""))
    counter.tokens(Completion("", prompt_tokens=1000, completion_tokens=500))
    assert counter.now().cost == 0.006
    assert Counter(None, None).now().cost is None, "unknown is not 0"


def test_a_listener_hears_of_a_server_that_says_nothing(tmp_path: Path) -> None:
    told: list[Progress] = []
    with Cassette.open(tmp_path / "responses.jsonl") as cassette:
        ask(Job([asked("a")], Scripted(wait=1.3), cassette, listen=told.append))
    assert (told[0].done, told[-1].done) == (0, 1)


async def test_ctrl_c_while_a_run_is_stopping_leaves_now(tmp_path: Path) -> None:
    class Hanging(Scripted):
        async def answer(self, request: object) -> Completion:
            if request.id == "a":  # type: ignore[attr-defined]
                await asyncio.sleep(0.05)
                raise BackendError("wrong key", fatal=True)
            await asyncio.sleep(3600)
            return Completion("")

    with Cassette.open(tmp_path / "responses.jsonl") as cassette:
        told: list[Progress] = []
        requests = [asked("a"), asked("b")]
        session = Session(Job(requests, Hanging(), cassette, pace=Pace(concurrency=2), listen=told.append))
        running = asyncio.create_task(session.run())
        while not (told and told[-1].stopping):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        session.interrupt()
        outcome = await asyncio.wait_for(running, 10)
    assert (list(outcome.failed), outcome.unsent, outcome.interrupted) == (["a"], 1, True)
