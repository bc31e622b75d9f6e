"""Command lines as people type them: all mistakes at once, nearest flags, hyphens or underscores, help everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fewshot import cli
from fewshot.backends import unheeded
from fewshot.cli import _parsing
from tests.cli.conftest import Fails

ROOT = Path(__file__).parents[2]
RUN = ["run", "--task", "ner", "--data", "gold.jsonl", "--shots", "0"]


def test_every_mistake_is_named_at_once_with_the_nearest_flag_and_the_help_of_the_command(fails: Fails) -> None:
    line = fails("run", "--taks", "ner", "--shots", "x", "--limit=y", "--api", "smoke")
    for part in ("--shots: invalid int value: 'x'", "--limit: invalid int value: 'y'", "--api: invalid choice"):
        assert part in line
    assert "--taks … (did you mean --task?)" in line
    assert line.rstrip().endswith("see `fewshot run --help`")
    assert "ner" not in line.partition("--taks")[2].partition(")")[0]  # what follows an unknown flag may be a key


def test_the_nearest_flag_is_one_of_that_command(fails: Fails) -> None:
    assert "did you mean --out?" in fails("compare", "runs/x", "--ouut", "d")
    assert "did you mean" not in fails("compare", "runs/x", "--temperatur", "3")


def test_a_flag_is_named_beside_what_is_missing(fails: Fails) -> None:
    line = fails("compare", "--ouut", "--json")
    assert "the following arguments are required: RUN; unrecognized arguments: --ouut (did you mean --out?)" in line
    assert "--verion (did you mean --version?)" in fails("--verion")


def test_underscores_are_hyphens_in_flags_and_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*RUN, "--examples_check", "off", "--out", "my_runs/the_one", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == "my_runs/the_one"


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        ([], "usage: fewshot [-h]"),
        (["help"], "usage: fewshot [-h]"),
        (["help", "run"], "usage: fewshot run"),
        (["-V"], "fewshot "),
    ],
)
def test_help_without_knowing_how_to_ask(argv: list[str], shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main(argv)
    assert leaving.value.code == 0
    assert capsys.readouterr().out.startswith(shown)


class TestHeeding:
    def test_a_flag_that_does_nothing_is_refused(self, fails: Fails) -> None:
        line = fails(*RUN, "--temperature", "0.7", "--decoder", "copy")
        assert "--backend rules does not heed --temperature, --decoder; leave it out" in line
        assert "--backend local does not heed --shots" in fails(*RUN, "--backend", "local", "--model", "m")

    def test_what_is_not_typed_is_not_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FEWSHOT_TEMPERATURE", "0.7")
        assert cli.main(RUN) == 0

    def test_an_alias_heeds_as_what_it_names(self) -> None:
        assert unheeded("gpt3", ["temperature", "device"]) == ["device"]


class TestConfiguration:
    def test_flags_stand_above_variables_above_the_file(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path("ours.toml").write_text('task = "ner"\ndata = "gold.jsonl"\nlimit = 1\nseed = 1\nexamples-check = "off"\n')
        monkeypatch.setenv("FEWSHOT_LIMIT", "2")
        monkeypatch.setenv("FEWSHOT_SEED", "2")
        assert cli.main(["run", "--config", "ours.toml", "--seed", "3", "--json"]) == 0
        result = json.loads(capsys.readouterr().out)
        assert (result["n"], result["signature"]["seed"]) == (2, 3)

    def test_a_run_toml_is_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main([*RUN, "--labels", "GENEPROD", "--limit", "2", "--out", "one"]) == 0
        assert cli.main(["run", "--config", "one/run.toml", "--out", "two"]) == 0
        assert Path("one/scores.json").read_bytes() == Path("two/scores.json").read_bytes()

    def test_what_is_wrong_with_it_is_one_line(self, fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("a.toml").write_text("shotz = 3\n")
        assert "unknown setting of a.toml 'shotz'" in fails(*RUN, "--config", "a.toml")
        Path("b.toml").write_text("shots = \n")
        assert "b.toml: is not TOML" in fails(*RUN, "--config", "b.toml")
        Path("c.toml").write_text('limit = "many"\n')
        assert "--limit must be a whole number, not 'many'" in fails(*RUN, "--config", "c.toml")
        assert "nowhere.toml" in fails(*RUN, "--config", "nowhere.toml")
        assert "leave --config out" in fails("run", "--replay", "runs/x", "--config", "a.toml")
        monkeypatch.setenv("FEWSHOT_UNLABELLED", "perhaps")
        assert "FEWSHOT_UNLABELLED must be true or false, not 'perhaps'" in fails(*RUN)

    def test_a_misspelt_variable_is_named(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("FEWSHOT_CONCURENCY", "2")
        monkeypatch.setenv("FEWSHOT_OF_A_PLUGIN", "2")
        assert cli.main(RUN) == 0
        said = capsys.readouterr().err
        assert "FEWSHOT_CONCURENCY is not a setting; did you mean FEWSHOT_CONCURRENCY?" in said
        assert "PLUGIN" not in said


class TestLog:
    def test_events_are_whole_lines_of_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main([*RUN, "--log-json"]) == 0
        events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [events[0]["event"], events[-1]["event"]] == ["start", "end"]
        assert (events[0]["command"], events[-1]["exit_code"]) == ("run", 0)

    def test_an_error_is_an_event_even_if_the_line_cannot_be_parsed(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["run", "--log-json", "--taks", "x"]) == 2
        error, end = (json.loads(line) for line in capsys.readouterr().err.splitlines())
        assert (error["event"], end["exit_code"]) == ("error", 2)
        assert "--task" in error["message"]

    def test_quiet_is_silent_unless_something_is_wrong(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main([*RUN, "-q"]) == 0
        assert capsys.readouterr().err == ""
        assert cli.main([*RUN, "-q", "--limit", "0"]) == 2
        assert capsys.readouterr().err.count("\n") == 1

    def test_verbose_shows_what_is_behind_an_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main([*RUN, "-v", "--limit", "0"]) == 2
        assert "Traceback" in capsys.readouterr().err
        assert cli.main([*RUN, "--limit", "0"]) == 2
        assert "Traceback" not in capsys.readouterr().err


def test_a_reader_that_leaves_is_not_an_error() -> None:
    command = f"{sys.executable} -m fewshot {' '.join(RUN)} -q; echo $? >&2"
    done = subprocess.run(
        ["bash", "-c", f"({command}) | true"],
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        check=False,
    )
    assert done.stderr == "0\n"


def test_a_real_bash_completes_flags_and_names(tmp_path: Path) -> None:
    program = tmp_path / "fewshot"
    program.write_text(f'#!/bin/sh\nexec env PYTHONPATH="{ROOT}" {sys.executable} -m fewshot "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(fewshot completion bash)"\n'
        'ask() { COMP_LINE="$1" COMP_POINT=${#1} COMP_TYPE=9; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]}-1))\n'
        '_python_argcomplete fewshot; echo "${COMPREPLY[@]}"; COMPREPLY=(); }\n'
        'ask "fewshot co"; ask "fewshot run --max-t"; ask "fewshot run --task "\n'
    )
    env = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=env, check=True)
    commands, flags, names = (set(line.split()) for line in done.stdout.splitlines())
    assert commands == {"compare", "completion", "convert"}
    assert flags == {"--max-tokens"}
    assert {"ner", "panelization", "causal", "roles"} <= names


def test_a_continued_run_says_what_it_had_and_another_limit_names_reuse(
    fails: Fails, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*RUN, "--out", "one"]) == 0
    assert "--reuse one takes its answers where they fit" in fails(*RUN, "--out", "one", "--limit", "2")
    Path("one/scores.json").unlink()
    capsys.readouterr()
    assert cli.main([*RUN, "--out", "one"]) == 0
    assert "continued: 1 answer was recorded already" in capsys.readouterr().err


def test_a_word_that_may_be_left_out_may_stand_behind_a_flag(fails: Fails) -> None:
    args = _parsing.parse(["export", "runs/x", "--to", "csv", "out.csv"])
    assert (args.command, str(args.run), str(args.out)) == ("export", "runs/x", "out.csv")
    assert str(_parsing.parse(["export", "runs/x", "--to", "csv", "-"]).out) == "-"
    assert _parsing.parse(["show", "runs/x", "--prompt", "fig-1"]).id == "fig-1"
    assert "unrecognized arguments: 'more'" in fails("show", "runs/x", "--prompt", "fig-1", "more")
    assert "unrecognized arguments" in fails("show", "runs/x", "--promt", "fig-1")
