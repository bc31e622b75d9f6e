"""The commands as they are typed: output, exit codes, and one clear line for what is wrong."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fewshot import cli
from fewshot.cli import _parsing
from tests.cli.conftest import LEGENDS, Fails


def test_a_run_is_complete_shown_again_and_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["run", "--task", "panelization", "--data", "gold.jsonl", "--out", "runs/one"]
    assert cli.main(argv) == 0
    first = capsys.readouterr()
    assert "starts.f1" in first.out
    assert "0 shots" in first.err
    before = {path.name: path.read_bytes() for path in Path("runs/one").iterdir() if path.is_file()}
    assert {"run.toml", "gold.jsonl", "responses.jsonl", "predictions.jsonl", "scores.json"} <= before.keys()
    assert cli.main(argv) == 0
    assert {path.name: path.read_bytes() for path in Path("runs/one").iterdir() if path.is_file()} == before
    capsys.readouterr()
    assert cli.main(["run", "--replay", "runs/one"]) == 0
    assert "identical" in capsys.readouterr().err


def test_a_replay_needs_nothing_but_the_folder(fails: Fails, capsys: pytest.CaptureFixture[str]) -> None:
    argv = [
        "run",
        "--task",
        "ner",
        "--data",
        "gold.jsonl",
        "--demos",
        "gold.jsonl",
        "--shots",
        "2",
        "--out",
        "runs/one",
    ]
    assert fails(*argv).count("near-duplicates") <= 1  # every other legend is a copy of the query
    rows = [
        row | {"text": row["text"].replace("nutlin", f"compound {row['id']} for {i} h")}
        for i, row in enumerate(LEGENDS)
    ]
    words = ["cells", "mice", "lysates of yeast in log phase", "tumours from both flanks after four weeks"]
    rows = [
        row | {"text": f"(A) Western blot of p53. (B) Treated {word}.", "panels": []}
        for row, word in zip(rows, words, strict=True)
    ]
    Path("gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert cli.main(argv) == 0
    Path("gold.jsonl").unlink()
    assert cli.main(["run", "--replay", "runs/one"]) == 0
    assert "identical" in capsys.readouterr().err
    assert cli.main(["run", "--replay", "runs/one", "--out", "runs/two"]) == 0
    for name in ("predictions.jsonl", "scores.json"):
        assert Path("runs/one", name).read_bytes() == Path("runs/two", name).read_bytes()


def test_a_replay_notices_data_that_was_edited(fails: Fails) -> None:
    assert cli.main(["run", "--task", "ner", "--data", "gold.jsonl", "--out", "runs/one"]) == 0
    Path("gold.jsonl").write_text(Path("gold.jsonl").read_text().replace("nutlin", "nutmeg"))
    assert "turns" in fails("run", "--replay", "runs/one")


def test_the_same_folder_with_other_settings_is_refused(fails: Fails) -> None:
    argv = ["run", "--task", "ner", "--data", "gold.jsonl", "--out", "runs/one"]
    assert cli.main(argv) == 0
    assert "limit: not set → 2" in fails(*argv, "--limit", "2")


def test_the_default_folder_is_named_after_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--task", "ner", "--data", "gold.jsonl", "--json"]) == 0
    folder = Path(json.loads(capsys.readouterr().out)["folder"])
    assert folder.parent == Path("runs")
    assert folder.name.startswith("rules-2-ner-0shot-")


def test_a_dry_run_sends_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["run", "--task", "ner", "--data", "gold.jsonl", "--backend", "gpt3", "--model", "m", "--dry-run"]
    assert cli.main(argv) == 0
    out = capsys.readouterr().out
    assert "Western blot of p53" in out
    assert "4 requests" in out
    assert not Path("runs").exists()


def test_comparing(fails: Fails, capsys: pytest.CaptureFixture[str]) -> None:
    for task in ("ner", "panelization"):
        assert cli.main(["run", "--task", task, "--data", "gold.jsonl", "--out", f"runs/{task}"]) == 0
    assert cli.main(["run", "--task", "ner", "--data", "gold.jsonl", "--format", "list", "--out", "runs/list"]) == 0
    capsys.readouterr()
    assert cli.main(["compare", "runs/ner", "runs/list", "--out", "runs/table"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith(("all-empty ", "rules-2 "))] == [
        ["all-empty", "–"],
        ["rules-2", "copy_tag"],
        ["rules-2", "list"],
    ]
    assert {p.name for p in Path("runs/table").iterdir()} == {
        "report.html", "report.md", "table.md", "table.csv", "table.tex",
    }  # fmt: skip
    assert "differ in task" in fails("compare", "runs/ner", "runs/panelization")
    assert "not a run folder" in fails("compare", "runs/nowhere")


def test_predictions_of_others(fails: Fails, capsys: pytest.CaptureFixture[str]) -> None:
    argv = [
        "evaluate",
        "--task",
        "ner",
        "--data",
        "gold.jsonl",
        "--predictions",
        "mine.jsonl",
        "--out",
        "runs/mine",
    ]
    rows = [{"id": row["id"], "entities": row["entities"]} for row in LEGENDS]
    Path("mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[:3]))
    assert "no prediction for 'fig-3'" in fails(*argv)
    assert cli.main([*argv, "--missing-as-empty", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["scores"]["strict.micro.recall"] == 0.75
    assert result["failed"] == 1
    assert cli.main(["run", "--task", "ner", "--data", "gold.jsonl", "--out", "runs/ours"]) == 0
    assert cli.main(["compare", "runs/ours", "runs/mine"]) == 0
    Path("mine.jsonl").write_text('{"id": "who", "entities": []}\n')
    assert "mine.jsonl:1 (id who): no such id" in fails(*argv)
    Path("mine.jsonl").write_text('{"id": "fig-0", "entities": []}\n' * 2)
    assert "mine.jsonl:2 (id fig-0): duplicate id (first on line 1)" in fails(*argv)
    Path("mine.jsonl").write_text("".join(json.dumps({"id": row["id"], "output": "x"}) + "\n" for row in LEGENDS))
    assert "name its --format" in fails(*argv)


def test_raw_output_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    output = LEGENDS[0]["text"].replace("p53", "<GENEPROD>p53</GENEPROD>")
    Path("mine.jsonl").write_text("".join(json.dumps({"id": r["id"], "output": output}) + "\n" for r in LEGENDS))
    argv = [
        "evaluate",
        "--task",
        "ner",
        "--data",
        "gold.jsonl",
        "--predictions",
        "mine.jsonl",
        "--format",
        "copy_tag",
    ]
    assert cli.main([*argv, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["strict.micro.f1"] == 1.0


@pytest.mark.parametrize("kind", ["tasks", "backends", "formats", "selectors"])
def test_listing(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", kind]) == 0
    for line in capsys.readouterr().out.splitlines():
        assert len(line.split()) > 2, f"{line!r} has no description"


def test_converting(fails: Fails) -> None:
    assert cli.main(["convert", "gold.jsonl", "back.jsonl", "--from", "jsonl", "--to", "jsonl"]) == 0
    assert [json.loads(line) for line in Path("back.jsonl").read_text().splitlines()] == LEGENDS
    assert (
        cli.main(["convert", "gold.jsonl", "chat.jsonl", "--to", "chat_jsonl", "--task", "ner", "--split", "test"]) == 0
    )
    line = json.loads(Path("chat.jsonl").read_text().splitlines()[0])
    assert [message["role"] for message in line["messages"]] == ["system", "user", "assistant"]
    assert "known: " in fails("convert", "gold.jsonl", "x", "--to", "parquet")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["run", "--task", "ner", "--data", "nowhere.jsonl"], "nowhere.jsonl"),
        (["run", "--task", "nerd"], "did you mean 'ner'?"),
        (["run"], "--task is missing"),
        (["rum"], "did you mean 'run'?"),
        (["run", "--task", "ner", "--shot", "x"], "shot"),
        (["run", "--task", "ner", "--labels", "GENPROD"], "did you mean 'GENEPROD'?"),
        (["run", "--task", "ner", "--format", "sentence"], "cannot carry entities"),
        (["run", "--task", "ner", "--backend", "gpt4"], "did you mean 'gpt3'?"),
        (["run", "--task", "ner", "--backend", "gpt3"], "OPENAI_API_KEY"),
        (["run", "--task", "ner", "--data", "gold.jsonl", "--shots", "3"], "--demos"),
        (["run", "--task", "ner", "--split", "tset"], "no split 'tset'"),
        (["run", "--task", "ner", "--entities", "runs/x"], "--entities goes with --task roles"),
        (["run", "--replay", "runs/nowhere"], "not a run folder"),
        (["run", "--task", "ner", "--extra", "x"], "K=V"),
        (["run", "--task", "ner", "--selector", "nearer"], "did you mean 'nearest'?"),
        (["run", "--task", "ner", "--selector", "fixed", "--embedder", "x"], "cannot use --embedder"),
        (["run", "--task", "ner", "--samples", "5"], "--temperature"),
        (["run", "--task", "ner", "--context", "0"], "--context must be at least 1"),
        (["run", "--task", "ner", "--prompt", "nowhere.txt"], "nowhere.txt: no such file"),
        (["demo", "--live"], "--live needs --base-url and --model"),
        (["demo", "--model", "m"], "go with --live"),
    ],
)
def test_bad_input_is_one_clear_line(argv: list[str], said: str, fails: Fails) -> None:
    assert said in fails(*argv)


def test_fewer_train_examples_than_shots(fails: Fails) -> None:
    Path("two.jsonl").write_text("".join(json.dumps(row) + "\n" for row in LEGENDS[:2]))
    line = fails("run", "--task", "ner", "--demos", "two.jsonl", "--shots", "5")
    assert "5" in line
    assert "2" in line


def test_help_is_quick_and_light() -> None:
    code = (
        "import sys; from fewshot.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'openai', 'pandas', 'httpx', 'httpx2', 'transformers', 'numpy', 'rich', 'huggingface_hub'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"
    for name in _parsing.names():
        assert name in done.stdout


def test_every_command_is_documented() -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
    for name in _parsing.names():
        assert f"fewshot {name}" in readme, f"README.md does not mention `fewshot {name}`"


def test_python_dash_m_is_the_same() -> None:
    env = dict(os.environ, PYTHONPATH=str(Path(__file__).parents[2]))
    done = subprocess.run(
        [sys.executable, "-m", "fewshot", "--version"], capture_output=True, text=True, env=env, check=True
    )
    assert done.stdout.startswith("fewshot ")


def test_a_call_from_python_leaves_the_garbage_collector_alone() -> None:
    before = gc.get_threshold()
    assert cli.main(["list", "tasks"]) == 0
    assert gc.get_threshold() == before


def test_a_process_of_its_own_looks_for_garbage_seldom() -> None:
    code = "import gc; from fewshot.cli import main; main(); print(gc.get_threshold())"
    done = subprocess.run([sys.executable, "-c", code, "list", "tasks"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "(100000, 50, 100)"
