"""The engine: nothing asked twice, nothing lost, no more at a time than allowed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from fewshot.cassette import Cassette, key
from fewshot.cassette.journal import Journal
from fewshot.engine import Job, Outcome, Pace, Progress, aask, ask, predict
from fewshot.errors import BackendError, ReplayError, RunFolderError
from fewshot.records import Example, Prediction, Request, Span
from tests.engine.scripted import QUICK, Scripted, asked, busy


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "responses.jsonl"


def go(path: Path, backend: Scripted | None, *ids: str, **more: object) -> Outcome:
    with Cassette.open(path) as cassette:
        return ask(Job([asked(id) for id in ids], backend, cassette, **({"pace": QUICK} | more)))  # type: ignore[arg-type]


IDS = tuple(f"f{i}" for i in range(30))


def test_each_request_is_asked_once_and_never_again(path: Path) -> None:
    backend = Scripted()
    outcome = go(path, backend, *IDS[:20])
    assert (outcome.sent, outcome.replayed, outcome.stopped, outcome.unsent) == (20, 0, None, 0)
    assert outcome.answers[key(asked("f3"))].text == "f3"
    assert outcome.stats.prompt_tokens == 40
    assert backend.closed
    shuffled = random.Random(1).sample(IDS, len(IDS))
    outcome = go(path, backend, *shuffled)
    assert (outcome.sent, outcome.replayed) == (10, 20)
    assert set(backend.tries.values()) == {1}
    assert {key(asked(id)): id for id in IDS} == {name: c.text for name, c in outcome.answers.items()}


def test_an_answer_is_on_disk_before_it_counts(path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with Cassette.open(path) as cassette:
        listen = lambda now: seen.append((now.done, path.read_bytes().count(b'"key"')))  # noqa: E731
        requests = [asked(id) for id in IDS]
        ask(Job(requests, Scripted(wait=0.02), cassette, pace=QUICK, listen=listen))
    assert len(seen) > 1
    assert seen[-1] == (30, 30)
    assert all(done <= written for done, written in seen)


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_no_more_in_flight_than_allowed(path: Path, concurrency: int) -> None:
    backend = Scripted(wait=0.003)
    go(path, backend, *IDS, pace=Pace(concurrency=concurrency))
    assert backend.most == concurrency


def test_a_generator_is_drawn_from_only_as_far_as_workers_are_free(path: Path) -> None:
    backend = Scripted(wait=0.001)
    ahead: list[int] = []

    def stream() -> Iterator[Request]:
        for i in range(50):
            ahead.append(i - sum(backend.tries.values()))
            yield asked(f"g{i}")

    with Cassette.open(path) as cassette:
        outcome = ask(Job(stream(), backend, cassette, pace=QUICK))
    assert outcome.stats.done == 50
    assert outcome.stats.total is None
    assert max(ahead) <= QUICK.concurrency


def test_the_same_question_under_two_ids_is_asked_once(path: Path) -> None:
    backend = Scripted(wait=0.002)
    with Cassette.open(path) as cassette:
        outcome = ask(Job([asked("a", "x"), asked("b", "x"), asked("c", "x")], backend, cassette, pace=QUICK))
    assert sum(backend.tries.values()) == 1
    assert (outcome.stats.done, len(outcome.answers)) == (3, 1)
    backend = Scripted(lambda name, n: BackendError("bad request"))
    with Cassette.open(path.with_name("2.jsonl")) as cassette:
        outcome = ask(Job([asked("a", "x"), asked("b", "x")], backend, cassette, pace=QUICK))
    assert outcome.failed == {"a": "bad request", "b": "bad request"}
    assert sum(backend.tries.values()) == 1


def test_what_is_retryable_is_tried_again(path: Path) -> None:
    backend = Scripted(lambda name, n: busy(n) if n <= 3 else None)
    outcome = go(path, backend, "a", "b")
    assert backend.tries == {"a": 4, "b": 4}
    assert (outcome.stats.retries, outcome.failed, outcome.sent) == (6, {}, 2)


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (busy, 6),  # all attempts
        (lambda n: busy(0), 4),  # word for word
        (lambda n: busy(0, retry_after=0.001), 6),  # the server asks to wait: no failure
        (lambda n: busy(n, status=500, retry_after=0.001), 6),
        (lambda n: busy(n, status=503), 6),
        (lambda n: busy(n, retry_after=3600), 1),  # longer than our patience
        (lambda n: BackendError("bad request"), 1),
    ],
)
def test_when_a_request_fails_for_good(path: Path, error: Callable[[int], BackendError], tries: int) -> None:
    backend = Scripted(lambda name, n: error(n) if name == "bad" else None)
    outcome = go(path, backend, "a", "bad", "b")
    assert backend.tries["bad"] == tries
    assert list(outcome.failed) == ["bad"]
    assert len(outcome.answers) == 2
    assert outcome.stopped is None
    assert b'"bad"' not in path.read_bytes()


def test_retry_after_is_obeyed(path: Path) -> None:
    start = time.monotonic()
    go(path, Scripted(lambda name, n: busy(n, retry_after=0.2) if n == 1 else None), "a")
    assert 0.2 <= time.monotonic() - start < 2


def test_back_off_is_jittered_and_grows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.0

    monkeypatch.setattr("random.uniform", uniform)
    go(path, Scripted(lambda name, n: busy(n)), "a", pace=Pace(base=1, cap=5))
    assert drawn[:5] == [(0, 1), (0, 2), (0, 4), (0, 5), (0, 5)]  # tenacity draws once more, for nothing


def test_a_fatal_error_stops_the_run_with_one_message(path: Path) -> None:
    go(path, Scripted(), "f28", "f29")
    backend = Scripted(lambda name, n: BackendError("wrong key", fatal=True), wait=0.001)
    outcome = go(path, backend, *IDS)
    assert outcome.stopped == "wrong key"
    assert sum(backend.tries.values()) <= QUICK.concurrency
    assert outcome.replayed == 2  # what is recorded is still taken
    assert len(outcome.failed) + outcome.unsent + outcome.replayed == 30


def test_five_failures_in_a_row_stop_the_run(path: Path) -> None:
    backend = Scripted(lambda name, n: BackendError("server down"))
    outcome = go(path, backend, *IDS, pace=Pace(concurrency=1))
    assert outcome.stopped == "5 requests in a row failed for good, the last with: server down"
    assert (len(outcome.failed), outcome.unsent) == (5, 25)
    spread = Scripted(lambda name, n: None if int(name[1:]) % 5 == 0 else BackendError("no"))
    outcome = go(path, spread, *IDS, pace=Pace(concurrency=1))
    assert outcome.stopped is None
    assert len(outcome.failed) == 24


def test_stopping_does_not_wait_for_back_offs(path: Path) -> None:
    def script(id: str, n: int) -> BackendError:
        return BackendError("wrong key", fatal=True) if id == "b" else busy(n, retry_after=30)

    start = time.monotonic()
    outcome = go(path, Scripted(script, wait=0.01), "a", "b")
    assert time.monotonic() - start < 5
    assert (list(outcome.failed), outcome.unsent) == (["b"], 1)


def test_an_unknown_exception_of_a_backend_is_a_failed_request(path: Path) -> None:
    backend = Scripted(lambda name, n: ZeroDivisionError("bug") if name == "f0" else None)
    outcome = go(path, backend, *IDS)
    assert len(outcome.answers) == len(IDS) - 1
    assert (outcome.stopped, backend.tries["f0"]) == (None, 1)
    assert outcome.failed["f0"].startswith("backend fake failed on this request: ZeroDivisionError: bug (scripted.py:")


def test_strict_replay(path: Path) -> None:
    go(path, Scripted(), "a", "b")
    with Cassette.open(path, readonly=True) as cassette:
        assert ask(Job([asked("b"), asked("a")], None, cassette, strict=True)).replayed == 2
        with pytest.raises(ReplayError) as caught:
            ask(Job([asked("a"), asked("b", "legend of B")], None, cassette, strict=True))
    assert "line 3, id b) differs in turns[0] (user) at character 10" in str(caught.value)
    assert f"--reuse {path.parent} asks only for what is missing" in str(caught.value)


def test_reuse_copies_lines_and_asks_the_rest(path: Path) -> None:
    go(path, Scripted(), "a", "b")
    backend, new = Scripted(), path.with_name("new.jsonl")
    with Cassette.open(path, readonly=True) as other:
        outcome = go(new, backend, "b", "c", reuse=other)
    assert (outcome.replayed, outcome.sent, backend.tries) == (1, 1, {"c": 1})
    assert new.read_bytes().splitlines()[:2] == [path.read_bytes().splitlines()[at] for at in (0, 2)]
    with (
        Cassette.open(new, readonly=True) as other,
        Cassette.open(path.with_name("3.jsonl")) as cassette,
        pytest.raises(ReplayError, match=r"new\.jsonl has no answer"),
    ):
        ask(Job([asked("z")], None, cassette, reuse=other, strict=True))


def test_a_full_disk_stops_the_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(journal: Journal, data: bytes) -> int:
        raise RunFolderError(f"cannot write {journal.path}: No space left on device")

    monkeypatch.setattr(Journal, "_write", full)
    backend = Scripted()
    with pytest.raises(RunFolderError, match="No space left"):
        go(path, backend, *IDS)
    assert sum(backend.tries.values()) <= QUICK.concurrency


async def test_inside_a_running_loop(path: Path) -> None:
    assert len(go(path, Scripted(), "a").answers) == 1
    backend = Scripted()
    with Cassette.open(path) as cassette:
        assert (await aask(Job([asked("b")], backend, cassette))).sent == 1
    assert not backend.closed


CHILD = """
import asyncio, sys
from pathlib import Path
from fewshot.cassette import Cassette
from fewshot.engine import Job, Pace, ask
from fewshot.records import Completion, Request, Turn

class Slow:
    kind, name, model, endpoint, api, notices = "prompted", "fake", "m", None, "chat", ()
    async def answer(self, request):
        with open(sys.argv[2], "a") as log:
            log.write(request.id + "\\n")
        await asyncio.sleep(float(sys.argv[3]))
        return Completion(request.id)
    async def close(self): pass

with Cassette.open(Path(sys.argv[1])) as cassette:
    turns = [(Turn("user", f"t{i}"),) for i in range(60)]
    requests = [Request("fake", None, "m", "chat", t, None, 9, 0.0, id=t[0].content) for t in turns]
    ask(Job(requests, Slow(), cassette, pace=Pace(concurrency=4)))
print("complete")
"""


def child(path: Path, seconds: float = 0.02) -> subprocess.Popen[str]:
    args = [sys.executable, "-c", CHILD, str(path), str(path.with_name("log")), str(seconds)]
    return subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until_lines(path: Path, count: int, of: bytes = b'"key"') -> None:
    end = time.monotonic() + 20
    while not (path.exists() and path.read_bytes().count(of) >= count):
        assert time.monotonic() < end
        time.sleep(0.005)


def test_kill_nine_then_continue_asks_no_recorded_request_again(path: Path) -> None:
    first = child(path)
    until_lines(path, 9)
    first.kill()
    first.communicate()
    with Cassette.open(path, readonly=True) as cassette:
        recorded = cassette.ids()
    assert 9 <= len(recorded) < 60
    before = path.with_name("log").read_text().split()
    assert len(before) - len(recorded) <= 4  # what was in flight
    path.with_name("log").unlink()
    second = child(path, 0.001)
    assert "complete" in second.communicate()[0]
    again = path.with_name("log").read_text().split()
    assert not set(again) & set(recorded)
    assert len(again) == 60 - len(recorded)


def test_one_interrupt_waits_for_what_is_in_flight(path: Path) -> None:
    running = child(path, 0.1)
    until_lines(path, 4)
    os.kill(running.pid, signal.SIGINT)
    out, err = running.communicate()
    assert "KeyboardInterrupt" in err
    assert "complete" not in out
    with Cassette.open(path) as cassette:
        assert set(cassette.ids()) == set(path.with_name("log").read_text().split())
        assert len(cassette) < 60


def test_a_second_interrupt_leaves_now(path: Path) -> None:
    running = child(path, 60)
    until_lines(path.with_name("log"), 4, b"\n")
    start = time.monotonic()
    os.kill(running.pid, signal.SIGINT)
    time.sleep(0.3)
    assert running.poll() is None
    os.kill(running.pid, signal.SIGINT)
    assert "KeyboardInterrupt" in running.communicate(timeout=20)[1]
    assert time.monotonic() - start < 10
    with Cassette.open(path) as cassette:
        assert len(cassette) == 0


class Tagger:
    """A local model that tags the first four characters."""

    kind: Literal["local"] = "local"
    name, model, digest = "local", "tiny", "0123"
    format: str | None = None
    labelled: int | None = None
    notices: Sequence[str] = ()

    def __init__(self) -> None:
        self.seen: list[str] = []

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        for example in reversed(examples):
            self.seen.append(example.id)
            yield Prediction(example.id, (Span(0, 4, "X", confidence=1 / 3),))


def test_local_predictions_are_recorded_and_taken(path: Path) -> None:
    examples = [Example(f"e{i}", "g", f"text {i}") for i in range(4)]
    examples.append(replace(examples[0], id="twin"))
    model, told = Tagger(), list[Progress]()
    with Cassette.open(path) as cassette:
        first = predict(examples[:2], model, cassette, kind="entities")
        found = predict(examples, model, cassette, kind="entities", listen=told.append)
    assert model.seen == ["e1", "e0", "e3", "e2"]
    assert set(found.predictions) == {"e0", "e1", "e2", "e3", "twin"}
    assert found.predictions["e0"] == first.predictions["e0"]
    twin = found.predictions["twin"]
    span = twin.value[0]  # type: ignore[index]
    assert (twin.id, span.confidence) == ("twin", 1 / 3)
    assert (told[-1].done, told[-1].replayed, told[-1].sent) == (5, 3, 2)
    with Cassette.open(path, readonly=True) as cassette:
        again = predict(examples, model, cassette, kind="entities", strict=True)
        assert again.predictions == found.predictions
        assert (again.computed, again.replayed) == (0, 5)
        with pytest.raises(ReplayError, match="has no prediction of local for new"):
            predict([Example("new", "g", "other")], model, cassette, kind="entities", strict=True)


def test_given_entities_are_part_of_a_local_key_of_roles_only(path: Path) -> None:
    plain = Example("a", "g", "text 1", entities=())
    other = replace(plain, entities=(Span(0, 4, "GENE"),))
    with Cassette.open(path) as cassette:
        for kind, lines in (("entities", 1), ("roles", 3)):
            for example in (plain, other):
                predict([example], Tagger(), cassette, kind=kind)  # type: ignore[arg-type]
            assert len(cassette) == lines
