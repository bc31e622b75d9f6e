"""`fewshot sweep` as it is typed: what it refuses, what it lists, what it runs, how it goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli
from fewshot.errors import InputError
from fewshot.experiment.settings import Settings
from fewshot.files import CORPUS
from fewshot.sweep import found, grid_of
from fewshot.sweep.cells import Work
from tests.cli.conftest import Fails
from tests.servers import openai_server as faults
from tests.servers.openai_server import OpenAiServer

ROOT = Path(__file__).parents[2]
TRAIN = ("--finetune", "tiny-tagger", "--train-flags", "--max_steps 2 --learning_rate 1e-3")
SMALL = ("sweep", "--task", "panelization", "--limit", "6", "--shots", "0", "--out", "runs/small")


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        ((), "nothing to run; name --backends or models to --finetune"),
        (("--backends", "rules", "--shots", "a,2"), "--shots takes numbers such as 0,1,3, not 'a,2'"),
        (("--backends", "rules", "--seeds", "0"), "--seeds must be at least 1, not 0"),
        (("--backends", "rules", "--jobs", "0"), "--jobs must be at least 1, not 0"),
        (("--backends", "rules", "--temperature", "0.7"), "--backend rules does not heed --temperature"),
        (("--finetune", "tiny-tagger", "--train-sizes", "500"), "there are 60 labelled examples to learn from"),
        (("--finetune", "tiny-tagger", "--train-flags", "--seed 3"), "--seed is for the sweep to set"),
        (("--finetune", "tiny-tagger", "--train-flags", "x=--bf16"), "--finetune does not name x"),
        (("--finetune", "tiny-tagger", "--train_flags", "--do_predict"), "--do-predict is for the sweep to set"),
        (("--backends", "rules", "--data", "gold.jsonl"), "no train split with labels for panelization"),
        (("--backends", "nobody"), "nobody"),
        (("--finetune", "./nowhere"), "no such model folder"),
    ],
)
def test_bad_input_is_one_line(flags: tuple[str, ...], line: str, fails: Fails) -> None:
    assert line in fails("sweep", "--task", "panelization", *flags)
    assert not Path("runs").exists()


def test_a_dry_run_lists_every_cell_and_runs_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    server = ("--base-url", "http://127.0.0.1:9/v1")
    asked = (*SMALL, "--backends", "rules,gpt3:m", "--shots", "0,2", *server, "--seeds", "2")
    assert cli.main([*asked, *TRAIN, "--train-sizes", "2,50%", "--dry-run"]) == 0
    said = capsys.readouterr().out
    for cell in ("rules, 0 shots, seed 0", "gpt3 m, 2 shots, seed 0", "tiny-tagger on 30 labelled, seed 1, 2 steps"):
        assert cell in said
    assert "8 of 8 cells to run, of unknown cost, training time known after the first; nothing was run" in said
    assert not Path("runs").exists()


def test_what_is_prompted_alone_has_a_page_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer(answers="none") as server:
        asked = [*SMALL, "--backends", "rules,gpt3:m", "--base-url", server.base_url]
        assert cli.main(asked) == 0
        first = capsys.readouterr()
        assert "2/2 gpt3 m, 0 shots, seed 0" in first.err
        sent = len(server.posts)
        assert cli.main([*asked, "--json"]) == 0
        assert len(server.posts) == sent == 6
    again = capsys.readouterr()
    assert "(complete already)" in again.err
    found = json.loads(again.out)
    assert [curve["points"][0]["labelled"] for curve in found["curves"]] == [0, 0]
    names = {path.name for path in Path("runs/small").iterdir()}
    assert {"report.html", "sweep.md", "sweep.csv", "sweep.json", "curves.svg", "pool.jsonl", "cells"} <= names
    assert "<style>" in Path("runs/small/curves.svg").read_text("utf-8"), "a picture that stands alone"


def test_no_training_learns_from_an_article_that_is_scored(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": f"{group}/{number}", "group": group, "text": f"(A) Blot of p{number}.", "entities": []}
        for group in ("a", "b")
        for number in range(3)
    ]
    Path("train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("test.jsonl").write_text("".join(json.dumps(row | {"id": f"t{row['id']}"}) + "\n" for row in rows[:3]))
    settings = Settings(task="ner", data="test.jsonl", demos="train.jsonl")
    _, pool = grid_of(settings, backends=["rules"])
    assert {example.group for example in pool} == {"b"}
    with pytest.raises(InputError, match="all ner examples to learn from are of the articles that are scored"):
        grid_of(replace(settings, demos="test.jsonl"), backends=["rules"])


def test_seeds_are_in_their_order_whichever_cell_ended_first(tmp_path: Path) -> None:
    settings = Settings(task="panelization", limit=4, selector="random")
    grid, _ = grid_of(settings, backends=["rules"], shots=[2], seeds=3)
    done = list(Work(tmp_path / "out").all(grid))
    for order in (done, done[::-1]):
        result = found(order, grid)
        assert result is not None
        runs = result.comparison.systems[0].runs
        assert [run.recorded.settings.seed for run in runs] == [0, 1, 2]
        assert result.missing == 0


def test_what_cannot_be_scored_is_not_begun(fails: Fails) -> None:
    Path("new.jsonl").write_text('{"id": "a", "text": "(A) Blot of p53."}\n')
    argv = ["sweep", "--task", "ner", "--data", "new.jsonl", "--demos", "demo", "--backends", "rules", "--dry-run"]
    assert "no example of its test split is labelled for ner: nothing is scored" in fails(*argv)


def test_another_prompt_or_another_base_model_makes_other_cells(tmp_path: Path) -> None:
    prompt, base = Path("p.txt"), tmp_path / "base"
    prompt.write_bytes((ROOT / "prompts" / "panelization.txt").read_bytes())
    shutil.copytree(CORPUS / "models" / "tiny-tagger", base)

    def cells() -> set[str]:
        settings = Settings(task="panelization", prompt=str(prompt))
        grid, _ = grid_of(settings, backends=["gpt3:m"], shots=[0], bases=[str(base)], train_sizes=["3"])
        return {*(cell.name for cell in grid.prompted), *(cell.name for cell in grid.trained)}

    before = cells()
    assert cells() == before
    prompt.write_text(prompt.read_text() + "\n")
    assert not cells() & before
    between = cells()
    (base / "README.md").write_text("of no matter")
    assert cells() == between
    config = base / "config.json"
    config.write_text(config.read_text() + "\n")
    assert len(cells() & between) == 1, "the prompted cell"


@pytest.mark.parametrize(("selector", "labelled"), [("nearest", 60), ("fixed", 2)])
def test_rules_that_are_shown_examples_had_them_at_their_disposal(
    selector: str, labelled: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*SMALL, "--backends", "rules", "--shots", "2", "--selector", selector, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [curve["points"][0]["labelled"] for curve in found["curves"]] == [labelled]


def test_a_server_that_fails_leaves_the_rest_and_is_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    refused = [faults.status(401, "no such key", kind="invalid_request_error")] * 20
    with OpenAiServer(answers="none", faults=refused) as server:
        asked = [*SMALL, "--backends", "gpt3:m,rules", "--shots", "0,1", "--base-url", server.base_url]
        assert cli.main(asked) == 4
    said = capsys.readouterr()
    assert "runs/small is incomplete: 2 of 4 cells are missing, the first gpt3 m, 0 shots, seed 0" in said.err
    assert "rules-2" in said.out
    for name in ("report.html", "sweep.md"):
        assert "Incomplete: 2 of 4 cells are missing" in Path("runs/small", name).read_text("utf-8")
    with OpenAiServer(answers="none", port=server.port) as server:
        assert cli.main(asked) == 0


@pytest.mark.slow
@pytest.mark.local
def test_trainings_make_curves_and_a_larger_grid_takes_them_over(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [*SMALL, "--backends", "rules", *TRAIN]
    assert cli.main([*asked, "--train-sizes", "3"]) == 0
    capsys.readouterr()
    assert not list(Path("runs/small/models").iterdir())
    assert cli.main([*asked, "--train-sizes", "3,20", "--seeds", "1"]) == 0
    said = capsys.readouterr()
    assert "2/3 tiny-tagger on 3 labelled, seed 0, 2 steps" in said.err
    assert said.err.count("complete already") == 2
    assert "does not beat the best program, rules-2" in said.out
    found = json.loads(Path("runs/small/sweep.json").read_text("utf-8"))
    curve = next(one for one in found["curves"] if one["system"] == "tiny-tagger")
    assert [point["labelled"] for point in curve["points"]] == [3, 20]
    assert found["crossovers"]["tiny-tagger"]["size"] is None
    page = Path("runs/small/report.html").read_text("utf-8")
    assert "Learning curves" in page


@pytest.mark.slow
@pytest.mark.local
def test_a_training_that_fails_is_named_with_what_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [*SMALL, "--backends", "rules", "--finetune", "tiny-tagger", "--train-sizes", "3"]
    assert cli.main([*asked, "--train-flags", "--lr_scheduler_type sideways"]) == 2
    said = capsys.readouterr()
    assert "the training ended with exit code 2" in said.err
    assert "sideways" in said.err
    assert "rules-2" in said.out
    shutil.rmtree("runs/small")


@pytest.mark.slow
@pytest.mark.local
def test_ctrl_c_ends_the_trainings_too_and_the_same_command_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [*SMALL, "--backends", "rules", "--finetune", "tiny-tagger", "--train-sizes", "3"]
    endless = [*asked, "--train-flags", "--max_steps 1000000"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "fewshot", *endless], env=env, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            end = time.monotonic() + 60
            while not trainings():
                assert time.monotonic() < end, "no training has begun"
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "the same command continues" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert not trainings(), "a training was left behind"
    assert cli.main([*asked, "--train-flags", "--max_steps 2"]) == 0
    assert "2/2 tiny-tagger on 3 labelled, seed 0, 2 steps" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.local
def test_killed_anywhere_the_same_command_comes_to_the_same_files(tmp_path: Path) -> None:
    """Killed as soon as a cell, a training, its model or its scores are there, until it comes to its end."""
    asked = ["sweep", "--task", "panelization", "--limit", "6", "--shots", "0,1", "--backends", "rules", *TRAIN,
             "--train-sizes", "3,5"]  # fmt: skip
    whole, torn = tmp_path / "whole", tmp_path / "out"
    assert cli.main([*asked, "--out", str(torn)]) == 0
    torn.rename(whole)  # both are made in one place, whose name is that of the models
    wanted = ("cells/rules-1shot*/scores.json", "models/tiny-tagger-3*", "cells/tiny-tagger-3*/scores.json")
    kept: dict[Path, int] = {}
    for pattern in wanted:
        with started([*asked, "--out", str(torn)]) as process:
            until(lambda: list(torn.glob(pattern)) or process.poll() is not None, pattern)  # noqa: B023
            process.kill()
        for path, changed in kept.items():
            assert path.stat().st_mtime_ns == changed, f"{path} was done again"
        kept = {path: path.stat().st_mtime_ns for path in torn.glob("cells/*/scores.json")}
    assert kept
    with started([*asked, "--out", str(torn)]) as process:
        assert process.wait(300) == 0
    scores = {path.relative_to(whole): path.read_bytes() for path in whole.glob("cells/*/scores.json")}
    assert len(scores) == 4
    for path, content in scores.items():
        assert (torn / path).read_bytes() == content
        predictions = path.with_name("predictions.jsonl")
        assert (torn / predictions).read_bytes() == (whole / predictions).read_bytes()
    assert untimed(torn / "sweep.json") == untimed(whole / "sweep.json")
    assert {path.name for path in torn.iterdir()} == {path.name for path in whole.iterdir()}
    assert not list((torn / "models").iterdir())


def untimed(path: Path) -> object:
    """A sweep's JSON without what a clock has measured."""

    def without(value: object) -> object:
        if isinstance(value, dict):
            return {key: without(one) for key, one in value.items() if "second" not in key and "training" not in key}
        return [without(one) for one in value] if isinstance(value, list) else value

    return without(json.loads(path.read_text("utf-8")))


@pytest.mark.slow
@pytest.mark.local
def test_two_sweeps_do_not_share_a_folder_and_a_killed_one_leaves_no_training(fails: Fails) -> None:
    asked = [*SMALL, "--backends", "rules", "--finetune", "tiny-tagger", "--train-sizes", "3"]
    with started([*asked, "--train-flags", "--max_steps 1000000"]) as process:
        until(trainings, "no training has begun")
        assert f"runs/small is in use by process {process.pid}" in fails(*asked)
        process.kill()
    until(lambda: not trainings(), "a training was left behind")


@contextmanager
def started(words: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A command line in a process of its own, which is gone when the block ends."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "fewshot", *words], env=env, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], object], otherwise: str) -> None:
    """Waits until something is so, two minutes at most."""
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)


def trainings() -> list[Path]:
    """The processes of the endless training."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended since
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"finetune" in words and b"1000000" in words:
                found.append(process)
    return found
