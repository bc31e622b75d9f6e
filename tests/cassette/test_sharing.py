"""Requests by reference: a line holds what is its own, and the whole request is made of it again, byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.cassette import Cassette, key, sharing
from fewshot.cassette.as_json import request_to_json
from fewshot.errors import DataError
from fewshot.files import encoded
from fewshot.records import Completion, Request, Turn
from tests.recorded import answers, whole_lines

TEXTS = st.text(max_size=30)
SHOWN = [Turn("user", "Legend: " + "long " * 100), Turn("assistant", "GENEPROD: p53")]


def chat(*turns: Turn, **more: Any) -> Request:
    return replace(Request("gpt3", "https://x/v1", "m", "chat", turns, None, 9, 0.0), **more)


def completions(*blocks: str) -> Request:
    return Request("gpt3", None, "m", "completions", None, "\n\n".join(blocks), 9, 0.0, stop=("\n",), blocks=blocks)


TURNS = st.lists(st.builds(Turn, st.sampled_from(["system", "user", "assistant"]), TEXTS), min_size=1, max_size=7)
REQUESTS = st.one_of(
    TURNS.map(lambda turns: chat(*turns)),
    st.builds(
        lambda turns, schema, extra: chat(*turns, schema=schema, extra=extra, seed=3, sample=2),
        TURNS,
        st.none() | st.dictionaries(TEXTS, TEXTS),
        st.dictionaries(TEXTS, st.integers()),
    ),
    st.lists(TEXTS, min_size=1, max_size=5).map(lambda blocks: completions(*blocks)),
    TEXTS.map(lambda text: replace(completions(text), blocks=("something", "else"))),  # of another prompt
)


@given(REQUESTS)
def test_the_whole_is_made_again_and_has_the_same_key(request_: Request) -> None:
    short, parts = sharing.Sharer().short(request_)
    again = sharing.whole(json.loads(json.dumps(short)), parts.get)
    assert again == request_to_json(request_)
    assert list(again) == list(request_to_json(request_))
    assert set(sharing.named(short)) == set(parts)


@given(st.lists(REQUESTS, max_size=6, unique_by=key))
def test_what_is_recorded_is_found_whole(tmp_path_factory: pytest.TempPathFactory, requests: list[Request]) -> None:
    path = tmp_path_factory.mktemp("one") / "responses.jsonl"
    with Cassette.open(path) as cassette:
        for number, request in enumerate(requests):
            cassette.append(replace(request, id=f"f{number}"), Completion("x"), [])
    with Cassette.open(path, readonly=True) as cassette:
        for request in requests:
            assert cassette.get(key(request)) is not None, "by its digest"
            assert cassette.get(key(request), request) is not None, "by comparison"
        assert [row for _, row in cassette.requests()] == [request_to_json(request) for request in requests]


def test_a_block_that_reads_like_settings_is_a_block() -> None:
    sharer, plain = sharing.Sharer(), completions("query")
    settings = {field: value for field, value in request_to_json(plain).items() if field not in sharing.OWN}
    hostile = completions(encoded(settings), "query")
    for request in (plain, hostile):
        short, parts = sharer.short(request)
        assert sharing.whole(short, parts.get) == request_to_json(request)


def test_what_requests_share_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "responses.jsonl"
    with Cassette.open(path) as cassette:
        for number in range(50):
            query = Turn("user", f"Legend: number {number}")
            cassette.append(chat(Turn("system", "Mark " * 80), *SHOWN, *SHOWN, query), Completion("none"), ["a", "a"])
    content = path.read_text()
    for shared in ("Mark Mark", "long long", "https://x/v1"):
        assert sum(shared in line for line in content.splitlines()) == 1
    lines = [line for line in content.splitlines() if '"key"' in line]
    assert max(map(len, lines)) < 480
    assert len("\n".join(whole_lines(path))) > 4 * len(content)


def test_lines_of_before_replay_and_go_with_new_ones(tmp_path: Path) -> None:
    path, old = tmp_path / "new.jsonl", tmp_path / "old.jsonl"
    asked = [chat(Turn("system", "Tag."), *SHOWN, Turn("user", text), id=text) for text in ("a", "b", "c")]
    with Cassette.open(path) as cassette:
        for request in asked[:2]:
            cassette.append(request, Completion(request.id), [])
    old.write_text("".join(line + "\n" for line in whole_lines(path)))
    with Cassette.open(old) as cassette:
        assert [cassette.get(key(request), request) for request in asked[:2]] != [None, None]
        cassette.append(asked[2], Completion("c"), [])
    both = tmp_path / "both.jsonl"
    both.write_bytes(old.read_bytes() + path.read_bytes())
    with Cassette.open(both, readonly=True) as cassette:
        assert len(cassette) == 3
        assert all(cassette.get(key(request)) for request in asked)
    assert [row["request"] for row in answers(old)] == [request_to_json(request) for request in asked]


def test_a_copied_line_takes_its_parts_along_once(tmp_path: Path) -> None:
    path, other = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    asked = [chat(Turn("system", "Tag."), *SHOWN, Turn("user", text), id=text) for text in ("a", "b")]
    with Cassette.open(path) as cassette:
        for request in asked:
            cassette.append(request, Completion(request.id), [])
    with Cassette.open(path, readonly=True) as source, Cassette.open(other) as target:
        for request in reversed(asked):
            target.copy(key(request), source)
        assert target.get(key(asked[0])) == source.get(key(asked[0]))
    assert len(other.read_text().splitlines()) == len(path.read_text().splitlines())
    with Cassette.open(other, readonly=True) as target:
        assert target.get(key(asked[1]), asked[1]) is not None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"Tag.", b"Tug.", "refers to the part '[0-9a-f]{16}', which the file does not hold"),
        (b'"same": {', b'"sane": {', "does not hold"),
        (b'"before": [', b'"after": [', "before must be a list of parts"),
        (b'"before": ["', b'"before": [7, "', "refers to the part '7'"),
        (b'"turns": [{"role": "user", "content": "a"}]', b'"prompt": 7', "prompt must be a text|has no prompt"),
        (b'"content": "a"', b'"content": "A"', "the key does not match its request"),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_a_changed_part_or_reference_is_noticed(tmp_path: Path, known: bool, old: bytes, new: bytes, says: str) -> None:
    path = tmp_path / "responses.jsonl"
    request = chat(Turn("system", "Tag."), Turn("user", "a"), id="a")
    with Cassette.open(path) as cassette:
        cassette.append(request, Completion("x"), [])
    assert path.read_bytes().count(old) == 1
    path.write_bytes(path.read_bytes().replace(old, new))
    with Cassette.open(path, readonly=True) as cassette, pytest.raises(DataError, match=rf"jsonl:3: .*({says})"):
        cassette.get(key(request), request if known else None)


def test_a_torn_write_leaves_parts_that_nothing_refers_to(tmp_path: Path) -> None:
    path = tmp_path / "responses.jsonl"
    request = chat(Turn("system", "Tag."), Turn("user", "a"), id="a")
    with Cassette.open(path) as cassette:
        cassette.append(request, Completion("x"), [])
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with Cassette.open(path) as cassette:
            if key(request) not in cassette:
                cassette.append(request, Completion("x"), [])
            assert cassette.get(key(request), request) is not None
        assert path.read_bytes() == whole or path.read_bytes() + b"\n" == whole
