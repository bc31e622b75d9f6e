"""Annotation tools and libraries: their files as they write them, and what is wrong with some."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fewshot import data
from fewshot.errors import DataError
from fewshot.records import Example, Span

GENE = (Span(0, 5, "Gene"),)
LABEL = {"type": "labels", "value": {"start": 0, "end": 5, "text": "DCTN4", "labels": ["Gene"]}}


def read(path: Path, *rows: object, array: bool = False, **options: str) -> tuple[list[Example], list[str]]:
    path.write_text(json.dumps(rows) if array else "".join(json.dumps(row) + "\n" for row in rows))
    said: list[str] = []
    return data.read(str(path), options=options, said=said), said


@pytest.mark.parametrize(
    ("format", "row", "id_"),
    [
        ("labelstudio", {"id": 7, "data": {"text": "DCTN4 blot."}, "annotations": [{"result": [LABEL]}]}, "7"),
        ("labelstudio", {"id": 7, "data": {"caption": "DCTN4 blot."}, "predictions": [{"result": [LABEL]}]}, "7"),
        ("labelstudio", {"id": 7, "text": "DCTN4 blot.", "label": [LABEL["value"]]}, "7"),
        ("doccano", {"id": 7, "text": "DCTN4 blot.", "label": [[0, 5, "Gene"]]}, "7"),
        ("doccano", {"text": "DCTN4 blot.", "labels": [[0, 5, "Gene"]]}, "a.json:1"),
        ("doccano", {"id": 7, "text": "DCTN4 blot.", "entities": [
            {"id": 1, "label": "Gene", "start_offset": 0, "end_offset": 5}], "relations": []}, "7"),
        ("prodigy", {"text": "DCTN4 blot.", "spans": [{"start": 0, "end": 5, "label": "Gene"}], "answer": "accept"},
         "a.json:1"),
        ("spacy", {"text": "DCTN4 blot.", "ents": [{"start": 0, "end": 5, "label": "Gene"}]}, "a.json:1"),
        ("spacy", {"text": "DCTN4 blot.", "ents": [
            {"start": 0, "end": 1, "start_char": 0, "end_char": 5, "label": "Gene"}]}, "a.json:1"),
        ("spacy", ["DCTN4 blot.", {"entities": [[0, 5, "Gene"]]}], "a.json:1"),
        ("spacy", {"classes": ["Gene"], "annotations": [["DCTN4 blot.", {"entities": [[0, 5, "Gene"]]}], None]},
         "a.json:1"),
        ("langextract", {"document_id": "7", "text": "DCTN4 blot.", "extractions": [
            {"extraction_class": "Gene", "extraction_text": "dctn4", "char_interval": {"start_pos": 0, "end_pos": 5},
             "alignment_status": "match_exact"}]}, "7"),
        ("langextract", {"text": "DCTN4 blot.", "extractions": [
            {"extraction_class": "Gene", "extraction_text": "DCTN4"}]}, "a.json:1"),
        ("tokens", {"id": "7", "tokens": ["DCTN4", "blot."], "ner_tags": ["B-Gene", "O"]}, "7"),
    ],
)  # fmt: skip
def test_one_record_of_each(format: str, row: object, id_: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    (found,) = read(path, row)[0]
    assert data.guess(str(path)) == format
    assert (found.id, found.text, found.entities) == (id_, "DCTN4 blot.", GENE)
    if isinstance(row, dict):
        assert [one.entities for one in read(path, row, array=True)[0]] == [GENE]


def test_what_an_annotator_did_not_accept_is_left_out_and_said(tmp_path: Path) -> None:
    span = {"start": 0, "end": 3, "label": "X"}
    rows = [{"text": "p53", "spans": [span], "answer": answer} for answer in ("accept", "reject", "ignore")]
    found, said = read(tmp_path / "a.jsonl", *rows)
    assert len(found) == 1
    what = "examples left out because an annotator rejected or skipped them"
    assert said == [f"{tmp_path}/a.jsonl: {what}: 2 (the first: 'a.jsonl:2')"]


def test_several_annotators_and_other_results(tmp_path: Path) -> None:
    cancelled = {"was_cancelled": True, "result": []}
    row = {"id": 1, "data": {"text": "DCTN4 blot."},
           "annotations": [cancelled, {"result": [LABEL, {"type": "choices"}]}, {"result": []}]}  # fmt: skip
    (found, other), said = read(tmp_path / "a.json", row, {"id": 2, "data": {"text": "x"}}, array=True)
    assert (found.entities, other.entities) == (GENE, None)
    assert [line.partition(": ")[2] for line in said] == [
        "examples with several annotations, of which the first is read: 1 (the first: '1')",
        'annotations that are no entities and are not read: 1 (the first: \'{"type": "choices"}\')',
    ]


def test_what_langextract_could_not_place(tmp_path: Path) -> None:
    row = {"document_id": "d", "text": "DCTN4 blot.", "extractions": [
        {"extraction_class": "Gene", "extraction_text": "DCTN4", "char_interval": {"start_pos": 0, "end_pos": 5}},
        {"extraction_class": "Gene", "extraction_text": "p21", "char_interval": None}]}  # fmt: skip
    (found,), said = read(tmp_path / "a.jsonl", row)
    assert found.entities == GENE
    assert found.extra == {"unplaced": [{"label": "Gene", "text": "p21"}]}
    assert said == [
        f"{tmp_path}/a.jsonl: entities left out because they have no place in the text: 1 (the first: 'p21')"
    ]


def test_numeric_tags_need_names(tmp_path: Path) -> None:
    row = {"id": "7", "tokens": ["DCTN4", "blot"], "ner_tags": [1, 0]}
    with pytest.raises(
        DataError, match=r"a\.jsonl:1 \(id 7\): the tag 1 is a number; name them in their order: --tag-n"
    ):
        read(tmp_path / "a.jsonl", row)
    assert read(tmp_path / "a.jsonl", row, tag_names="O,B-Gene,I-Gene")[0][0].entities == GENE
    with pytest.raises(DataError, match="the tag 1 has no name: --tag-names has 1"):
        read(tmp_path / "a.jsonl", row, tag_names="O")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "p53", "label": [[0, 9, "X"]]}, "entity 'X' is out of range: 0–9 of a text of 3 characters"),
        ({"text": "😀", "label": [[0, 2, "X"]]}, "out of range: 0–2 .*; are they in other units\\? --offsets utf16"),
        ({"text": "p53", "label": [[1, 1, "X"]]}, "entity 'X' is empty: 1–1; is the end inclusive\\? --offsets incl"),
        ({"text": "p53", "label": [[0, "3", "X"]], "labels": [[0, 1, "Y"]]}, "label\\[0\\].end must be a whole number"),
        ({"text": "p53", "spans": [{"start": 0, "end": 3, "label": "X", "text": "p21"}]}, "spans\\[0\\]: 0–3 is 'p53'"),
        ({"text": "p53", "spans": [{"start": 0, "end": 3, "label": "X"}, 5]}, "spans\\[1\\] must be an object, not 5"),
        ({"text": "p53", "ents": [{"start": 0, "end": 3}]}, "ents\\[0\\].label is missing"),
        ({"text": "p53", "ents": 5}, "ents must be a list, not 5"),
        (
            {"text": "p53", "extractions": [{"extraction_text": "p53"}]},
            "extractions\\[0\\].extraction_class is missing",
        ),
        (
            {"id": 1, "data": {"html": "p53"}, "annotations": []},
            "no column looks like text \\(columns: html\\); name one",
        ),
        ({"id": 1, "data": {"text": "p53"}, "annotations": 5}, "annotations must be a list, not 5"),
        ({"tokens": ["a"], "ner_tags": ["O", "O"]}, "2 ner_tags for 1 tokens"),
        ({"tokens": ["a"], "ner_tags": ["X"]}, "'X' is not a tag; tags are O, B-LABEL"),
        ({"tokens": [], "ner_tags": []}, "tokens is missing or holds no word"),
    ],
)
def test_what_cannot_be_read_is_named(row: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"a\.json:1 .*{said}|a\.json:1: {said}"):
        read(tmp_path / "a.json", row)
