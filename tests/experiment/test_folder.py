"""The run folder: what is written is read again, whole or not at all, and without secrets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fewshot.errors import DataError, FewshotError, RunFolderError
from fewshot.experiment import record
from fewshot.experiment.folder import (
    DEMONSTRATIONS,
    GOLD,
    PREDICTIONS,
    RunFolder,
    predictions_text,
    scores_text,
)
from fewshot.experiment.record import Recorded, Resolved
from fewshot.experiment.settings import Settings
from fewshot.records import PANEL, Example, Prediction, Span
from fewshot.scoring import Scores

EXAMPLE = Example("f1", "g", "(A) Blot µ of p53.", panels=(Span(0, 18, PANEL, ("A",)),), split="test")
PREDICTION = Prediction("f1", (Span(0, 18, PANEL, ("A",)),), "<panel> … </panel> [END]", {"truncated": 1}, 0.75)
RECORDED = Recorded(settings=Settings(task="panelization", limit=3), plan=Resolved(task="panelization", n=1))
SCORES = Scores("panelization", {"task": "panelization"}, True, 1, 0, {"starts.f1": 1 / 3})


def scores_with(**signature: object) -> str:
    """The text of a `scores.json` with that signature."""
    return json.dumps({"task": "ner", "complete": True, "n": 1, "failed": 0, "scores": {}, "signature": signature})


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "runs" / "one")
    made.create()
    record.write(made, RECORDED)
    made.write_examples(GOLD, [EXAMPLE])
    made.write_predictions([PREDICTION], "panels")
    made.write_scores(SCORES)
    return made


def test_what_is_written_is_read_again(folder: RunFolder) -> None:
    assert folder.exists()
    assert folder.examples() == [EXAMPLE]
    assert folder.predictions("panels", [EXAMPLE]) == [PREDICTION]
    assert folder.scores() == SCORES
    assert record.read(folder) == RECORDED


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c"])
def test_a_line_ends_at_a_line_feed_and_nowhere_else(folder: RunFolder, separator: str) -> None:
    example = Example("f1", "g", f"p53{separator}blot")
    folder.write_examples(GOLD, [example])
    assert folder.examples() == [example]


def test_the_same_is_written_as_the_same_bytes() -> None:
    assert predictions_text([PREDICTION], "panels") == (
        '{"id": "f1", "panels": [{"labels": ["A"], "start": 0, "end": 18}], '
        '"output": "<panel> … </panel> [END]", "problems": {"truncated": 1}, "fidelity": 0.75}\n'
    )
    assert '"starts.f1": 0.3333333333333333\n' in scores_text(SCORES)


def test_several_outputs_are_a_list(folder: RunFolder) -> None:
    several = Prediction("f1", (), ("one", "two"))
    folder.write_predictions([several], "panels")
    assert '"output": ["one", "two"]' in folder.text(PREDICTIONS)
    assert folder.predictions("panels", [EXAMPLE]) == [several]


def test_half_a_surrogate_pair_of_an_answer_is_written(folder: RunFolder) -> None:
    odd = Prediction("f1", (), "a\ud83db")
    folder.write_predictions([odd], "panels")
    assert folder.predictions("panels", [EXAMPLE]) == [odd]


def test_credentials_go_into_no_file(folder: RunFolder) -> None:
    secret = Settings(task="ner", base_url="https://me:sk-secret@host:1/v1")
    failed = {"f1": "https://me:sk-secret@host:1/v1?key=sk-secret"}
    record.write(folder, replace(RECORDED, settings=secret, failed=failed))
    assert "sk-secret" not in folder.text("run.toml")
    assert record.read(folder).settings.base_url == "https://host:1/v1"


def test_a_file_is_replaced_whole(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    before = folder.text(PREDICTIONS)
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RunFolderError, match=r"cannot write .*predictions\.jsonl: No space left on device"):
        folder.write_predictions([], "panels")
    assert folder.text(PREDICTIONS) == before


def test_a_file_that_cannot_be_moved_to_its_place_leaves_the_old_one(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: Path, *_: object) -> Path:
        raise OSError(5, "Input/output error")

    before = folder.text(PREDICTIONS)
    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(RunFolderError, match="Input/output error"):
        folder.write_predictions([], "panels")
    assert folder.text(PREDICTIONS) == before


def test_a_folder_of_other_things_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    for path in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(RunFolderError, match="exists but is not a run folder; choose another --out"):
            RunFolder(path).create()
    with pytest.raises(RunFolderError, match=r"cannot make .*thesis\.txt/x: Not a directory"):
        RunFolder(tmp_path / "thesis.txt" / "x").create()
    (tmp_path / "empty").mkdir()
    RunFolder(tmp_path / "empty").create()


def test_what_is_missing_says_whether_it_is_a_run_at_all(folder: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"is not a run folder \(run\.toml is missing\); `fewshot run` makes"):
        record.read(RunFolder(tmp_path / "nowhere"))
    (folder.path / "scores.json").unlink()
    with pytest.raises(RunFolderError, match=r"holds an unfinished run \(scores\.json is missing\)"):
        folder.scores()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("run.toml", "a = ", r"run\.toml: Invalid value"),
        ("scores.json", "{", r"scores\.json is broken"),
        ("scores.json", '{"task": "ner"}', r"scores\.json is broken: 'signature'"),
        (
            "scores.json",
            scores_with(labels=["GENE", None]),
            r"is broken: signature\.labels must be a list",
        ),
        ("scores.json", scores_with(labels="GENE"), r"is broken: signature\.labels must be a list"),
        (
            "scores.json",
            scores_with(shots={"mean": "x"}),
            r"is broken: signature\.shots must hold numbers",
        ),
        ("gold.jsonl", '{"id": "f1", "text": "x"}\n[]\n', r"gold\.jsonl:2: not a JSON object"),
        ("gold.jsonl", '{"id": "f1"}\n', r"gold\.jsonl:1 \(id f1\): text is missing"),
        ("predictions.jsonl", '{"id": "f2", "panels": []}\n', r"predictions\.jsonl:1 \(id f2\): no such id"),
        ("predictions.jsonl", '{"id": "f1", "entities": []}\n', r"predictions\.jsonl:1 \(id f1\): panels is missing"),
        ("predictions.jsonl", "\xff", r"cannot read .*predictions\.jsonl"),
    ],
)
def test_a_broken_file_is_named(name: str, content: str, said: str, folder: RunFolder) -> None:
    (folder.path / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(FewshotError, match=said):
        _ = (record.read(folder), folder.scores(), folder.predictions("panels", folder.examples()))


def test_spans_of_another_run_by_id(folder: RunFolder) -> None:
    folder.write_entities({"f1": (Span(14, 17, "GENEPROD"),), "gone": ()})
    assert folder.spans("entities.jsonl", [EXAMPLE]) == {"f1": (Span(14, 17, "GENEPROD"),)}


def test_what_a_prompt_showed(folder: RunFolder) -> None:
    assert folder.shown() == {}
    folder.responses.write_text('{"id": "f1", "demonstrations": ["d2", "d1"], "request": {"prompt": "x"}}\n')
    assert folder.shown() == {"f1": ("d2", "d1")}
    assert folder.recorded_request("f1") == {"prompt": "x"}
    assert folder.recorded_request("f9") is None


def test_two_examples_of_one_text_share_a_request(folder: RunFolder) -> None:
    twin = Example("f2", "g", EXAMPLE.text)
    folder.write_examples(GOLD, [EXAMPLE, twin])
    folder.responses.write_text('{"id": "f1", "demonstrations": [], "request": {"prompt": "x"}}\n')
    assert folder.recorded_request("f2") == {"prompt": "x"}


def test_a_broken_demonstration_is_named(folder: RunFolder) -> None:
    (folder.path / DEMONSTRATIONS).write_text('{"id": "d1", "text": "x", "panels": 1}\n')
    with pytest.raises(DataError, match=r"demonstrations\.jsonl:1 \(id d1\): panels must be a list"):
        folder.examples(DEMONSTRATIONS)


@pytest.mark.parametrize("id_", [["f1"], 5, None])
def test_entities_of_an_example_without_an_id_are_refused(tmp_path: Path, id_: object) -> None:
    folder = RunFolder(tmp_path)
    (tmp_path / "entities.jsonl").write_text(json.dumps({"id": id_, "entities": []}) + "\n")
    with pytest.raises(DataError, match=r"entities\.jsonl:1: id (must be|is missing)"):
        folder.spans("entities.jsonl", [EXAMPLE])


def test_demonstrations_are_matched_by_the_texts_of_gold_alone(tmp_path: Path) -> None:
    (tmp_path / "responses.jsonl").write_text('{"id": "a", "demonstrations": ["d"]}\n', "utf-8")
    (tmp_path / "demonstrations.jsonl").write_text('{"id": "d", "text": "shown"}\n', "utf-8")
    rows = [{"id": "a", "text": "x"}, {"id": "b", "text": "x", "entities": "broken"}, {"id": "c", "text": "y"}]
    (tmp_path / "gold.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    shown = RunFolder(tmp_path).shown_examples()
    assert {id_: [demo.id for demo in demos] for id_, demos in shown.items()} == {"a": ["d"], "b": ["d"]}
    (tmp_path / "gold.jsonl").write_text('{"id": 7, "text": "x"}\n', "utf-8")
    with pytest.raises(DataError, match=r"gold\.jsonl:1: id must be a string"):
        RunFolder(tmp_path).shown_examples()
