"""Each entity named once, for all its occurrences (`--mentions once`): list and json, from the prompt to the value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot import formats, run, tasks
from fewshot.errors import InputError
from fewshot.prompt.question import Question
from fewshot.prompt.wording import load_template
from fewshot.records import Scheme, Span
from tests.servers.openai_server import OpenAiServer

TEXT = "p53 binds MDM2; p53R2 and p53 do not (P53 is p53)."
ONCE = Scheme("entities", ("GENEPROD", "TISSUE"), (), "once")


def at(surface: str, *starts: int) -> list[Span]:
    return [Span(start, start + len(surface), "GENEPROD") for start in starts]


WHOLE = tuple(sorted([*at("p53", 0, 26, 45), *at("MDM2", 10), *at("p53R2", 16)], key=lambda span: span.start))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("list", "GENEPROD: p53; MDM2; p53R2"),
        ("json", '{"entities": [{"text": "p53", "label": "GENEPROD"}, {"text": "MDM2", "label": "GENEPROD"},'
                 ' {"text": "p53R2", "label": "GENEPROD"}]}'),
    ],
)  # fmt: skip
def test_a_name_is_written_once_and_stands_for_all_its_occurrences(name: str, answer: str) -> None:
    form = formats.get(name, "entities")
    assert form.render(TEXT, WHOLE, ONCE) == answer
    parsed = form.parse(answer, TEXT, ONCE)
    assert (parsed.value, dict(parsed.problems), parsed.unplaced) == (WHOLE, {}, ())


@pytest.mark.parametrize("name", ["list", "json"])
def test_what_is_said_twice_or_does_not_stand_there_is_counted(name: str) -> None:
    form = formats.get(name, "entities")
    said = {"list": "GENEPROD: MDM2; MDM2; p21", "json": json.dumps({"entities": [
        {"text": text, "label": "GENEPROD"} for text in ("MDM2", "MDM2", "p21")]})}[name]  # fmt: skip
    parsed = form.parse(said, TEXT, ONCE)
    assert parsed.value == tuple(at("MDM2", 10))
    assert dict(parsed.problems) == {"duplicate": 1, "not_in_text": 1}
    assert [member.text for member in parsed.unplaced] == ["p21"]


def test_a_name_inside_a_longer_one_is_not_counted_there() -> None:
    text = "TGF-β receptor and TGF-β."
    parsed = formats.get("list", "entities").parse("GENEPROD: TGF-β; TGF-β receptor", text, ONCE)
    assert isinstance(parsed.value, tuple)
    assert [span.cut(text) for span in parsed.value] == ["TGF-β receptor", "TGF-β"]


def test_no_occurrence_is_asked_for_in_the_schema() -> None:
    schema = formats.get("json", "entities").schema(ONCE)
    assert schema is not None
    assert schema["properties"]["entities"]["items"]["required"] == ["text", "label"]


@given(
    st.lists(st.sampled_from(["p53", "ATM", "Chk2", "IFN-γ"]), min_size=1, max_size=8),
    st.sampled_from(["list", "json"]),
)
def test_words_come_back_wherever_they_stand(words: list[str], name: str) -> None:
    text, spans = "", []
    for word in words:
        spans.append(Span(len(text), len(text) + len(word), "GENEPROD"))
        text += f"{word}, "
    form = formats.get(name, "entities")
    assert form.parse(form.render(text, tuple(spans), ONCE), text, ONCE).value == tuple(spans)


@pytest.mark.parametrize(
    ("task", "format"),
    [("ner", "copy_tag"), ("ner", None), ("panelization", "list"), ("roles", "list"), ("causal", "json")],
)
def test_once_goes_with_entities_in_list_and_json_only(task: str, format: str | None) -> None:
    with pytest.raises(InputError, match="--mentions once goes with entities in format json or list, not with"):
        Question.of(tasks.get(task), format, (), "once")
    with pytest.raises(InputError, match="--mentions must be every or once, not twice"):
        run("ner", mentions="twice")  # type: ignore[arg-type]


@pytest.mark.parametrize("format", ["list", "json"])
def test_a_run_says_it_in_prompt_and_signature(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    twice = [{"start": start, "end": start + 3, "label": "GENEPROD"} for start in (0, 9)]
    gold = [{"start": span.start, "end": span.end, "label": span.label} for span in WHOLE]
    rows: list[dict[str, Any]] = [
        {"id": "d", "text": "p21 with p21.", "split": "train", "entities": twice},
        {"id": "q", "text": TEXT, "split": "test", "entities": gold},
    ]
    Path("data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    answer = formats.get(format, "entities").render(TEXT, WHOLE, ONCE)
    with OpenAiServer(answers=answer) as server:
        done = run("ner", data="data.jsonl", backend="gpt3", model="m", base_url=server.base_url, format=format,
                   mentions="once", shots=1, out="run")  # fmt: skip
        turns = server.posts[0].body["messages"]
    assert turns[0]["content"].startswith(load_template("ner", format, mentions="once").system.split("\n")[0])
    assert turns[2]["content"].count("p21") == 1, "the demonstration names each once"
    assert done.result.signature["mentions"] == "once"
    assert done.result.scores["strict.micro.f1"] == 1.0
