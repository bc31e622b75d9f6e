"""One try: what the pacer hears of it, and what the flags have to do with that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fewshot import engine
from fewshot.engine import Budget, Job, Outcome, Pace
from fewshot.engine.budget import Ledger
from fewshot.engine.pacing import Pacer, Ticket
from fewshot.engine.progress import Counter
from fewshot.engine.sender import RunEnding, Sender
from fewshot.errors import BackendError
from fewshot.experiment.running import run
from fewshot.records import Allowance, Completion, Limits, Request
from tests.engine.scripted import Scripted, asked, busy


class Telling(Scripted):
    """Tells its limits beside an answer."""

    async def answer(self, request: Request) -> Completion:
        return replace(await super().answer(request), limits=Limits(requests=Allowance(10, 4, 3.0)))


def sender(backend: Scripted, **pace: Any) -> Sender:
    told: list[str] = []
    return Sender(backend, Pace(**pace), Ledger(Budget()), Counter(None, None), out_of_budget=told.append)


async def test_the_limits_beside_an_answer_pace_the_next() -> None:
    one = sender(Telling())
    await one.send(asked("a"))
    bucket = one.pacer._requests.bucket
    assert bucket is not None
    assert (bucket.rate, bucket.size, bucket.level) == (2, 10, 4)
    assert one.pacer.in_flight == 0


@pytest.mark.parametrize(
    ("error", "window", "waits"),
    [
        (busy(1, status=429, retry_after=100), 4, True),
        (busy(1, status=503), 4, False),
        (busy(1, status=529, retry_after=100), 4, True),
        (busy(1, status=500, retry_after=100), 8, False),
        (busy(1), 8, False),
        (busy(1, status=429, retry_after=3600), 4, False),
    ],
)
async def test_what_is_busy_slows_everybody_down_and_what_is_broken_nobody(
    error: BackendError, window: float, waits: bool
) -> None:
    one = sender(Scripted(lambda name, n: error), concurrency=8)
    with pytest.raises(BackendError):
        await one.send(asked("a"))
    assert one.pacer.window == window
    assert (one.pacer._wait(0) > 50) == waits, "longer than our patience: that is no wait but a failure"
    assert one.pacer.in_flight == 0


async def test_nothing_is_sent_after_the_end() -> None:
    backend = Scripted()
    one = sender(backend)
    one.close()
    with pytest.raises(RunEnding):
        await one.send(asked("a"))
    assert not backend.tries


async def test_tokens_are_estimated_as_the_server_has_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    one = sender(Scripted(), tpm=10**9)
    most = 128 + 8 + len("legend of a")
    bucket = one.pacer._given[1]
    assert bucket is not None
    full = bucket.size
    taken: list[float] = []
    true_admit = Pacer.admit

    async def admit(self: Pacer, tokens: float = 0.0) -> Ticket | None:
        taken.append(tokens)
        return await true_admit(self, tokens)

    monkeypatch.setattr(Pacer, "admit", admit)
    await one.send(asked("a"))
    await one.send(asked("b"))
    assert taken == [most / 4 + 9, pytest.approx(2 + 9)], "a quarter token a byte, then as it was: 2 for as much"
    assert bucket.level == pytest.approx(full, abs=10), "what was not used is given back"


def test_the_flags_reach_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Job] = []

    def ask(job: Job) -> Outcome:
        jobs.append(job)
        return Outcome(stopped="enough")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engine, "ask", ask)
    flags: dict[str, Any] = {"concurrency": 3, "rpm": 50.0, "tpm": 9000.0, "budget_tokens": 77}
    run("ner", backend="gpt3", model="m", base_url="http://127.0.0.1:9/v1", limit=1, **flags)
    assert jobs[0].pace == Pace(concurrency=3, rpm=50, tpm=9000)
    assert jobs[0].budget == Budget(tokens=77)
