"""Two spans may touch: one ends where the next begins. They are legal wherever spans are, and overlap nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fewshot import data, evaluate, formats, replay, run
from fewshot.errors import DataError
from fewshot.records import Kind, Scheme, Span
from fewshot.schema import example_from_json, example_to_json, prediction_from_json, prediction_to_json

TEXT = "(A)Blot of p53MDM2.(B)Mice."
ENTITIES: list[dict[str, Any]] = [
    {"start": 11, "end": 14, "label": "GENEPROD"},
    {"start": 14, "end": 18, "label": "GENEPROD"},
]
PANELS: list[dict[str, Any]] = [{"labels": ["A"], "start": 0, "end": 19}, {"labels": ["B"], "start": 19, "end": 27}]
RECORD: dict[str, Any] = {"id": "f", "group": "g", "text": TEXT, "panels": PANELS, "entities": ENTITIES}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gold.jsonl").write_text(json.dumps(RECORD) + "\n")


def test_in_a_record() -> None:
    (example,) = data.read("gold.jsonl")
    assert example_to_json(example) == RECORD
    # The same, where a span bears more than our own files say: it is read in another way.
    sure = [span | {"confidence": 0.5} for span in ENTITIES]
    assert example_from_json(RECORD | {"entities": sure}).entities == example.entities


@pytest.mark.parametrize("key", ["entities", "panels"])
def test_one_character_more_overlaps(key: str) -> None:
    first, second = RECORD[key]
    with pytest.raises(DataError, match=f"{key} overlap"):
        example_from_json(RECORD | {key: [first | {"end": first["end"] + 1}, second]})


@pytest.mark.parametrize(("kind", "row"), [("entities", ENTITIES), ("panels", PANELS)])
def test_in_a_prediction(kind: Kind, row: list[dict[str, Any]]) -> None:
    line: dict[str, Any] = {"id": "f", kind: row, "output": None, "problems": {}, "fidelity": None}
    assert prediction_to_json(prediction_from_json(line, kind, {"f": TEXT}), kind) == line


@pytest.mark.parametrize(("task", "key"), [("ner", "entities"), ("panelization", "panels")])
def test_in_predictions_of_somebody_else(task: str, key: str) -> None:
    Path("mine.jsonl").write_text(json.dumps({"id": "f", key: RECORD[key]}) + "\n")
    done = evaluate(task, data="gold.jsonl", predictions="mine.jsonl", out="run")
    assert done.result.scores["exact.accuracy"] == 1
    assert len(json.loads(Path("run/predictions.jsonl").read_text())[key]) == 2


@pytest.mark.parametrize(
    ("format", "kind", "answer"),
    [
        ("copy_tag", "entities", "(A)Blot of <GENEPROD>p53</GENEPROD><GENEPROD>MDM2</GENEPROD>.(B)Mice. [END]"),
        ("copy_tag", "entities", "(A)Blots of <GENEPROD>p53</GENEPROD><GENEPROD>MDM2</GENEPROD>.(B)Mice. [END]"),
        ("list", "entities", "GENEPROD: p53; MDM2"),
        ("json", "entities", [{"text": "p53", "label": "GENEPROD"}, {"text": "MDM2", "label": "GENEPROD"}]),
        ("copy_tag", "panels", "<panel>(A)Blot of p53MDM2.</panel><panel>(B)Mice.</panel> [END]"),
        ("list", "panels", "A: (A)Blot\nB: (B)Mice."),
        ("json", "panels", [{"labels": ["A"], "text": "(A)Blot of p53MDM2."}, {"labels": ["B"], "text": "(B)Mice."}]),
    ],
)
def test_in_an_answer(format: str, kind: Kind, answer: Any) -> None:
    scheme = Scheme(kind, ("GENEPROD",))
    parsed = formats.get(format, kind).parse(
        answer if isinstance(answer, str) else json.dumps({kind: answer}), TEXT, scheme
    )
    assert isinstance(parsed.value, tuple)
    assert [(span.start, span.end) for span in parsed.value] == [
        (span["start"], span["end"]) for span in (ENTITIES if kind == "entities" else PANELS)
    ]


def test_in_a_run_and_its_replay() -> None:
    done = run("panelization", data="gold.jsonl", out="run")
    assert [(p["start"], p["end"]) for p in json.loads(Path("run/predictions.jsonl").read_text())["panels"]] == [
        (0, 19), (19, 27)
    ]  # fmt: skip
    assert replay("run").result == done.result


def test_a_span_that_touches_is_no_relaxed_hit() -> None:
    from fewshot.metrics import spans

    tally = spans.tally([Span(11, 14, "GENEPROD")], [Span(14, 18, "GENEPROD")])
    assert spans.scores([tally], ["GENEPROD"])["relaxed.micro.f1"] == 0
