"""The numbers of the pacer: each bound is tried on both sides. The clock is ours, so nothing waits."""

from __future__ import annotations

import asyncio

import pytest

from fewshot.engine.pacing import Pacer, Ticket
from fewshot.records import Allowance, Limits


class Clock:
    """Time that passes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()

    async def sleep(self: Pacer, seconds: float) -> None:
        clock.now += seconds

    monkeypatch.setattr(Pacer, "_sleep", sleep)
    return clock


async def admitted(pacer: Pacer, tokens: float = 0.0) -> Ticket:
    ticket = await pacer.admit(tokens)
    assert ticket is not None
    return ticket


@pytest.mark.parametrize(("concurrency", "spared", "cut"), [(40, 4, 5), (20, 2, 3), (8, 0, 1)])
async def test_a_tenth_of_a_round_may_be_pushed_back(concurrency: int, spared: int, cut: int, clock: Clock) -> None:
    for refused, window in ((spared, concurrency), (cut, concurrency / 2)):
        pacer = Pacer(concurrency, clock=clock)
        for number, ticket in enumerate([await admitted(pacer) for _ in range(concurrency)]):
            if number < refused:
                pacer.pushed_back(ticket, wait=None)
            else:
                pacer.failed(ticket)  # lands, and says nothing of how busy the server is
        assert pacer.window == window


async def test_a_round_counts_its_own_refusals_only(clock: Clock) -> None:
    pacer = Pacer(40, clock=clock)
    for _ in range(3):
        for number, ticket in enumerate([await admitted(pacer) for _ in range(40)]):
            (pacer.failed if number >= 4 else lambda ticket: pacer.pushed_back(ticket, None))(ticket)
    assert pacer.window == 40


@pytest.mark.parametrize(("rpm", "at_once"), [(600, 9), (6000, 90), (60, 1), (6, 1)])
async def test_nine_tenths_of_a_second_may_go_at_once(rpm: float, at_once: int, clock: Clock) -> None:
    pacer = Pacer(1000, rpm=rpm, clock=clock)
    for _ in range(at_once):
        await admitted(pacer)
    assert clock.now == 100
    await admitted(pacer)
    assert clock.now == pytest.approx(100 + 60 / rpm)


@pytest.mark.parametrize(("draw", "until"), [(0, 110.0), (1, 110.5)])
async def test_what_retry_after_says_is_kept_and_a_twentieth_more_at_most(
    draw: int, until: float, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: (low, high)[draw])
    pacer = Pacer(8, clock=clock)
    pacer.pushed_back(await admitted(pacer), wait=10.0)
    await admitted(pacer)
    assert clock.now == pytest.approx(until)


async def test_the_longest_of_several_waits_counts(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: low)
    pacer = Pacer(8, clock=clock)
    first, second = await admitted(pacer), await admitted(pacer)
    pacer.pushed_back(first, wait=10.0)
    pacer.pushed_back(second, wait=2.0)
    await admitted(pacer)
    assert clock.now == pytest.approx(110)


async def test_requests_and_tokens_each_have_their_limit(clock: Clock) -> None:
    pacer = Pacer(8, rpm=6000, tpm=600, clock=clock)  # 100 requests and 10 tokens a second
    await admitted(pacer, 9)
    await admitted(pacer, 5)
    assert clock.now == pytest.approx(100.5)
    pacer = Pacer(8, rpm=60, tpm=60_000, clock=clock)
    await admitted(pacer, 5)
    await admitted(pacer, 5)
    assert clock.now == pytest.approx(101.5)


async def test_a_limit_that_was_used_up_to_the_last_one_tells_its_rate(clock: Clock) -> None:
    """One of ten is gone and back in 2 s: half a request a second."""
    pacer = Pacer(64, clock=clock)
    pacer.answered(await admitted(pacer), limits=Limits(requests=Allowance(most=10, left=9, reset=2.0)))
    for _ in range(9):
        await admitted(pacer)
    assert clock.now == 100
    await admitted(pacer)
    assert clock.now == pytest.approx(102)


async def test_a_landing_lets_the_next_one_go() -> None:
    pacer = Pacer(2)
    first = await admitted(pacer)
    await admitted(pacer)
    third = asyncio.create_task(pacer.admit())
    await asyncio.sleep(0)
    assert not third.done()
    pacer.answered(first)
    assert await asyncio.wait_for(third, 5) is not None
