"""The body of a 200: where servers put text and thought, and which stop ends an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fewshot.errors import BackendError
from fewshot.records import Completion, Example, Request, Scheme
from fewshot.servers.reading import read_completion
from fewshot.servers.secrets import Redactor


def completion(
    choice: dict[str, Any], *, usage: dict[str, Any] | None = None, stop: tuple[str, ...] = (), text: str = ""
) -> Completion:
    api = "completions" if "text" in choice else "chat"
    query, scheme = Example("x", "x", text), Scheme("entities", ("GENEPROD",))
    request = Request("gpt3", None, "m", api, None, "?", 50, 0.0, stop=stop, query=query, scheme=scheme)  # type: ignore[arg-type]
    body = {"choices": [choice]} | ({"usage": usage} if usage else {})
    return read_completion(json.dumps(body).encode(), request, 1.0, {}, Redactor.of())


def said(finish: str = "stop", **message: Any) -> dict[str, Any]:
    return {"message": message, "finish_reason": finish}


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("content", ["", None])
@pytest.mark.parametrize("finish", ["length", "stop"])
def test_an_empty_content_beside_a_thought_is_an_answer(field: str, content: str | None, finish: str) -> None:
    found = completion(said(finish, content=content, **{field: "Let me see."}), usage={"completion_tokens": 40})
    assert (found.text, found.finish_reason, found.reasoning_tokens) == ("", finish, 40)


def test_no_content_and_no_thought_may_be_asked_again() -> None:
    messages: list[dict[str, Any]] = [{"content": None}, {"content": None, "reasoning": ""}, {"content": []}]
    for message in messages:
        with pytest.raises(BackendError, match="content is null") as caught:
            completion(said(**message))
        assert caught.value.retryable


def test_the_tokens_of_a_thought_are_the_server_s_count_or_its_share() -> None:
    counted = {"completion_tokens": 40, "completion_tokens_details": {"reasoning_tokens": 33}}
    assert completion(said(content="p53", reasoning="x" * 9), usage=counted).reasoning_tokens == 33
    assert completion(said(content="p53 ", reasoning="x" * 12), usage={"completion_tokens": 40}).reasoning_tokens == 30
    assert (
        completion(said(content="<think>xxxxx</think>" + "p" * 20), usage={"completion_tokens": 40}).reasoning_tokens
        == 20
    )
    assert completion(said(content="p53", reasoning="x" * 397)).reasoning_tokens == 99
    for usage in (
        None,
        counted | {"completion_tokens_details": {"reasoning_tokens": 0}},
        {"completion_tokens_details": 5},
    ):
        assert completion(said(content="p53"), usage=usage).reasoning_tokens is None


def test_a_content_of_parts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me see."}]}
    found = completion(said(content=[thinking, {"type": "text", "text": "p53, "}, {"type": "text", "text": "MDM2"}]))
    assert (found.text, found.reasoning_tokens) == ("p53, MDM2", 3)
    assert completion(said("length", content=[thinking])).text == ""


THOUGHT = "<think>First.\n\nThen [END].</think>"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"{THOUGHT}p53 [END] x", f"{THOUGHT}p53 "),
        (f"{THOUGHT}p53\n\nLegend:", f"{THOUGHT}p53"),
        (THOUGHT.removeprefix("<think>") + "p53 [END] x", THOUGHT.removeprefix("<think>") + "p53 "),
        (f"[THINK]a [END] b[/THINK]p53{THOUGHT}[END]", f"[THINK]a [END] b[/THINK]p53{THOUGHT}"),
        ("<think>First.\n\nThen [END]", "<think>First.\n\nThen [END]"),
        ("p53 [END] <think>", "p53 "),
    ],
)
def test_a_stop_in_a_thought_ends_nothing(text: str, kept: str) -> None:
    assert completion({"text": text, "finish_reason": "length"}, stop=("\n\n", "[END]")).text == kept


def test_a_stop_behind_a_mark_that_is_the_legend_s_own_ends_the_answer() -> None:
    found = completion(
        {"text": "of <think> tokens [END] x", "finish_reason": "stop"}, stop=("[END]",), text="of <think>"
    )
    assert found.text == "of <think> tokens "


def test_a_million_stops_in_thoughts_take_no_time() -> None:
    text = "<think>\n\n</think>" * 20_000
    assert completion({"text": text, "finish_reason": "stop"}, stop=("\n\n",)).text == text
