"""Words and tags as an example: masks, roles, words that are not quite the text's."""

from __future__ import annotations

from typing import Any

import pytest

from fewshot.data.hub import layout, tagged
from fewshot.errors import DataError, Where
from fewshot.records import Span

WORDS = ["nutlin", "raises", "p53", "MDM2", "levels"]


def example(config: str, **row: Any) -> tuple[Span, ...]:
    made = tagged.example({"words": WORDS} | row, config, "test", Where("x.jsonl", 1, "x.jsonl:1"), None)
    assert (made.id, made.split) == ("x.jsonl:1", "test")
    return made.entities or ()


def test_a_mask_of_two_types_and_a_new_entity_where_a_role_begins() -> None:
    labels = ["B-CONTROLLED_VAR", "O", "B-MEASURED_VAR", "B-MEASURED_VAR", "O"]
    assert example("ROLES_MULTI", labels=labels, is_category=[2, 0, 1, 1, 0]) == (
        Span(0, 6, "SMALL_MOLECULE", role="CONTROLLED_VAR"),
        Span(14, 17, "GENEPROD", role="MEASURED_VAR"),
        Span(18, 22, "GENEPROD", role="MEASURED_VAR"),
    )


def test_an_entity_without_a_role_has_been_looked_at() -> None:
    assert example("ROLES_SM", labels=["O"] * 5, is_category=[1, 0, 0, 0, 0]) == (
        Span(0, 6, "SMALL_MOLECULE", role=""),
    )


@pytest.mark.parametrize("mask", [None, [0, 0], [0, 0, 0, 0, 3], [0, 0, 0, 0, "1"]])
def test_a_mask_that_is_none(mask: object) -> None:
    with pytest.raises(DataError, match=r"x.jsonl:1 .*is_category must be a list of 5 numbers from 0 to 2"):
        example("ROLES_MULTI", labels=["O"] * 5, is_category=mask)


def test_words_are_found_in_the_text_of_the_line() -> None:
    labels = ["B-G", "O", "B-G", "O", "O"]
    text = "Nutlin: nutlin raises (p53)/MDM2 levels."
    assert [s.cut(text) for s in example("NER", labels=labels, text=text)] == ["nutlin", "p53"]


def test_a_text_that_does_not_hold_the_words_is_not_taken() -> None:
    assert example("NER", labels=["O", "O", "B-G", "O", "O"], text="something else") == (Span(14, 17, "G"),)


@pytest.mark.parametrize(
    ("file", "config"),
    [
        ("token_classification/ner/test.jsonl", "NER"),
        ("token_classification/v_1.0.0/roles_small_mol/test.jsonl", "ROLES_SM"),
        ("token_classification/v_1.0.0/other/test.jsonl", "other"),
        ("data/test.jsonl", ""),
        ("mine/test.jsonl", "mine"),
    ],
)
def test_files_and_configs(file: str, config: str) -> None:
    assert layout.parts("me/x", config, [file]) == [layout.Part(file, "test")]


def test_the_latest_release_by_number_and_not_by_letter() -> None:
    files = [f"token_classification/v_{n}.0.0/ner/{s}.jsonl" for n in (2, 10, 9) for s in ("test", "eval", "train")]
    parts = layout.parts("me/x", "NER", files)
    assert [(part.file.split("/")[1], part.split) for part in parts] == [
        ("v_10.0.0", "train"),
        ("v_10.0.0", "validation"),
        ("v_10.0.0", "test"),
    ]


@pytest.mark.parametrize("first", ["\u00a0nutlin", "\u2009nutlin", "nutlin\u00a0"])
def test_white_space_inside_a_word_moves_no_role(first: str) -> None:
    words = [first, "raises", "p53", "\u00a0MDM2", "levels"]
    labels = ["B-CONTROLLED_VAR", "O", "O", "B-MEASURED_VAR", "O"]
    found = example("ROLES_MULTI", words=words, labels=labels, is_category=[2, 0, 0, 1, 0])
    assert [(span.label, span.role) for span in found] == [
        ("SMALL_MOLECULE", "CONTROLLED_VAR"), ("GENEPROD", "MEASURED_VAR"),
    ]  # fmt: skip


@pytest.mark.parametrize("mask", [[1.0, 0, 0, 0, 0], [True, 0, 0, 0, 0], [[1], 0, 0, 0, 0]])
def test_a_mask_of_other_things_than_numbers(mask: object) -> None:
    with pytest.raises(DataError, match="is_category must be a list"):
        example("ROLES_SM", labels=["O"] * 5, is_category=mask)


@pytest.mark.parametrize("rows", [5, "labels", [], None, {}, {"entity_types": 5}, {"entity_types": [["O"]] * 5}])
def test_rows_of_tags_of_any_shape(rows: object) -> None:
    with pytest.raises(DataError):
        example("NER", label_ids=rows)


def card(features: object) -> dict[str, Any]:
    return {"dataset_info": {"features": features}}


def named(names: object) -> dict[str, Any]:
    return card([{"name": "labels", "sequence": {"class_label": {"names": names}}}])


@pytest.mark.parametrize(
    "shown",
    [
        {}, {"dataset_info": 5}, {"dataset_info": "x"}, {"dataset_info": [5, None]}, {"dataset_info": [[{}]]},
        card(None), card(5), card("labels"), card({"labels": "x"}), card([None, "labels", 3]),
        card([{"name": "labels"}]), card([{"name": "labels", "sequence": "string"}]),
        card([{"name": "labels", "list": ["x"]}]), card([{"name": "labels", "sequence": {"class_label": 5}}]),
        named(None), named([]), named({}), named("O"), named({"zero": "O"}), named({"1": "O"}), named({"0": 5}),
        named([1, 2]), named({"0": "O", "2": "B-X"}),
    ],
)  # fmt: skip
def test_a_card_that_names_no_tags(shown: dict[str, Any]) -> None:
    assert tagged.label_names(shown, "NER") is None


@pytest.mark.parametrize("names", [["O", "B-X"], {"0": "O", "1": "B-X"}, {1: "B-X", 0: "O"}])
def test_a_card_that_names_them(names: object) -> None:
    assert tagged.label_names(named(names), "NER") == ("O", "B-X")
