"""Comparisons → a document: what is on the page is what the runs hold."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from fewshot.experiment.running import run
from fewshot.files import CORPUS
from fewshot.report.compare import compare
from fewshot.report.page import contents
from fewshot.report.page.charts.curves import Crossing, Curve, Point
from fewshot.report.page.contents import document, part
from fewshot.report.page.document import Document, Part
from fewshot.report.page.packing import Packer
from fewshot.report.page.pictures import learning_curves
from fewshot.report.page.rendering import html as rendered


@pytest.fixture(scope="module")
def ner(tmp_path_factory: pytest.TempPathFactory) -> Part:
    rules = run("ner", limit=10, out=tmp_path_factory.mktemp("ner") / "rules").folder.path
    return part(compare([rules, CORPUS / "recorded" / "ner-smollm2-3shot"]))


def test_a_document_is_json(ner: Part) -> None:
    assert json.loads(json.dumps(asdict(ner)))["systems"][1]["letter"] == "B"


def test_one_row_a_system_with_its_labels_below(ner: Part) -> None:
    assert [row.letter for row in ner.table.rows] == ["–", "A", "B"]
    more = ner.table.rows[1].more
    assert more is not None
    assert any(row.cells[0].text == "strict.label.GENEPROD" for row in more.rows)
    assert ner.table.rows[0].more is None


def test_the_caption_of_the_corpus_stands_on_the_page(ner: Part) -> None:
    assert any("synthetic" in caption for caption in ner.captions)


def test_pictures_of_scores_differences_costs_and_errors(ner: Part) -> None:
    assert [picture.name for picture in ner.why] == ["scores", "differences", "cost", "errors"]
    assert [picture.name for picture in ner.confusions] == ["confusion-A", "confusion-B"]
    for picture in (*ner.why, *ner.confusions):
        assert picture.data.rows, picture.name


def test_every_example_has_every_answer(ner: Part) -> None:
    assert len(ner.examples) == 10
    for example in ner.examples:
        assert [len(answer["outputs"]) for answer in example["answers"]] == [1, 1]
        assert all(answer["prompt"] for answer in example["answers"])
    assert any(answer["unplaced"] for example in ner.examples for answer in example["answers"])


def test_a_prompt_is_its_lines_again(ner: Part) -> None:
    lines: list[str] = []
    for example in ner.examples:
        lines += example["lines"]
        assert len(set(lines)) == len(lines)
        for answer in example["answers"]:
            *_, (role, numbers) = answer["prompt"]
            assert role == "user"
            assert example["text"].split("\n")[0] in "\n".join(lines[number] for number in numbers)


def test_duels_are_counts_of_examples(ner: Part) -> None:
    (nobody, better), (worse, _) = ner.duels
    assert nobody == 0
    assert 0 < better <= 10
    assert better + worse <= 10


def test_one_run_alone_is_a_page(tmp_path: Path) -> None:
    alone = document([compare([run("panelization", limit=3, out=tmp_path / "one").folder.path])])
    assert [picture.name for picture in alone.parts[0].why][:1] == ["scores"]
    assert alone.parts[0].duels == [[0]]
    assert alone.verdict == []


def test_packing_keeps_gaps_lengths_and_features() -> None:
    spans = [{"start": 4, "end": 7, "label": "GENE"}, {"start": 12, "end": 16, "label": "GENE", "confidence": 0.8125}]
    answer = {
        "value": spans[:1],
        "unplaced": [{"label": "GENE", "text": "MDM9"}],
        "faults": [
            {"kind": "missed", "gold": [{"start": 12, "end": 16, "label": "GENE"}], "predicted": [], "scored": True},
            {"kind": "not_in_text", "gold": [], "predicted": [{"label": "GENE", "text": "MDM9"}], "scored": False},
        ],
    }
    packer = Packer()
    packed = packer.packed({"gold": spans, "answers": [answer]})
    assert packed["gold"] == [4, 3, 0, 5, 4, 0]
    assert packer.features == [{"label": "GENE"}]
    assert packed["answers"][0]["value"] == [4, 3, 0]
    assert packed["answers"][0]["faults"] == [[0, [1], []], [7, [], [1], 0]]
    assert packer.packed({"gold": None, "answers": [{**answer, "value": spans, "faults": []}]})["answers"][0][
        "sure"
    ] == [
        None,
        812,
    ]


def test_what_is_left_out_is_said(ner: Part, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert ner.left_out == ""
    monkeypatch.setattr(contents, "MOST_ANSWERS", 4)
    runs = [run("ner", limit=3, shots=0, format=name, out=tmp_path / name).folder.path for name in ("list", "json")]
    short = part(compare(runs))
    assert len(short.examples) == 2
    assert short.left_out == "These are the first 2 of 3 examples; `fewshot show` shows the others."


def test_learning_curves_stand_below_the_table(tmp_path: Path) -> None:
    crossing = Crossing(60, 20, 200, "Fine-tuning wins from 60 labels on (20–200).")
    curves = [
        Curve("A", "tagger", [Point(10, 0.4, 0.3, 0.5), Point(1000, 0.8, 0.75, 0.84)], "local"),
        Curve("B", "three shots", [Point(3, 0.6, 0.5, 0.7)], "prompted", level=True),
    ]
    picture = learning_curves(curves, "starts.f1", crossing=crossing)
    assert [len(row.cells) for row in picture.data.rows] == [5, 5, 5]
    compared = compare([run("panelization", limit=2, shots=0, out=tmp_path / "one").folder.path])
    page = rendered(Document("t", [part(compared, when=[picture])]))
    assert page.index('class="when"') < page.index("Fine-tuning wins from 60 labels on") < page.index('class="why"')
