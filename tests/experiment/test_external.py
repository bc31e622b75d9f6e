"""Predictions that somebody else made: scored by the same evaluator, kept as the same files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fewshot import evaluate, run
from fewshot.errors import FewshotError, InputError
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.running import EndedRun
from fewshot.report.compare import compare

TEXTS = ["(A) Blot of p53. (B) Cells.", "(A) Gels of p21. (B) Mice."]
GOLD: list[dict[str, Any]] = [
    {
        "id": f"f{n}",
        "text": text,
        "panels": [
            {"labels": ["A"], "start": 0, "end": text.index(" (B)")},
            {"labels": ["B"], "start": text.index("(B)"), "end": len(text)},
        ],
        "entities": [{"start": 12, "end": 15, "label": "GENEPROD", "role": "MEASURED_VAR"}],
        "hypothesis": {
            "interventions": [{"label": "GENEPROD", "text": "p53"}],
            "observations": [{"label": "GENEPROD", "text": "p21"}],
            "assays": [{"label": "EXP_ASSAY", "text": "Blot"}],
        },
    }
    for n, text in enumerate(TEXTS)
]  # fmt: skip


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(GOLD, "gold.jsonl")


def write(rows: list[dict[str, Any]], name: str = "mine.jsonl") -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def score(task: str, **settings: Any) -> EndedRun:
    return evaluate(task, data="gold.jsonl", predictions="mine.jsonl", **settings)


@pytest.mark.parametrize(
    ("task", "field", "headline"),
    [
        ("panelization", "panels", "exact.accuracy"), ("ner", "entities", "strict.micro.f1"),
        ("roles", "entities", "strict.micro.f1"), ("causal", "hypothesis", "exact.accuracy"),
    ],
)  # fmt: skip
def test_the_gold_itself_is_right(task: str, field: str, headline: str) -> None:
    write([{"id": row["id"], field: row[field]} for row in reversed(GOLD)])
    done = score(task)
    assert done.result.scores[headline] == 1.0
    assert (done.result.n, done.result.failed, done.complete) == (2, 0, True)
    assert [p["id"] for p in map(json.loads, done.folder.text("predictions.jsonl").splitlines())] == ["f0", "f1"]


@pytest.mark.parametrize(
    ("task", "format", "output"),
    [
        ("panelization", "copy_tag", "<panel> {a} </panel> <panel> {b} </panel> [END]"),
        ("panelization", "list", "A: {a}\nB: {b}"),
        (
            "panelization",
            "json",
            '{{"panels": [{{"labels": ["A"], "text": "{a}"}}, {{"labels": ["B"], "text": "{b}"}}]}}',
        ),
    ],
)
def test_raw_output_is_read_by_its_format(task: str, format: str, output: str) -> None:
    halves = [row["text"].partition(" (B)") for row in GOLD]
    write([{"id": f"f{n}", "output": output.format(a=a, b=f"(B){b}")} for n, (a, _, b) in enumerate(halves)])
    assert score(task, format=format).result.scores["exact.accuracy"] == 1.0
    with pytest.raises(FewshotError, match=r"mine\.jsonl:1 \(id f0\): raw output without panels; name its --format"):
        score(task)


def test_entities_without_offsets_are_grounded() -> None:
    names = [{"text": "P53", "label": "GENEPROD"}, {"text": "p99", "label": "GENEPROD"}]
    write([{"id": "f0", "entities": names}, {"id": "f1", "entities": [{"text": "p21", "label": "TISSUE"}]}])
    done = score("ner")
    rows = [json.loads(line) for line in done.folder.text("predictions.jsonl").splitlines()]
    assert rows[0]["entities"] == [{"start": 12, "end": 15, "label": "GENEPROD", "match": "folded"}]
    assert (rows[0]["unplaced"], rows[0]["problems"]) == ([names[1]], {"not_in_text": 1})
    assert [span["label"] for span in rows[1]["entities"]] == ["TISSUE"]  # whatever is predicted counts
    assert done.result.scores["strict.micro.precision"] == 0.5


def test_entities_of_which_some_have_offsets_must_all_have_them() -> None:
    write([{"id": "f0", "entities": [{"text": "p53", "label": "G"}, {"start": 0, "end": 3, "label": "G"}]}])
    with pytest.raises(FewshotError, match=r"entities\[0\]\.start must be a whole number"):
        score("ner", missing_as_empty=True)


def test_a_row_of_a_comparison() -> None:
    write([{"id": row["id"], "entities": row["entities"]} for row in GOLD])
    mine = score("ner", out="runs/mine")
    rules = run("ner", data="gold.jsonl", out="runs/rules")
    rows = compare([mine.folder.path, rules.folder.path]).rows
    assert [row.label for row in rows] == ["all-empty", "mine.jsonl", "rules-2"]
    assert rows[1].kind == "given"
    assert rows[1].score("strict.micro.f1") == 1.0
    files = {path.name for path in mine.folder.path.iterdir()}
    assert {"run.toml", "gold.jsonl", "predictions.jsonl", "scores.json"} <= files


def test_predictions_are_named_by_their_content() -> None:
    write([{"id": row["id"], "entities": []} for row in GOLD])
    one = score("ner")
    write([{"id": row["id"], "entities": row["entities"]} for row in GOLD])
    other = score("ner")
    assert one.folder.path != other.folder.path
    assert one.result.signature["model"] != other.result.signature["model"]


def test_scoring_again_into_the_same_folder_takes_the_new_predictions() -> None:
    write([{"id": row["id"], "entities": []} for row in GOLD])
    score("ner", out="runs/mine")
    write([{"id": row["id"], "entities": row["entities"]} for row in GOLD])
    assert score("ner", out="runs/mine").result.scores["strict.micro.f1"] == 1.0
    assert RunFolder(Path("runs/mine")).scores().scores["strict.micro.f1"] == 1.0


def test_a_missing_id_is_an_error_or_counted() -> None:
    write([{"id": "f1", "entities": GOLD[1]["entities"]}])
    with pytest.raises(InputError, match=r"no prediction for 'f0' \(1 of 2 are missing\); --missing-as-empty"):
        score("ner")
    done = score("ner", missing_as_empty=True)
    assert (done.result.n, done.result.failed, done.result.scores["strict.micro.recall"]) == (2, 1, 0.5)


def test_a_label_that_the_gold_does_not_have_is_wrong_and_said() -> None:
    write(
        [{"id": row["id"], "entities": [*row["entities"], {"start": 0, "end": 3, "label": "TISSUE"}]} for row in GOLD]
    )
    done = score("ner")
    assert done.result.scores["strict.micro.precision"] == 0.5
    assert done.notices == ("2 predictions bear labels that the gold does not have, and count as wrong: TISSUE",)
    only = score("ner", labels=("GENEPROD",))
    assert (only.result.scores["strict.micro.precision"], only.notices) == (1.0, ())
    with pytest.raises(InputError, match="unknown label 'TISSUE'"):
        score("ner", labels=("TISSUE",))


def test_an_entity_without_a_role_is_no_prediction_of_one() -> None:
    others = [{"start": 0, "end": 3, "label": "GENEPROD", "role": ""}, {"start": 4, "end": 6, "label": "GENEPROD"}]
    write([{"id": row["id"], "entities": [*others, *row["entities"]]} for row in GOLD])
    done = score("roles")
    assert (done.result.scores["strict.micro.precision"], done.notices) == (1.0, ())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "f9", "entities": []}', r":1 \(id f9\): no such id in gold\.jsonl, split test; check --data"),
        ('{"id": "f0", "entities": []}\n{"id": "f0", "entities": []}',
         r":2 \(id f0\): duplicate id \(first on line 1\)"),
        ('{"id": "f0"}', r":1 \(id f0\): neither entities nor output"),
        ('{"id": "f0", "output": 3}', r":1 \(id f0\): neither entities nor output"),
        ('{"entities": []}', ":1: id is missing"),
        ('{"id": 5, "entities": []}', ":1: id is missing"),
        ('{"id": "f0", "entities": [{"start": 0, "end": 99, "label": "G"}]}',
         r":1 \(id f0\): entities\[0\] is out of range"),
        ('{"id": "f0", "entities": [{"start": 0, "end": 3, "label": "G"}, {"start": 2, "end": 4, "label": "G"}]}',
         r":1 \(id f0\): entities overlap"),
        ('{"id": "f0", "entities": []}\n\nnonsense', ":3: not a JSON object"),
        ("[]", ":1: not a JSON object"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_line_and_id(line: str, said: str) -> None:
    Path("mine.jsonl").write_text(line + "\n")
    with pytest.raises(FewshotError, match=r"mine\.jsonl" + said):
        score("ner", missing_as_empty=True)


def test_a_file_that_is_not_there_or_no_text() -> None:
    with pytest.raises(InputError, match=r"cannot read mine\.jsonl: No such file"):
        score("ner")
    Path("mine.jsonl").write_bytes(b'{"id": "caf\xe9"}\n')
    with pytest.raises(InputError, match=r"mine\.jsonl:1: not UTF-8"):
        score("ner")


def test_a_folder_of_another_run_is_refused() -> None:
    run("ner", data="gold.jsonl", out="runs/rules")
    write([{"id": row["id"], "entities": []} for row in GOLD])
    with pytest.raises(FewshotError, match=r"runs/rules holds a run of other settings .*backend: rules → external"):
        score("ner", out="runs/rules")
