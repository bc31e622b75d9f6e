"""Predictions in the formats of others: matched by id or text, never scored at offsets of another text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import fewshot
from fewshot import data
from fewshot.errors import DataError, InputError
from fewshot.records import Example, Span

GOLD = [
    Example("10.1/x fig 1", "10.1/x", "(A) p53 –\nblot of p21.", entities=(Span(4, 7, "GENE"), Span(18, 21, "GENE"))),
    Example("10.1/x fig 2", "10.1/x", "Nothing.", entities=()),
]
ENDINGS = {"bioc": ".xml", "brat": "", "pubtator": ".txt", "table": ".csv"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data.write(GOLD, Path("gold.jsonl"), "jsonl")


def f1(predictions: str, **options: str) -> float:
    run = fewshot.evaluate("ner", data="gold.jsonl", predictions=predictions, reading=options)
    return run.result.scores["strict.micro.f1"]


@pytest.mark.parametrize(
    "name", ["bioc", "brat", "doccano", "labelstudio", "langextract", "prodigy", "pubtator", "spacy", "jsonl", "table"]
)
def test_what_a_format_carries_is_scored_as_it_is(name: str) -> None:
    path = f"mine{ENDINGS.get(name, '.json')}"
    data.write(GOLD, Path(path), name)
    assert f1(path) == 1.0
    half = [replace(GOLD[0], entities=GOLD[0].entities[:1] if GOLD[0].entities else ()), GOLD[1]]
    data.write(half, Path(f"half{ENDINGS.get(name, '.json')}"), name)
    assert f1(f"half{ENDINGS.get(name, '.json')}") == pytest.approx(2 / 3)


def test_ids_of_others_are_matched_by_text() -> None:
    data.write([replace(one, id=f"doc {n}") for n, one in enumerate(GOLD)], Path("mine.json"), "doccano")
    run = fewshot.evaluate("ner", data="gold.jsonl", predictions="mine.json")
    assert run.result.scores["strict.micro.f1"] == 1.0
    assert "mine.json: predictions are matched with the data by their texts" in run.notices


def test_words_with_tags_are_found_in_the_text() -> None:
    data.write(GOLD, Path("mine.conll"), "conll")
    assert f1("mine.conll") == 1.0


def test_what_langextract_could_not_place_is_counted() -> None:
    rows = [{"document_id": GOLD[0].id, "text": GOLD[0].text, "extractions": [
        {"extraction_class": "GENE", "extraction_text": "p53", "char_interval": {"start_pos": 4, "end_pos": 7}},
        {"extraction_class": "GENE", "extraction_text": "MDM2", "char_interval": None}]},
        {"document_id": GOLD[1].id, "text": GOLD[1].text, "extractions": []}]  # fmt: skip
    Path("mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = fewshot.evaluate("ner", data="gold.jsonl", predictions="mine.jsonl")
    first = json.loads((run.folder.path / "predictions.jsonl").read_text().splitlines()[0])
    assert first["unplaced"] == [{"label": "GENE", "text": "MDM2"}]
    assert first["problems"] == {"not_in_text": 1}


def test_offsets_of_another_text_are_refused() -> None:
    other = replace(GOLD[0], text="(A) p53 — blot of p21.")
    data.write([other, GOLD[1]], Path("mine.json"), "doccano")
    with pytest.raises(DataError, match=r"fig 1\): its text is not that of the data, from character 9 on: '— blot"):
        f1("mine.json")
    data.write([replace(other, id="doc"), GOLD[1]], Path("mine.json"), "doccano")
    with pytest.raises(DataError, match=r"\(id doc\): neither its id nor its text is one of the data: '\(A\) p53"):
        f1("mine.json")


def test_standard_input_has_no_name() -> None:
    with pytest.raises(InputError, match="--predictions - can be read once: a result names its file; save it"):
        f1("-")
