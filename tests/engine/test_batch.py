"""The parts of a job in batches: what is sent, what the budget allows, what files hold, what is kept on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fewshot.cassette import Cassette
from fewshot.cassette import key as key_of
from fewshot.engine import Budget, Job
from fewshot.engine.batch import lines
from fewshot.engine.batch.state import FETCHED, Part, State
from fewshot.engine.batch.stock import MOST_TIMES, Stock
from fewshot.engine.prices import Price
from fewshot.records import Completion, Request, Turn

ONE = Request("gpt3", "http://h/v1/chat/completions", "m", "chat", (Turn("user", "x" * 72),), None, 100, 0.0)
KEYED = {key_of(request): request for request in (replace(ONE, sample=number) for number in range(6))}


def stock(tmp_path: Path, budget: Budget | None = None, price: Price | None = None) -> Stock:
    with Cassette.open(tmp_path / "responses.jsonl") as cassette:
        return Stock(KEYED, KEYED, Job([], None, cassette, budget=budget or Budget(), price=price))


def test_what_is_taken_is_not_taken_twice(tmp_path: Path) -> None:
    held = stock(tmp_path)
    (group,), reason = held.take(0)
    assert (list(group.keys), reason) == (list(KEYED), None)
    assert held.take(0) == ([], None)


def test_a_budget_admits_the_worst_cases_and_then_what_was_not_used(tmp_path: Path) -> None:
    most = 128 + 8 + 72 + 100  # frame, turn, bytes, answer
    held = stock(tmp_path, Budget(tokens=2 * most))
    (group,), reason = held.take(0)
    assert len(group.keys) == 2
    assert reason == f"{2 * most:,} of the budget of {2 * most:,} tokens are left; the next request may take {most:,}"
    for key in group.keys:
        held.settle(key, Completion("", prompt_tokens=10, completion_tokens=0))
        held.answered(key)
    (group,), _ = held.take(0)
    assert len(group.keys) == 1, "20 tokens of two are spent"


def test_dollars_are_those_of_batches_and_of_the_one_request_online(tmp_path: Path) -> None:
    most = 128 + 8 + 72 + 100
    price = Price(1_000_000.0, 1_000_000.0, "", "")  # a dollar a token
    held = stock(tmp_path, Budget(usd=2 * most * 0.5), price)
    assert len(held.take(0)[0][0].keys) == 2
    for online, left in ((most // 2, 1), (most // 2 + 1, 0)):  # its tokens cost twice as much
        held = stock(tmp_path, Budget(usd=most), price)
        held.paid_online(Completion("", prompt_tokens=online, completion_tokens=0))
        assert sum(len(group.keys) for group in held.take(0)[0]) == left


def test_what_comes_back_too_often_has_failed(tmp_path: Path) -> None:
    held = stock(tmp_path)
    for _ in range(MOST_TIMES):
        assert held.take(0)[0]
        held.back(KEYED)
    assert held.pending == {}
    assert set(held.failed.values()) == {f"not answered in {MOST_TIMES} batches"}


def test_requests_without_room_are_a_group_of_their_own(tmp_path: Path) -> None:
    held = stock(tmp_path)
    held.roomless.add(next(iter(KEYED)))
    groups, _ = held.take(1024)
    assert [(len(group.keys), group.roomless) for group in groups] == [(5, False), (1, True)]


def test_a_line_that_alone_is_too_large_is_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_BYTES", 10)
    assert lines.write(tmp_path / "a.jsonl", iter([b"x" * 50 + b"\n", b"y\n"])) == 1


def test_lines_of_answers(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    rows = [
        {"custom_id": "k", "response": {"status_code": 200, "body": {"a": 1}}},
        {"custom_id": "k", "response": None, "error": {"code": "batch_expired", "message": "late"}},
        {"custom_id": "k", "response": {"status_code": "200", "body": {}}},
        {"custom_id": 7},
    ]
    path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows) + b"\n{\n\xff\n" + b"[" * 99_999)
    found = list(lines.answers(path))
    assert [line and (line.status, line.code) for line in found] == [
        (200, ""), (None, "batch_expired"), (None, ""), None, None, None, None,
    ]  # fmt: skip


def test_a_state_comes_back(tmp_path: Path) -> None:
    state = State.read(tmp_path)
    part = state.put(Part(state.new_name(), 3, "/v1/chat/completions", {"stop": "dropped"}, 1024))
    assert State.read(tmp_path).open == [part]
    state.put(part, status=FETCHED)
    assert State.read(tmp_path).open == []
    assert State.read(tmp_path).new_name() == f"{state.name}-2"
