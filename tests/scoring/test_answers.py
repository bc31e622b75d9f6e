"""Answers as today's models write them, each with the value that a reader sees in it.

The sentences are ours; the kinds are what models and servers are publicly reported to send.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewshot import formats, tasks
from fewshot.records import PANEL, Completion, Example, Hypothesis, Member, Prediction, Scheme, Span
from fewshot.scoring.reading import read_answer
from tests.formats.test_round_trip import KINDS, PAIRS, cases, chosen

LABELS = ("GENEPROD", "SMALL_MOLECULE", "CELL_LINE")
SIGNS = "(A) Lysates of U2OS cells, probed for Rad51 & actin (n > 4). (B) As in A, with olaparib at P < 0.01."


def span(surface: str, label: str, text: str = SIGNS, **more: Any) -> Span:
    """The first place where a surface stands."""
    return Span(text.index(surface), text.index(surface) + len(surface), label, **more)


U2OS, RAD51, ACTIN = span("U2OS", "CELL_LINE"), span("Rad51", "GENEPROD"), span("actin", "GENEPROD")
ALL = (U2OS, RAD51, ACTIN, span("olaparib", "SMALL_MOLECULE"))
PANELS = (
    span("(A) Lysates of U2OS cells, probed for Rad51 & actin (n > 4).", PANEL, labels=("A",)),
    span("(B) As in A, with olaparib at P < 0.01.", PANEL, labels=("B",)),
)
TAGGED = (
    "(A) Lysates of <CELL_LINE> U2OS </CELL_LINE> cells, probed for <GENEPROD> Rad51 </GENEPROD> & <GENEPROD> actin "
    "</GENEPROD> (n > 4). (B) As in A, with <SMALL_MOLECULE> olaparib </SMALL_MOLECULE> at P < 0.01. [END]"
)
CUT = (
    "<panel> (A) Lysates of U2OS cells, probed for Rad51 & actin (n > 4). </panel> "
    "<panel> (B) As in A, with olaparib at P < 0.01. </panel> [END]"
)
LIST = "GENEPROD: Rad51; actin\nCELL_LINE: U2OS\nSMALL_MOLECULE: olaparib"
JSON = (
    '{"entities": [{"text": "U2OS", "occurrence": 1, "label": "CELL_LINE"}, {"text": "Rad51", "occurrence": 1, '
    '"label": "GENEPROD"}, {"text": "actin", "occurrence": 1, "label": "GENEPROD"}, {"text": "olaparib", '
    '"occurrence": 1, "label": "SMALL_MOLECULE"}]}'
)
ROLES_TEXT = "Rad51 foci after olaparib."
GIVEN = (span("Rad51", "GENEPROD", ROLES_TEXT), span("olaparib", "SMALL_MOLECULE", ROLES_TEXT))
ROLES = (replace(GIVEN[0], role="MEASURED_VAR"), replace(GIVEN[1], role="CONTROLLED_VAR"))
CAUSE = Hypothesis((Member("SMALL_MOLECULE", "olaparib"),), (Member("GENEPROD", "Rad51"),), ())


def read(answer: str | Completion, task: str = "ner", format: str = "copy_tag", text: str = SIGNS) -> Prediction:
    chosen_task = tasks.get(task)
    kind = chosen_task.kind
    labels = {"panels": (PANEL,), "roles": ("CONTROLLED_VAR", "MEASURED_VAR")}.get(kind, LABELS)
    scheme = Scheme(kind, labels, GIVEN if kind == "roles" else ())
    completion = answer if isinstance(answer, Completion) else Completion(answer)
    example = Example("x", "x", text)
    return read_answer(completion, example, format=formats.get(format, kind), scheme=scheme, task=chosen_task)


# Thinking aloud: each way to write a thought, before the right answer of every task and format

RIGHT = {
    ("ner", "copy_tag"): (TAGGED, SIGNS, ALL),
    ("ner", "json"): (JSON, SIGNS, ALL),
    ("ner", "list"): (LIST, SIGNS, ALL),
    ("panelization", "copy_tag"): (CUT, SIGNS, PANELS),
    ("roles", "list"): ("CONTROLLED_VAR: olaparib\nMEASURED_VAR: Rad51", ROLES_TEXT, ROLES),
    ("causal", "sentence"): (
        formats.get("sentence", "hypothesis").render(ROLES_TEXT, CAUSE, Scheme("hypothesis", LABELS)),
        ROLES_TEXT,
        CAUSE,
    ),
}
DRAFT = (
    "Hm. <panel> (A) Lysates of U2OS cells, probed for Rad51 </panel>? \n\nGENEPROD: U2OS\n\n"
    '{"entities": [{"text": "Lysates", "label": "GENEPROD"}]} [A, B] [END] No.'
)
THOUGHTS = {
    "think": f"<think>\n{DRAFT}\n</think>\n\n",
    "empty": "<think>\n\n</think>\n\n",
    "lone end": f"{DRAFT}\n</think>\n\n",
    "mentions its own tags": f"<think>I end with </think> later. {DRAFT}</think>",
    "opened twice": f"<think><think>{DRAFT}</think>",
    "thinking": f"<thinking>{DRAFT}</thinking>\n",
    "capitals": f"<Thinking>{DRAFT}</Thinking>\n",
    "reasoning": f"<reasoning effort='high'>{DRAFT}</reasoning>",
    "mixed": f"<think>{DRAFT}</thinking>",
    "brackets": f"[THINK]{DRAFT}[/THINK]",
    "prefixed": f"<seed:think>{DRAFT}</seed:think>",
    "two": f"<think>{DRAFT}</think>\n<think>Again: {DRAFT}</think>\n",
    "behind words": f"Let me see.\n<think>{DRAFT}</think>\n",
    "harmony": f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>",
    "harmony, no start": f"<|channel|>analysis<|message|>{DRAFT}<|end|><|channel|>final <|constrain|>json<|message|>",
    "harmony, torn": f"analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>",
    "harmony, no channel": f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|message|>",
    "harmony, words behind": f"<|channel|>analysis<|message|>{DRAFT}<|end|>",
    "harmony, two": f"<|channel|>analysis<|message|>{DRAFT}<|end|><|channel|>commentary<|message|>{DRAFT}<|call|>"
    "<|start|>assistant<|channel|>final<|message|>",
    "harmony, bare": f"analysisWe look. {DRAFT}assistantfinal",
    "wrapped": f"<think>{DRAFT}</think>\n<answer>",
}


@pytest.mark.parametrize("way", THOUGHTS)
@pytest.mark.parametrize(("task", "format"), RIGHT, ids=str)
def test_a_thought_is_no_answer(task: str, format: str, way: str) -> None:
    answer, text, value = RIGHT[task, format]
    whole = THOUGHTS[way] + answer + ("</answer>" if way == "wrapped" else "")
    prediction = read(whole, task, format, text)
    words_before = {"text_added"} if way == "behind words" else set()
    assert prediction.value == value
    assert set(prediction.problems) <= words_before
    assert prediction.output == whole, "kept as it came"


@pytest.mark.parametrize("end", ["<|return|>", "<|end|>", ""])
def test_the_end_of_a_final_message_is_no_text(end: str) -> None:
    prediction = read(THOUGHTS["harmony"] + TAGGED.removesuffix(" [END]") + end)
    assert (prediction.value, prediction.problems, prediction.fidelity) == (ALL, {}, 1.0)


@pytest.mark.parametrize("behind", ["\n<think>Is that all?", "\n</think>", "\n<reasoning>All tagged.</reasoning>"])
def test_a_thought_behind_the_answer_does_not_take_it_away(behind: str) -> None:
    assert read(f"<think>{DRAFT}</think>\n{LIST}{behind}", format="list").value == ALL


@pytest.mark.parametrize(
    "answer",
    [
        f"<think>\n{DRAFT}", f"[THINK]{DRAFT}", f"<think>{DRAFT}</think>", f"{DRAFT}</think>\n",
        f"<|channel|>analysis<|message|>{DRAFT}", f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant",
        f"analysisWe look. {DRAFT}", f"Let me see.\n<think>{DRAFT}",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("task", "format"), RIGHT, ids=str)
def test_a_thought_without_an_answer_is_counted_as_that(task: str, format: str, answer: str) -> None:
    for finish in ("length", "stop"):
        prediction = read(Completion(answer, finish), task, format, RIGHT[task, format][1])
        assert prediction.value == tasks.get(task).empty()
        assert prediction.problems == {"thought_only": 1}


def test_an_empty_answer_beside_a_thought_is_thought_only_and_any_other_is_not() -> None:
    assert read(Completion("", "length", reasoning_tokens=728)).problems == {"thought_only": 1}
    assert read(Completion("", "stop", reasoning_tokens=9)).problems == {"thought_only": 1}
    assert read(Completion("", "length")).problems == {"empty": 1, "truncated": 1}
    assert read(Completion(TAGGED, reasoning_tokens=9)).problems == {}


def test_an_answer_that_was_cut_behind_its_thought_is_truncated() -> None:
    prediction = read(Completion(f"<think>{DRAFT}</think>{TAGGED[: TAGGED.index(' & ')]}", "length"))
    assert prediction.value == (U2OS, RAD51)
    assert prediction.problems["truncated"] == 1
    assert "thought_only" not in prediction.problems


OWN = "Tokens <think> and </think> of Rad51 texts. [THINK] in U2OS, olaparib </think>."


def test_a_legend_that_holds_such_marks_is_not_cut() -> None:
    tagged = OWN.replace("Rad51", "<GENEPROD> Rad51 </GENEPROD>").replace("U2OS", "<CELL_LINE> U2OS </CELL_LINE>")
    for before in ("", "<think>Rad51, U2OS</think>\n", "Rad51 is one, and U2OS.</think>\n"):
        prediction = read(before + tagged, text=OWN)
        assert prediction.value == (span("Rad51", "GENEPROD", OWN), span("U2OS", "CELL_LINE", OWN))
        assert prediction.fidelity == 1.0
    assert read("<think>Rad51, U2OS", text=OWN).problems == {"thought_only": 1}


def test_a_label_may_be_named_like_a_thought() -> None:
    text, scheme = "Fear of it.", Scheme("entities", ("THOUGHT",))
    example, task = Example("x", "x", text), tasks.get("ner")
    completion = Completion("<THOUGHT> Fear </THOUGHT> of it. [END]")
    found = read_answer(completion, example, format=formats.get("copy_tag", "entities"), scheme=scheme, task=task)
    assert found.value == (Span(0, 4, "THOUGHT"),)


MARKS = st.sampled_from(
    ["<think>", "</think>", "[/THINK]", "<|channel|>", "<|message|>", "analysisA", "I'm sorry, I cannot ", " "]
)


@pytest.mark.parametrize(("name", "kind"), [pair for pair in PAIRS if pair[1] != "hypothesis"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_written_of_a_text_full_of_marks_is_read_again(name: str, kind: str, data: st.DataObject) -> None:
    task = tasks.get({"entities": "ner", "panels": "panelization", "roles": "roles"}[kind])
    assert kind in KINDS
    text, value, scheme = data.draw(cases(kind))
    marks = "".join(data.draw(st.lists(MARKS, max_size=4)))
    text = text + marks  # behind the spans, so that they stay what they are
    format_ = chosen(name, kind)
    answer = format_.render(text, value, scheme)
    found = read_answer(Completion(answer), Example("x", "x", text), format=format_, scheme=scheme, task=task)
    assert found.value == format_.parse(answer, text, scheme).value


# Refusals in prose

REFUSALS = [
    "I'm sorry, but I can't assist with that request.",
    "I’m sorry, I cannot annotate this text.",
    "Sorry, I am unable to process biomedical content.",
    "I apologize, but I won't be able to help with this.",
    "As an AI language model, I do not annotate medical texts.",
    "I can't help with identifying these.",
    "**I cannot provide this annotation**, as it may violate copyright.",
    "Unfortunately, I'm not able to tag the legend.",
    "> I must decline.",
]


@pytest.mark.parametrize("answer", REFUSALS)
@pytest.mark.parametrize(("task", "format"), RIGHT, ids=str)
def test_a_refusal_in_prose_is_a_refusal(task: str, format: str, answer: str) -> None:
    for whole in (answer, f"<think>{DRAFT}</think>\n{answer}"):
        prediction = read(whole, task, format, RIGHT[task, format][1])
        assert prediction.value == tasks.get(task).empty()
        assert prediction.problems == {"refused": 1}


@pytest.mark.parametrize(
    ("answer", "format"),
    [
        (f"I'm sorry for the delay. As an AI I can't be sure, but here it is:\n\n{TAGGED}", "copy_tag"),
        (f"I cannot be certain.\n{LIST}", "list"),
        (f"As an AI language model I would say:\n{JSON}", "json"),
    ],
)
def test_an_excuse_before_an_answer_is_no_refusal(answer: str, format: str) -> None:
    prediction = read(answer, format=format)
    assert prediction.value == ALL
    assert "refused" not in prediction.problems


@pytest.mark.parametrize("answer", ["I could not find any entities.", "Sorry, I can't find any.", "(none)", "None."])
def test_an_answer_that_names_nothing_is_no_refusal(answer: str) -> None:
    assert "refused" not in read(answer, format="list").problems


def test_a_copy_without_tags_is_no_refusal_whatever_the_legend_says() -> None:
    text = "I cannot say more of Rad51 than that it binds DNA."
    assert read(text, text=text).problems == {}


# Tags as models write them

WRITTEN: list[Callable[[str], str]] = [
    lambda tagged: tagged.replace("<GENEPROD>", '<GENEPROD id="7">').replace("<CELL_LINE>", "<CELL_LINE type='human'>"),
    lambda tagged: tagged.replace("<", "&lt;").replace(">", "&gt;"),
    lambda tagged: tagged.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    lambda tagged: tagged.replace("<GENEPROD>", "&#60;GENEPROD&#62;").replace("</GENEPROD>", "&#x3C;/GENEPROD&#x3e;"),
    lambda tagged: tagged.replace("_", r"\_").replace("<", r"\<").replace(">", r"\>"),
    lambda tagged: tagged.replace("[END]", r"\[END\]").replace("<GENEPROD>", r"\<GENEPROD>"),
    lambda tagged: tagged.replace("<GENEPROD>", "`<GENEPROD>`").replace("</GENEPROD>", "`</GENEPROD>`"),
    lambda tagged: tagged.replace("<GENEPROD>", "**<GENEPROD>**").replace("</GENEPROD>", "**</GENEPROD>**"),
    lambda tagged: tagged.replace("<GENEPROD> ", "<GENEPROD>**").replace(" </GENEPROD>", "**</GENEPROD>"),
    lambda tagged: tagged.replace("<GENEPROD> ", "**<GENEPROD>").replace(" </GENEPROD>", "</GENEPROD>**"),
    lambda tagged: tagged.replace("CELL_LINE", "CELL LINE").replace("SMALL_MOLECULE", "small molecule"),
    lambda tagged: tagged.replace("CELL_LINE", "cell-line").replace("SMALL_MOLECULE", "SmallMolecule"),
    lambda tagged: tagged.replace("<CELL_LINE>", "< CELL_LINE >").replace("</CELL_LINE>", "</ cell_line >"),
    lambda tagged: f"```html\n{tagged}\n```",
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRITTEN)))
def test_tags_in_other_writings_are_read(number: int) -> None:
    prediction = read(WRITTEN[number](TAGGED))
    assert prediction.value == ALL
    assert (prediction.problems, prediction.fidelity) == ({}, 1.0)


@pytest.mark.parametrize(
    "opening",
    ['<panel label="A">', "<panel A>", "<panel_A>", "<PANEL id=1>", "&lt;panel&gt;", "`<panel>`", "<Panel (A)>"],
)
def test_tags_of_panels_in_other_writings_are_read(opening: str) -> None:
    closing = opening.replace("<", "</").replace("&lt;", "&lt;/") if "=" not in opening else "</panel>"
    prediction = read(CUT.replace("<panel>", opening).replace("</panel>", closing), "panelization")
    assert (prediction.value, prediction.problems) == (PANELS, {})


def test_what_follows_a_label_in_a_tag_is_no_attribute_of_a_shorter_label() -> None:
    text, scheme = "Blot of p53 in HeLa.", Scheme("entities", ("CELL", "GENEPROD"))
    answer = "Blot of <GENEPROD> p53 </GENEPROD> in <CELL LINE> HeLa </CELL LINE>."
    assert formats.get("copy_tag", "entities").parse(answer, text, scheme).value == (Span(8, 11, "GENEPROD"),)


def test_what_the_source_itself_holds_is_text() -> None:
    text = "Blot of <cell line> in HeLa, &lt;GENEPROD&gt; of p53, and <panel A> of it."
    scheme = Scheme("entities", ("CELL_LINE", "GENEPROD"))
    answer = text.replace("HeLa", "<CELL LINE>HeLa</CELL-LINE>").replace("of p53", "of <GENEPROD>p53</GENEPROD>")
    parsed = formats.get("copy_tag", "entities").parse(answer.replace("<CELL LINE>", "<CELL-LINE>"), text, scheme)
    assert parsed.value == (span("HeLa", "CELL_LINE", text), span("p53", "GENEPROD", text))
    assert (parsed.problems, parsed.fidelity) == ({}, 1.0)


@pytest.mark.parametrize("tag", ["<GENEPROD>", "<ſmall_molecule>", "<ſMALL MOLECULE>", "<CELL_LİNE>", "<CELL_LıNE>"])
def test_letters_whose_case_folds_oddly_end_no_run(tag: str) -> None:
    for answer in (f"{SIGNS} {tag}", f"{tag} {SIGNS}", f"Lysates of {tag} U2OS </{tag[1:]} cells"):
        read(answer)


def test_labels_that_differ_only_in_case_keep_apart() -> None:
    text, scheme = "Rad51 and actin.", Scheme("entities", ("Gene", "GENE"))
    value = (Span(0, 5, "Gene"), Span(10, 15, "GENE"))
    format_ = formats.get("copy_tag", "entities")
    assert format_.parse(format_.render(text, value, scheme), text, scheme).value == value


# The source and the answer as they are read


@pytest.mark.parametrize(
    ("text", "answer", "surfaces"),
    [
        (
            "IL-&beta; &amp; &#945;-actinin, 5 &mu;M.",
            "<GENEPROD> IL-β </GENEPROD> & <GENEPROD> α-actinin </GENEPROD>, 5 µM.",
            ["IL-&beta;", "&#945;-actinin"],
        ),
        (
            "Ku\u00adrad51 of Cre\u0301\u200b cells.",
            "<GENEPROD> Kurad51 </GENEPROD> of <GENEPROD> Cr\u00e9 </GENEPROD> cells.",
            ["Ku\u00adrad51", "Cre\u0301"],
        ),
        (
            "Na\u207a/K\u207a in the \ufb01lms.",
            "<GENEPROD> Na+ </GENEPROD>/<GENEPROD> K+ </GENEPROD> in the films.",
            ["Na\u207a", "K\u207a"],
        ),
        (
            "加入胰岛素后细胞中的水平升高",
            "加入<GENEPROD> 胰岛素 </GENEPROD>后<GENEPROD> 细胞 </GENEPROD>水平升高",
            ["胰岛素", "细胞"],
        ),
    ],
)
def test_html_entities_ligatures_and_characters_without_width_are_read(
    text: str, answer: str, surfaces: list[str]
) -> None:
    assert read(answer, text=text).value == tuple(span(surface, "GENEPROD", text) for surface in surfaces)


# Answers of other content

OTHER = [
    "The ferry leaves at nine and the guests are in the harbour.", "Nothing.", "Bread is baked with flour and water.",
    "A photograph of two dogs and a cat in the garden.", "Rainfall in the city over 12 months, n = 3.",
]  # fmt: skip


@pytest.mark.parametrize("number", range(4))
def test_panels_of_other_content_are_not_placed(number: int) -> None:
    from fewshot import data

    answer = " ".join(f"<panel> ({chr(65 + i)}) {OTHER[(number + i) % len(OTHER)]} </panel>" for i in range(number + 2))
    for example in [e for e in data.read("demo") if e.panels][:60]:
        prediction = read(answer, "panelization", text=example.text)
        assert (prediction.value, prediction.fidelity) == ((), 0.0)
        assert prediction.problems.get("text_added")


def test_a_panel_that_is_made_up_beside_true_ones_is_counted() -> None:
    made_up = CUT.replace("(B) As in A, with olaparib at P < 0.01.", "(B) Soup.")
    prediction = read(made_up, "panelization")
    assert prediction.value == PANELS[:1]
    assert prediction.problems["not_in_text"] == 1
