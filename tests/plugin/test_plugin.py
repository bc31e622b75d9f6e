"""A package of a third party, installed for the test: found wherever names are listed, and run as ours are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
Fewshot = Callable[..., str]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("plugin")]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the package, as pip puts it there; nothing is downloaded."""
    pytest.importorskip("hatchling")
    pytest.importorskip("pip")
    target = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(HERE / "package")]
    subprocess.run(command, check=True)
    return target


@pytest.fixture
def fewshot(installed: Path, tmp_path: Path) -> Fewshot:
    """Runs a command where the package is installed; gives what it prints, errors included."""

    def run(*argv: str, code: int = 0) -> str:
        env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{installed}", "COLUMNS": "120"}
        command = [sys.executable, "-m", "fewshot", *argv]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def tabbed(fewshot: Fewshot, tmp_path: Path) -> Path:
    """The bundled corpus in the package's data format, with the labels of its task."""
    fewshot("convert", "demo", "legends.tabbed", "--task", "chemicals")
    return tmp_path / "legends.tabbed"


def test_it_is_found_wherever_names_are_listed(fewshot: Fewshot) -> None:
    for kind, name in (("tasks", "chemicals"), ("formats", "brackets"), ("backends", "parrot"),
                       ("selectors", "longest"), ("data", "tabbed"), ("checks", "arrows")):  # fmt: skip
        (line,) = (line for line in fewshot("list", kind).splitlines() if line.startswith(f"{name} "))
        assert line.endswith("[fewshot-chemicals 0.1.0]")
    assert "CHEMICALS: which small molecules" in fewshot("list", "tasks")
    assert "causal, ner, panelization, roles, chemicals" in fewshot("run", "--help")
    helped = " ".join(fewshot("convert", "--help").split())
    assert "tokens, tabbed [by content]" in helped
    assert "tokens, tabbed, chat_jsonl [by ending]" in helped
    assert "did you mean 'chemicals'" in fewshot("run", "--task", "chemical", code=2)
    assert "use copy_tag or json or list or brackets" in fewshot("run", "--task", "ner", "--format", "sentence", code=2)
    assert "text,tokens,tabbed} reads it" in fewshot("run", "--task", "ner", "--data", "x.y", code=2)
    assert "it holds chemicals, ner;" in fewshot("convert", "demo", "x.tabbed", "--task", "roles", code=2)


def test_a_check_finds_what_it_looks_for(fewshot: Fewshot, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"id": "a", "text": "p53 → MDM2"}\n', "utf-8")
    assert '"counts": {"arrow": 1}' in fewshot("audit", "x.jsonl", "--json")


def test_a_prompted_run_of_nothing_but_plugins(fewshot: Fewshot, tabbed: Path, tmp_path: Path) -> None:
    plugins = ["--task", "chemicals", "--data", tabbed.name, "--backend", "parrot", "--selector", "longest"]
    shown = fewshot("run", *plugins, "--shots", "2", "--dry-run")
    assert "You look for chemicals" in shown
    assert "- CHEMICAL: chemicals: what comes in a bottle" in shown
    assert "[CHEMICAL: " in shown, "demonstrations are written in the package's format, which is its task's own"
    said = fewshot("run", *plugins, "--shots", "2", "--limit", "20", "--out", "runs/parrot")
    assert "format:brackets" in said
    assert "selector:longest" in said
    versions = tomllib.loads((tmp_path / "runs/parrot/run.toml").read_text())["versions"]
    assert "fewshot-chemicals" in versions
    assert "identical" in fewshot("run", "--replay", "runs/parrot")
    assert "CHEMICAL⟩" in fewshot("show", "runs/parrot", _some_id(tmp_path / "runs/parrot"))
    assert "parrot-1" in fewshot("compare", "runs/parrot")
    scores = json.loads((tmp_path / "runs/parrot/scores.json").read_text())
    assert (scores["task"], scores["n"], scores["complete"]) == ("chemicals", 20, True)


def test_plugins_go_with_ours(fewshot: Fewshot, tmp_path: Path) -> None:
    ours = ["--backend", "rules", "--limit", "5"]
    assert "You look for chemicals in figure legends. Write" in fewshot(
        "run", "--task", "chemicals", "--format", "list", "--dry-run", *ours
    ), "the task brings a wording for one of our formats"
    assert "Copy the legend with square brackets" in fewshot(
        "run", "--task", "ner", "--format", "brackets", "--dry-run", *ours
    ), "the format brings a wording for one of our tasks"
    fewshot("run", "--task", "ner", "--format", "brackets", "--selector", "longest", "--out", "runs/ner", *ours)
    assert json.loads((tmp_path / "runs/ner/scores.json").read_text())["complete"] is True
    assert "identical" in fewshot("run", "--replay", "runs/ner")
    context = ["--context", "1500", "--format", "brackets"]
    assert "runs/" in fewshot("run", "--task", "ner", *context, "--json", *ours), "the room for a copy is known"


def test_a_local_backend_says_so(fewshot: Fewshot) -> None:
    command = ["run", "--task", "chemicals", "--backend", "endings", "--limit", "20", "--out", "runs/endings"]
    assert "not shown demonstrations" in fewshot(*command, "--shots", "2", code=2)
    assert "shots:none" in fewshot(*command)
    assert "identical" in fewshot("run", "--replay", "runs/endings")


@pytest.mark.local
def test_a_fine_tuned_tagger_is_read_as_entities(fewshot: Fewshot, tabbed: Path, tmp_path: Path) -> None:
    """Not as panels, which is what every task was that is not called ner."""
    quick = "--do_train --do_predict --max_steps 150 --learning_rate 2e-3 --per_device_train_batch_size 4 --seed 1"
    quick += " --max_input_length 128"
    base = ["--task", "chemicals", "--data", tabbed.name, "--base-model", "tiny-tagger", "--kind", "tagger"]
    fewshot("finetune", *base, "--run_name", "tagger", *quick.split())
    config = json.loads((tmp_path / "runs/models/tagger/config.json").read_text())
    assert set(config["id2label"].values()) == {"O", "B-CHEMICAL", "I-CHEMICAL"}
    lines = _lines(tmp_path / "runs/tagger/predictions.jsonl")
    spans = [span for line in lines for span in line["entities"]]
    assert spans, "a few steps are enough for some"
    assert {span["label"] for span in spans} == {"CHEMICAL"}
    assert all("labels" not in span for span in spans)
    assert max(span["end"] - span["start"] for span in spans) < 60, "names, and not segments"
    assert "identical" in fewshot("run", "--replay", "runs/tagger")


@pytest.mark.local
def test_a_seq2seq_model_copies_in_a_format_with_tags_of_its_own(
    fewshot: Fewshot, tabbed: Path, tmp_path: Path
) -> None:
    quick = "--do_train --do_predict --max_steps 3 --per_device_train_batch_size 4 --limit 12 --max_input_length 96"
    base = ["--task", "chemicals", "--data", tabbed.name, "--base-model", "tiny-bart"]
    fewshot("finetune", *base, "--run_name", "bart", *quick.split())
    manifest = json.loads((tmp_path / "runs/models/bart/fewshot.json").read_text())
    assert (manifest["format"], manifest["decoder"]) == ("brackets", "copy")
    assert "[CHEMICAL:" in (tmp_path / "runs/models/bart/tokenizer.json").read_text()
    lines = _lines(tmp_path / "runs/bart/predictions.jsonl")
    assert all(line["fidelity"] == 1.0 and not line["problems"] for line in lines)
    assert "identical" in fewshot("run", "--replay", "runs/bart")


def _some_id(folder: Path) -> str:
    return str(next(line["id"] for line in _lines(folder / "gold.jsonl") if line["entities"]))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
