"""Counts by article: counted, written, read, refused, and counted anew where an old folder has none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fewshot import evaluate, replay, run, tasks
from fewshot.errors import InputError, RunFolderError
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.rescoring import rescore
from fewshot.experiment.tallying import tallies_of
from fewshot.records import Example, Prediction, Span
from fewshot.scoring import tallies
from fewshot.scoring.tallies import Tallies

FOLDERS = Path(__file__).parent.parent / "folders"
NER = tasks.get("ner")
P53, HELA = Span(0, 3, "GENEPROD"), Span(7, 11, "CELL_LINE")
EXAMPLES = [
    Example("a1", "a", "p53 in HeLa", entities=(P53, HELA)),
    Example("b1", "b", "p53 in HeLa", entities=(P53,)),
    Example("a2", "a", "p53 in HeLa", entities=()),
    Example("c1", "c", "p53 in HeLa"),
    Example("d1", "d", "p53 in HeLa", entities=(P53,)),
]


def counted(labels: tuple[str, ...] = ("GENEPROD", "CELL_LINE")) -> Tallies:
    said = [Prediction(e.id, (P53, Span(4, 6, "OTHER"))) for e in EXAMPLES if e.id != "d1"]
    found = tallies.count(NER, EXAMPLES, said, labels=labels, grouped=True)
    assert found is not None
    return found


def test_counts_are_of_scored_examples_by_article_in_the_order_of_the_data() -> None:
    found = counted()
    assert found.groups == ("a", "b"), "c is not labelled, d has no prediction"
    assert found.measures[0] == "strict"
    assert found.measures[-1] == "label/OTHER", "what only predictions have comes last"
    strict = [row[0] for row in found.rows]
    assert strict == [(1, 4, 2), (1, 2, 1)]
    assert found.counts.shape == (2, len(found.measures), 3)
    assert found.of(found.formula("strict.label.CELL_LINE.f1"))[:, 0].tolist() == [[0, 0, 1], [0, 0, 0]]


def test_labels_that_are_not_scored_count_as_made_up_only() -> None:
    found = counted(labels=("GENEPROD",))
    assert dict(zip(found.measures, found.rows[0], strict=True))["strict"] == (1, 4, 1)


def test_the_text_is_read_back_and_does_not_depend_on_the_order_of_a_set() -> None:
    found = counted()
    text = tallies.text_of(found)
    assert tallies.read(text) == found
    assert text.count("\n") == 4, "a line an article"
    code = "from tests.scoring.test_tallies import *; print(tallies.text_of(counted()), end='')"
    for seed in ("1", "2"):
        env = {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=env)
        assert done.stdout.decode() == text
    empty = Tallies("ner", (), (), ("strict",), (), grouped=False)
    assert tallies.read(tallies.text_of(empty)) == empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": 5}, "task must be a name"), ({"grouped": "yes"}, "task must be a name"),
        ({"groups": {}}, "task must be a name"), ({"labels": [5]}, "labels must be a list of names"),
        ({"measures": "strict"}, "measures must be a list of names"), ({"groups": [5]}, "an object with a name"),
        ({"measures": ["m", "m"], "groups": []}, "twice"),
        ({"groups": [{"group": "g", "counts": [[1, 2]]}]}, "triples of whole numbers"),
        ({"groups": [{"group": "g", "counts": [[1, 2, True]]}]}, "triples of whole numbers"),
        ({"groups": [{"group": "g", "counts": [[1, 2, -1]]}]}, "triples of whole numbers"),
        ({"groups": [{"group": "g", "counts": [[1, 2, 1e300]]}]}, "triples of whole numbers"),
        ({"groups": [{"group": "g", "counts": []}]}, "must be 1 triples"),
        ({"groups": [{"group": "g", "counts": [[1, 2, 3]]}] * 2}, "twice"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_counts_is_refused(change: dict[str, Any], message: str) -> None:
    row: dict[str, Any] = {"task": "ner", "labels": [], "grouped": True, "measures": ["m"], "groups": []}
    with pytest.raises(ValueError, match=message):
        tallies.read(json.dumps(row | change))
    with pytest.raises(ValueError, match="not an object"):
        tallies.read("[]")


def test_there_is_no_other_score() -> None:
    with pytest.raises(InputError, match=r"have no 'strict\.micro\.f2'"):
        counted().formula("strict.micro.f2")


def go(tmp_path: Path, **more: object) -> RunFolder:
    settings = {"backend": "rules", "limit": 6, "shots": 0, **more}
    return run("panelization", out=tmp_path / "one", **settings).folder  # type: ignore[arg-type]


def test_a_run_writes_them_and_its_replay_the_same_bytes(tmp_path: Path) -> None:
    folder = go(tmp_path)
    replay(folder.path)
    again = replay(folder.path, out=tmp_path / "two").folder
    assert again.text("tallies.json") == folder.text("tallies.json")
    kept = tallies_of(folder, folder.scores())
    assert kept is not None
    assert kept.scores() == folder.scores().scores
    assert kept.grouped


def test_predictions_of_others_are_counted_too(tmp_path: Path) -> None:
    gold, said = tmp_path / "gold.jsonl", tmp_path / "said.jsonl"
    panel = {"labels": ["A"], "start": 0, "end": 9}
    gold.write_text(json.dumps({"id": "x", "text": "(A) Blot.", "panels": [panel]}) + "\n")
    said.write_text(json.dumps({"id": "x", "panels": []}) + "\n")
    done = evaluate("panelization", data=gold, predictions=said, out=tmp_path / "one")
    kept = tallies_of(done.folder, done.result)
    assert kept is not None
    assert (kept.groups, kept.grouped) == (("x",), False)
    assert kept.rows[0][0] == (0, 0, 1)


@pytest.mark.parametrize("name", ["rules-panelization", "rules-roles-end-to-end", "local-tagger", "gpt3-ner-json"])
def test_a_folder_without_them_is_counted_anew(name: str) -> None:
    folder = RunFolder(FOLDERS / name)
    assert not folder.holds("tallies.json")
    kept = tallies_of(folder, folder.scores())
    assert kept is not None
    recorded = folder.scores().scores
    assert {score: kept.scores()[score] for score in recorded} == recorded
    assert len(kept.groups) == 3


def test_counts_of_other_scores_and_broken_ones_are_refused(tmp_path: Path) -> None:
    folder = go(tmp_path)
    path = folder.path / "tallies.json"
    row = json.loads(path.read_text())
    row["groups"][0]["counts"][0][0] -= 1
    path.write_text(json.dumps(row))
    with pytest.raises(RunFolderError, match=r"holds other counts than those of scores\.json"):
        tallies_of(folder, folder.scores())
    for text, message in (("{", "is broken"), ("[" * 100_000, "nested too deeply")):
        path.write_text(text)
        with pytest.raises(RunFolderError, match=message):
            folder.tallies()


def test_a_rescored_run_has_counts_of_its_new_predictions(tmp_path: Path) -> None:
    path = tmp_path / "old"
    shutil.copytree(FOLDERS / "gpt3-ner-json", path)
    moved = rescore(path).moved
    assert moved
    folder = RunFolder(path)
    kept = folder.tallies()
    assert kept.scores() == folder.scores().scores


def test_a_task_that_keeps_no_counts_has_none() -> None:
    class Plain(type(NER)):  # type: ignore[misc]
        def formulas(self, labels: object) -> dict[str, object]:
            return {}

    assert tallies.count(Plain(), EXAMPLES, [], labels=(), grouped=True) is None


def test_counting_needs_no_numpy() -> None:
    code = "import sys, fewshot.experiment.running, fewshot.scoring.tallies; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
