"""Records as JSON: what is read is written again, and what is wrong is named with its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.cassette.as_json import completion_from_json
from fewshot.errors import DataError, Where
from fewshot.records import PANEL, Example, Hypothesis, Kind, Member, Prediction, Span
from fewshot.schema import example_from_json, example_to_json, prediction_from_json, prediction_to_json

TEXT = "(A) p53 blot. (B) Same."


def row(**more: Any) -> dict[str, Any]:
    return {"id": "f1", "group": "g", "text": TEXT} | more


def test_a_full_record_survives_reading_and_writing() -> None:
    full = row(
        panels=[{"labels": ["A"], "start": 0, "end": 13}, {"start": 14, "end": 23}],
        inline_labels=["C"],
        entities=[{"start": 4, "end": 7, "label": "GENEPROD", "role": ""}],
        hypothesis={"interventions": [{"label": "GENEPROD", "text": "p53"}], "observations": [], "assays": []},
        split="test",
        suspect="why",
    )
    example = example_from_json(full)
    assert example_to_json(example) == full
    assert example.panels == (Span(0, 13, PANEL, ("A",)), Span(14, 23, PANEL, None))
    assert example.extra == {"suspect": "why"}


def test_absent_is_unlabelled_and_empty_is_labelled_none() -> None:
    assert example_from_json(row()).panels is None
    assert example_from_json(row(panels=[])).panels == ()
    assert "panels" not in example_to_json(example_from_json(row()))


def test_no_group_is_a_group_of_its_own() -> None:
    assert example_from_json({"id": "x", "text": ""}).group == "x"


def test_a_null_role_is_looked_at_and_none() -> None:
    spans = [{"start": 4, "end": 7, "label": "GENEPROD", "role": None}]
    (entity,) = example_from_json(row(entities=spans)).entities or ()
    assert entity.role == ""


def test_edges_are_trimmed_of_white_space() -> None:
    (span,) = example_from_json(row(entities=[{"start": 3, "end": 8, "label": "G"}])).entities or ()
    assert (span.start, span.end) == (4, 7)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"id": 3}, "id must be a string, not 3"),
        ({"text": None}, "text is missing"),
        ({"panels": {}}, "panels must be a list, not an object"),
        ({"panels": [{"start": 0, "end": 99}]}, "panels[0] is out of range: 0–99 of a text of 23 characters"),
        ({"panels": [{"start": 5, "end": 5}]}, "panels[0] is empty"),
        ({"panels": [{"start": 13, "end": 14}]}, "panels[0] is empty"),
        ({"panels": [{"start": 0, "end": 13}, {"start": 10, "end": 20}]}, "panels overlap"),
        ({"panels": [{"start": "0", "end": 3}]}, "panels[0].start must be a whole number"),
        ({"panels": [{"start": True, "end": 3}]}, "panels[0].start must be a whole number"),
        ({"entities": [{"start": 4, "end": 7}]}, "entities[0].label is missing"),
        ({"entities": [{"start": 4, "end": 7, "label": " "}]}, "entities[0].label is empty"),
        ({"hypothesis": {"assays": [{"label": "", "text": "x"}]}}, "hypothesis.assays[0].label is empty"),
        ({"hypothesis": {"cause": []}}, "hypothesis has no 'cause'"),
        ({"hypothesis": {"assays": [{"label": "X", "text": " "}]}}, "hypothesis.assays[0].text is empty"),
        ({"inline_labels": "C"}, "inline_labels must be a list of strings"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(broken: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as caught:
        example_from_json(row(**broken), Where("gold.jsonl", 7))
    assert said in str(caught.value)
    assert str(caught.value).startswith("gold.jsonl:7")


def test_predictions_are_read_against_the_text() -> None:
    value = (Span(0, 13, PANEL, ("A",), confidence=0.75),)
    line = prediction_to_json(Prediction("f1", value, "out", {"unclosed_tag": 1}, 0.5), "panels")
    assert list(line) == ["id", "panels", "output", "problems", "fidelity"]
    back = prediction_from_json(line, "panels", {"f1": TEXT})
    assert (back.value, back.problems, back.fidelity) == (value, {"unclosed_tag": 1}, 0.5)
    assert isinstance(back.value, tuple)
    assert back.value[0].confidence == 0.75
    with pytest.raises(DataError, match="no such id"):
        prediction_from_json(line, "panels", {})
    with pytest.raises(DataError, match="hypothesis is missing"):
        prediction_from_json(line, "hypothesis", {"f1": TEXT})


def test_how_spans_were_found_and_what_was_not_is_written_only_where_it_is_known() -> None:
    value = (Span(4, 7, "GENEPROD", match="folded"), Span(18, 22, "GENEPROD"))
    unplaced = (Member("GENEPROD", "p21"),)
    line = prediction_to_json(Prediction("f1", value, unplaced=unplaced), "entities")
    assert line["entities"] == [
        {"start": 4, "end": 7, "label": "GENEPROD", "match": "folded"}, {"start": 18, "end": 22, "label": "GENEPROD"},
    ]  # fmt: skip
    assert line["unplaced"] == [{"label": "GENEPROD", "text": "p21"}]
    back = prediction_from_json(line, "entities", {"f1": TEXT})
    assert (back.value, back.unplaced) == (value, unplaced)
    assert isinstance(back.value, tuple)
    assert [span.match for span in back.value] == ["folded", None]
    with pytest.raises(DataError, match=r"unplaced\[0\]\.text is missing"):
        prediction_from_json(line | {"unplaced": [{"label": "GENEPROD"}]}, "entities", {"f1": TEXT})


def test_a_match_of_somebody_else_is_no_business_of_ours() -> None:
    example = example_from_json(row(entities=[{"start": 4, "end": 7, "label": "G", "match": ["x"]}]))
    assert example.entities == (Span(4, 7, "G"),)


def test_a_recorded_answer_of_somebody_else_is_checked() -> None:
    good = {"text": "x", "finish_reason": "stop", "prompt_tokens": 3, "completion_tokens": None, "seconds": 0.1}
    assert completion_from_json(good, {}).prompt_tokens == 3
    for broken in ({"text": 1}, {"finish_reason": "eval"}, {"prompt_tokens": "3"}, {"seconds": "1"}):
        with pytest.raises(DataError):
            completion_from_json(good | broken, {})


words = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))


@given(st.lists(words, min_size=1, max_size=5), st.booleans(), words)
def test_any_text_and_its_spans_survive(parts: list[str], labelled: bool, surface: str) -> None:
    text, spans = "", []
    for part in parts:
        stripped = part.strip()
        spans.append(Span(len(text) + part.index(stripped[0]), 0, "X"))
        text += part + " "
        spans[-1] = Span(spans[-1].start, len(text.rstrip()), "X")
    example = Example(
        id="i",
        group="g",
        text=text,
        entities=tuple(spans) if labelled else None,
        hypothesis=Hypothesis(interventions=(Member("GENEPROD", surface),)),
    )
    assert example_from_json(example_to_json(example)) == example


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.5, 1.5, "0.9", [[1]], True, {}])
def test_a_confidence_is_a_number_from_0_to_1(value: object) -> None:
    texts = {"a": "p53 blot"}
    rows: list[tuple[Kind, dict[str, Any]]] = [
        ("entities", {"entities": [{"start": 0, "end": 3, "label": "GENEPROD", "confidence": value}]}),
        ("panels", {"panels": [{"start": 0, "end": 3, "confidence": value}]}),
        ("hypothesis", {"hypothesis": {"assays": [{"label": "X", "text": "blot", "confidence": value}]}}),
        ("entities", {"entities": [], "fidelity": value}),
    ]
    for kind, row in rows:
        with pytest.raises(DataError, match=r"(confidence|fidelity) must be a number from 0 to 1, not "):
            prediction_from_json({"id": "a"} | row, kind, texts)


@pytest.mark.parametrize(
    "row", [{"problems": 5}, {"problems": {"x": "y"}}, {"problems": [1]}, {"problems": {"x": -1}}, {"output": 5},
            {"output": [1]}, {"output": {}}]
)  # fmt: skip
def test_the_rest_of_a_prediction_is_checked(row: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"(problems|output) must be "):
        prediction_from_json({"id": "a", "entities": []} | row, "entities", {"a": "p53"})
