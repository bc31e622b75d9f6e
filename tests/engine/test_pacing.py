"""Pacing: limits kept before the server has to say so. The clock is ours, so nothing here waits or is timed."""

from __future__ import annotations

import asyncio

import pytest

from fewshot.engine.pacing import Bucket, Pacer, Ticket
from fewshot.records import Allowance, Limits


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _sleep_is_the_clock_s(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(self: Pacer, seconds: float) -> None:
        if self.in_flight >= int(self.window):
            raise TimeoutError("nobody lands here")
        clock.now += seconds

    monkeypatch.setattr(Pacer, "_sleep", sleep)
    monkeypatch.setattr("random.uniform", lambda low, high: low)


async def admitted(pacer: Pacer, tokens: float = 0.0) -> Ticket:
    ticket = await pacer.admit(tokens)
    assert ticket is not None
    return ticket


async def drive(pacer: Pacer, count: int, tokens: float = 0.0) -> None:
    for _ in range(count):
        pacer.answered(await admitted(pacer, tokens))


def told(**said: Allowance) -> Limits:
    return Limits(**said)


def test_a_bucket_holds_no_more_than_its_size_and_may_be_in_debt() -> None:
    bucket = Bucket(rate=2, size=4, level=4, at=0)
    assert bucket.wait(4, now=100) == 0
    bucket.take(10, now=100)
    assert bucket.wait(1, now=100) == 3.5
    assert bucket.wait(1, now=103.5) == 0
    assert bucket.wait(99, now=105) == 0, "more than it ever holds: as much as it holds"
    bucket.take(-50, now=105)
    assert bucket.level == 4, "given back"


async def test_requests_a_minute_are_kept(clock: Clock) -> None:
    pacer = Pacer(64, rpm=600, clock=clock)
    await drive(pacer, 9)
    assert clock.now == 100, "nearly a second's worth may go at once"
    await drive(pacer, 50)
    assert clock.now == pytest.approx(105)


async def test_tokens_a_minute_are_kept_and_what_was_not_used_is_given_back(clock: Clock) -> None:
    pacer = Pacer(64, tpm=6000, clock=clock)  # 100 a second, 90 at once
    ticket = await admitted(pacer, 90)
    assert clock.now == 100
    pacer.answered(await admitted(pacer, 90), used=90)
    assert clock.now == pytest.approx(100.9)
    pacer.answered(ticket, used=20)
    await drive(pacer, 1, tokens=70)
    assert clock.now == pytest.approx(100.9), "70 were given back"
    await drive(pacer, 1, tokens=5000)
    assert clock.now == pytest.approx(101.8), "more than the bucket holds: once it is full"


async def test_what_the_headers_say_is_kept(clock: Clock) -> None:
    pacer = Pacer(64, clock=clock)
    first = await admitted(pacer)
    others = [await admitted(pacer) for _ in range(3)]  # sent after it, so not in what the server said
    pacer.answered(first, limits=told(requests=Allowance(most=20, left=10, reset=1.0)))  # 10 a second
    await drive(pacer, 7)
    assert clock.now == 100
    await drive(pacer, 10)
    assert clock.now == pytest.approx(101)
    pacer.answered(others[0], limits=told(requests=Allowance(20, 20, 0)))
    await drive(pacer, 1)
    assert clock.now == pytest.approx(101), "there is more than we thought, and still at 10 a second"


async def test_an_older_word_does_not_count(clock: Clock) -> None:
    pacer = Pacer(64, clock=clock)
    first, second = await admitted(pacer), await admitted(pacer)
    pacer.answered(second, limits=told(requests=Allowance(10, 0, 1.0)))
    pacer.answered(first, limits=told(requests=Allowance(10, 9, 0.1)))
    await drive(pacer, 1)
    assert clock.now == pytest.approx(100.1)


async def test_tokens_in_headers(clock: Clock) -> None:
    pacer = Pacer(64, clock=clock)
    first = await admitted(pacer, 500)
    await admitted(pacer, 300)
    pacer.answered(first, limits=told(tokens=Allowance(most=1000, left=400, reset=6.0)))  # 100 a second
    await drive(pacer, 1, tokens=100)
    assert clock.now == 100
    await drive(pacer, 1, tokens=200)
    assert clock.now == pytest.approx(102)


async def test_a_limit_without_a_reset_is_one_a_minute(clock: Clock) -> None:
    pacer = Pacer(64, clock=clock)
    pacer.answered(await admitted(pacer), limits=told(requests=Allowance(most=60, left=0)))
    await drive(pacer, 2)
    assert clock.now == pytest.approx(102)


async def test_a_learned_limit_is_tried_after_all_and_a_given_one_is_not(clock: Clock) -> None:
    pacer = Pacer(64, clock=clock, patience=30)
    pacer.answered(await admitted(pacer), limits=told(requests=Allowance(most=10, left=0, reset=80000)))
    await drive(pacer, 1)
    assert clock.now == pytest.approx(130)
    pacer = Pacer(64, rpm=0.5, clock=clock, patience=30)
    await drive(pacer, 2)
    assert clock.now == pytest.approx(250)


async def test_retry_after_holds_everybody(clock: Clock) -> None:
    pacer = Pacer(64, clock=clock)
    pacer.pushed_back(await admitted(pacer), wait=3.0)
    await drive(pacer, 5)
    assert clock.now == pytest.approx(103)


async def test_the_window_is_halved_once_a_round_and_grows_by_one(clock: Clock) -> None:
    pacer = Pacer(32, clock=clock)
    round_ = [await admitted(pacer) for _ in range(32)]
    for ticket in round_:
        pacer.pushed_back(ticket, wait=None)
    assert pacer.window == 16, "32 refusals of one round are one"
    round_ = [await admitted(pacer) for _ in range(16)]
    with pytest.raises(TimeoutError):
        await pacer.admit()
    for ticket in round_:
        pacer.answered(ticket)
    assert 16.9 < pacer.window < 17.1
    for _ in range(10):
        pacer.pushed_back(await admitted(pacer), wait=None)
    assert pacer.window == 1, "never none"
    await drive(pacer, 2000)
    assert pacer.window == 32, "never more than was asked for"


async def test_a_503_now_and_then_cuts_no_window(clock: Clock) -> None:
    pacer = Pacer(32, clock=clock)
    for _ in range(20):
        round_ = [await admitted(pacer) for _ in range(32)]
        for number, ticket in enumerate(round_):
            if number % 16 == 3:
                pacer.pushed_back(ticket, wait=None)
            else:
                pacer.answered(ticket)
    assert pacer.window == 32
    for ticket in [await admitted(pacer) for _ in range(32)]:
        pacer.pushed_back(ticket, wait=None)
    assert pacer.window == 16


async def test_a_failure_leaves_the_window_as_it_is(clock: Clock) -> None:
    pacer = Pacer(8, clock=clock)
    pacer.failed(await admitted(pacer))
    assert (pacer.window, pacer.in_flight) == (8, 0)


async def test_nobody_is_let_through_after_the_end(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pacer = Pacer(1)
    await admitted(pacer)
    waiting = [asyncio.create_task(pacer.admit()) for _ in range(3)]
    await asyncio.sleep(0)
    pacer.close()
    assert await asyncio.wait_for(asyncio.gather(*waiting), 5) == [None] * 3
    assert await pacer.admit() is None


async def test_first_come_first_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pacer, order = Pacer(1), list[int]()

    async def one(number: int) -> None:
        ticket = await admitted(pacer)
        order.append(number)
        await asyncio.sleep(0)
        pacer.answered(ticket)

    await asyncio.wait_for(asyncio.gather(*map(one, range(20))), 5)
    assert order == list(range(20))
