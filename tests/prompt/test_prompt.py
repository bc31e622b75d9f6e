"""Prompts: their exact bytes, and that legends go into them unchanged."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from fewshot import discovery, formats, prompt, tasks
from fewshot.errors import DataError, InputError
from fewshot.prompt import PromptBuilder, Sampling, Target, definitions, tokens
from fewshot.prompt.question import Question
from fewshot.prompt.wording import ResolvedPrompt, Template, load_template, resolve
from fewshot.records import PANEL, Api, Example, Hypothesis, Member, Span


class Golden(Protocol):
    def check(self, name: str, text: str) -> None: ...


def example(id_: str, text: str, *entities: tuple[str, str, str], panels: dict[str, tuple[str, ...]]) -> Example:
    """A fully labelled example; surfaces are found at their first occurrence."""

    def at(surface: str, label: str, **more: Any) -> Span:
        return Span(text.index(surface), text.index(surface) + len(surface), label, **more)

    spans = sorted((at(s, label, role=role) for s, label, role in entities), key=lambda span: span.start)
    members = {
        role: tuple(Member(label, surface) for surface, label, r in entities if r == role)
        for role in ("CONTROLLED_VAR", "MEASURED_VAR")
    }
    assays = tuple(Member(label, surface) for surface, label, _ in entities if label == "EXP_ASSAY")
    return Example(
        id=id_,
        group=id_.split("/", maxsplit=1)[0],
        text=text,
        panels=tuple(at(surface, PANEL, labels=labels) for surface, labels in panels.items()),
        entities=tuple(spans),
        hypothesis=Hypothesis(members["CONTROLLED_VAR"], members["MEASURED_VAR"], assays),
    )


BLOT = example(
    "paper-1/1",
    "Loss of Zrk2 (A) Western blot of Ploc3 in zrk2-null cells. (B, C) Ploc3 foci (p < 0.05).\n"
    "Data information: n = 3.",
    ("Western blot", "EXP_ASSAY", ""),
    ("Ploc3", "GENEPROD", "MEASURED_VAR"),
    ("zrk2", "GENEPROD", "CONTROLLED_VAR"),
    ("foci", "SUBCELLULAR", ""),
    panels={"(A) Western blot of Ploc3 in zrk2-null cells.": ("A",), "(B, C) Ploc3 foci (p < 0.05).": ("B", "C")},
)
DRUG = example(
    "paper-2/4",
    "A. Cells were given 5\u2009µM dorvamide; Mabx; 2 and Δmabx survival was counted.",
    ("dorvamide", "SMALL_MOLECULE", "CONTROLLED_VAR"),
    ("Mabx; 2", "GENEPROD", "MEASURED_VAR"),
    panels={"A. Cells were given 5\u2009µM dorvamide; Mabx; 2 and Δmabx survival was counted.": ("A",)},
)
QUERY = example(
    "paper-3/2",
    "(A–C) HEK cells: $labels and $text of qPCR, <GENEPROD> as printed 🧬; Ploc3 \\ Ploc3.\n\n D) --- query",
    ("qPCR", "EXP_ASSAY", ""),
    ("Ploc3", "GENEPROD", "MEASURED_VAR"),
    panels={"(A–C) HEK cells:": ("A", "B", "C")},
)


def pairs() -> Iterator[tuple[str, str]]:
    """Every task of ours with every format of ours that carries it; what plugins are installed does not matter."""
    for task in discovery.own_names("fewshot.tasks"):
        for name in discovery.own_names("fewshot.formats"):
            try:
                formats.get(name, tasks.get(task).kind)
            except InputError:
                continue
            yield task, name


ONCE = formats.naming_once()
CASES = [(task, name, api, shots) for task, name in pairs() for api in ("chat", "completions") for shots in (0, 2)]


def builder(
    task_name: str,
    format_name: str,
    api: Api,
    *,
    wording: ResolvedPrompt | None = None,
    labels: tuple[str, ...] | None = None,
    **sampling: Any,
) -> PromptBuilder:
    task = tasks.get(task_name)
    question = Question.of(task, format_name, task.known_labels if labels is None else labels)
    words = wording or resolve(load_template(task_name, format_name), task.known_labels)
    target = Target("gpt3", "http://127.0.0.1:80/v1", "m", api)
    return PromptBuilder(question, words, target, Sampling(**sampling))


def test_every_task_and_format_of_the_design_is_covered() -> None:
    assert {
        ("ner", "copy_tag"), ("ner", "list"), ("ner", "json"),
        ("panelization", "copy_tag"), ("panelization", "list"), ("panelization", "json"),
        ("causal", "sentence"), ("causal", "json"), ("roles", "list"), ("roles", "json"),
    } <= set(pairs())  # fmt: skip


@pytest.mark.parametrize(("task", "format_name", "api", "shots"), CASES)
def test_golden(golden: Golden, task: str, format_name: str, api: Api, shots: int) -> None:
    made = builder(task, format_name, api)
    request = made.request(QUERY, (BLOT, DRUG)[:shots], given=made.question.task.given(QUERY))
    rest = {"max_tokens": request.max_tokens, "stop": request.stop, "schema": request.schema}
    text = f"{prompt.describe(request)}\n=== {json.dumps(rest)}\n"
    golden.check(f"prompts/{task}.{format_name}.{api}.{shots}.txt", text)


@pytest.mark.parametrize("format_name", ONCE)
def test_golden_where_each_entity_is_named_once(golden: Golden, format_name: str) -> None:
    task = tasks.get("ner")
    words = resolve(load_template("ner", format_name, mentions="once"), task.known_labels)
    made = replace(
        builder("ner", format_name, "chat", wording=words),
        question=Question.of(task, format_name, task.known_labels, "once"),
    )
    request = made.request(QUERY, (BLOT, DRUG))
    text = f"{prompt.describe(request)}\n=== {json.dumps({'schema': request.schema})}\n"
    golden.check(f"prompts/ner.{format_name}.once.txt", text)


def test_no_golden_file_is_left_over() -> None:
    names = {path.name for path in (Path(__file__).parents[1] / "golden" / "prompts").iterdir()}
    once = {f"ner.{name}.once.txt" for name in ONCE}
    assert names == {f"{task}.{name}.{api}.{shots}.txt" for task, name, api, shots in CASES} | once


@pytest.mark.parametrize(("task", "format_name"), sorted(set(pairs())))
def test_the_shown_answer_reads_back_as_the_gold_and_fits(task: str, format_name: str) -> None:
    made = builder(task, format_name, "chat")
    for demo in (BLOT, DRUG):
        turns = made.request(QUERY, [demo], given=made.question.task.given(QUERY)).turns or ()
        answer = turns[2].content
        scheme = replace(made.request(demo, (), given=made.question.task.given(demo)).scheme)
        parsed = made.question.format.parse(answer, demo.text, scheme)
        assert parsed.problems == {}
        chosen = made.question.task
        gold = chosen.restrict(chosen.gold(demo) or chosen.empty(), made.question.labels)
        assert chosen.labels(parsed.value) == chosen.labels(gold)
        assert len(answer.encode()) / 2.5 <= tokens.answer_tokens(demo.text)


def test_chat_and_completions_differ_in_shape_only() -> None:
    chat = builder("ner", "copy_tag", "chat").request(QUERY, (BLOT,))
    plain = builder("ner", "copy_tag", "completions").request(QUERY, (BLOT,))
    assert chat.turns is not None
    assert [turn.role for turn in chat.turns] == ["system", "user", "assistant", "user"]
    assert (chat.prompt, chat.stop) == (None, ())
    assert (plain.turns, plain.stop) == (None, ("[END]",))
    assert plain.prompt is not None
    assert plain.prompt.endswith(f"Legend: {QUERY.text}\nTagged:")
    assert all(turn.content in plain.prompt for turn in chat.turns)
    assert (chat.demonstrations, chat.query, chat.id) == ((BLOT,), QUERY, QUERY.id)


def test_only_the_labels_asked_for_are_defined_and_shown() -> None:
    task = tasks.get("ner")
    words = resolve(load_template("ner", "copy_tag"), ["GENEPROD", "MADE_UP"])
    request = builder("ner", "copy_tag", "chat", labels=("GENEPROD", "MADE_UP"), wording=words).request(QUERY, [BLOT])
    assert request.turns is not None
    assert "- GENEPROD: genes and gene products" in request.turns[0].content
    assert request.turns[0].content.endswith("\n- MADE_UP")
    assert "<EXP_ASSAY>" not in request.turns[2].content
    assert "<GENEPROD> Ploc3 </GENEPROD>" in request.turns[2].content
    assert request.scheme.labels == ("GENEPROD", "MADE_UP")
    assert set(task.known_labels) <= set(definitions.known())


def test_roles_name_the_entities_given_and_not_the_gold_ones() -> None:
    found = Span(QUERY.text.rindex("Ploc3"), QUERY.text.rindex("Ploc3") + 5, "GENEPROD")
    request = builder("roles", "list", "chat").request(QUERY, [DRUG], given=(found,))
    assert request.turns is not None
    assert request.turns[-1].content.endswith("\nEntities: Ploc3#2")
    assert request.turns[1].content.endswith("\nEntities: dorvamide; Mabx\\; 2")
    assert request.scheme.given == (found,)


def test_a_schema_goes_with_json_alone() -> None:
    assert builder("ner", "json", "chat").request(QUERY, ()).schema is not None
    assert builder("ner", "list", "chat").request(QUERY, ()).schema is None


def test_settings_go_into_the_request() -> None:
    made = builder("ner", "list", "completions", max_tokens=7, temperature=0.5, seed=3, extra={"service_tier": "flex"})
    request = made.request(QUERY, (), sample=2)
    assert (request.max_tokens, request.temperature, request.seed, request.sample) == (7, 0.5, 3, 2)
    assert request.extra == {"service_tier": "flex"}
    assert request.stop == ("\n\n",)


@given(st.text(min_size=1), st.sampled_from(["chat", "completions"]), st.sampled_from(["list", "copy_tag", "json"]))
def test_a_legend_goes_in_byte_for_byte(text: str, api: Api, format_name: str) -> None:
    query = Example("q", "q", text)
    request = builder("ner", format_name, api).request(query, [replace(DRUG, text=text, entities=())])
    if request.turns is not None:
        assert request.turns[-1].content == f"Legend: {text}"
        assert request.turns[1].content == f"Legend: {text}"
    else:
        assert request.prompt is not None
        assert f"\n\nLegend: {text}\n" in request.prompt
        assert request.prompt.rpartition("\n\n--")[0] or request.prompt.count(f"Legend: {text}\n") >= 2
    assert tokens.estimate_tokens(request) * 4 >= len(text.encode("utf-8", "surrogatepass"))


def test_half_a_surrogate_pair_is_counted_too() -> None:
    request = builder("ner", "list", "chat").request(Example("q", "q", "p53 \ud83e"), ())
    assert tokens.estimate_tokens(request) > 0


@given(st.text(alphabet="$abclabelstxt{}\n -"), st.lists(st.text(alphabet="$labels \\g<0>", min_size=1), max_size=3))
def test_what_is_filled_in_is_never_expanded(text: str, labels: list[str]) -> None:
    words = resolve(Template("x", "L: $labels", "$entities|$text", "$answer"), labels)
    assert words.system == "L: " + "\n".join(f"- {label}" for label in labels)
    made = builder("ner", "list", "chat", wording=words)
    request = made.request(Example("q", "q", text), ())
    assert request.turns is not None
    assert request.turns[-1].content == f"|{text}"


def test_a_recorded_prompt_builds_the_same_bytes() -> None:
    words = resolve(load_template("causal", "sentence"), ["GENEPROD", "EXP_ASSAY"])
    stored = ResolvedPrompt.from_dict(tomllib.loads(tomli_w.dumps(words.to_dict())))
    assert stored == words
    assert stored.digest == words.digest
    with pytest.raises(InputError, match="'query'"):
        ResolvedPrompt.from_dict({"name": "x", "system": "y"})


@pytest.mark.parametrize("path", sorted(definitions.folder().glob("*.txt")), ids=lambda path: path.name)
def test_a_template_gives_its_text_back(path: Path) -> None:
    text = path.read_text("utf-8")
    template = Template.from_text(text, path.name)
    assert template.text == text
    assert template.name == path.name


def test_the_digest_is_of_the_wording_and_the_labels() -> None:
    template = Template("x", "Tag: $labels", "$text", "$answer")
    same = replace(template, name="y")
    assert template.digest == same.digest
    assert template.digest != replace(template, answer="A: $answer").digest
    assert resolve(template, ["A"]).digest == resolve(same, ["A"]).digest
    assert resolve(template, ["A"]).digest != resolve(template, ["B"]).digest


def test_the_wording_of_the_format_wins_and_a_file_before_all(tmp_path: Path) -> None:
    assert load_template("ner", "list").name == "ner.list.txt"
    assert load_template("ner", "copy_tag").name == "ner.txt"
    own = tmp_path / "own.txt"
    own.write_bytes("\ufeffTag for $5.\r\n--- answer\r\n$answer\r\n--- query\r\n$text\r\n".encode())
    assert load_template("ner", "list", file=own) == Template("own.txt", "Tag for $5.", "$text", "$answer")


def test_a_prompt_without_an_instruction_has_no_system_turn() -> None:
    words = resolve(Template.from_text("--- query\nL: $text\n--- answer\n$answer", "x"), ())
    chat = builder("ner", "list", "chat", wording=words).request(Example("q", "q", "Blot."), ())
    plain = builder("ner", "list", "completions", wording=words).request(Example("q", "q", "Blot."), ())
    assert [turn.content for turn in chat.turns or ()] == ["L: Blot."]
    assert plain.prompt == "L: Blot.\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Tag.\n--- query\n$text\n", "has the parts system, query"),
        ("Tag.\n--- query\n$text\n--- query\n$text\n--- answer\n$answer\n", "system, query, query, answer"),
        ("Tag.\n--- query\n$text\n--- answer\n$answer\n--- end\nx\n", "system, query, answer, end"),
        ("Tag $label.\n--- query\n$text\n--- answer\n$answer\n", r"unknown placeholder \$label in part system"),
        ("Tag.\n--- query\n$text $answer\n--- answer\n$answer\n", r"unknown placeholder \$answer in part query"),
        ("Tag.\n--- query\nLegend\n--- answer\n$answer\n", r"part query must say \$text once, not 0 times"),
        ("Tag.\n--- query\n$text\n--- answer\n$answer $answer\n", r"part answer must say \$answer once, not 2"),
    ],
)
def test_a_broken_template_is_an_error_that_names_the_file(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=says) as caught:
        load_template("ner", "list", file=path)
    assert str(path) in str(caught.value)


def test_files_that_are_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt: no such file"):
        load_template("ner", "list", file=tmp_path / "none.txt")
    with pytest.raises(InputError, match="no prompt for task 'nope'"):
        load_template("nope", "list")
    binary = tmp_path / "b.txt"
    binary.write_bytes(b"Tag \xff")
    with pytest.raises(DataError, match="not UTF-8"):
        load_template("ner", "list", file=binary)


@pytest.mark.parametrize(
    ("text", "says"), [("A = 1", "'A' must be"), ('A = "x\\ny"', "one line"), ("A = ", "not TOML")]
)
def test_broken_definitions_name_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    (tmp_path / "labels.toml").write_text(text, "utf-8")
    monkeypatch.setattr(definitions, "folder", lambda: tmp_path)
    with pytest.raises(DataError, match=says) as caught:
        definitions.known.__wrapped__()
    assert "labels.toml" in str(caught.value)
