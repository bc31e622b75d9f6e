"""The terminal is an output like a page: what comes from others is shown, never obeyed, and quoted at most."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli
from fewshot.cli import _terminal
from fewshot.errors import InputError
from tests.cli.conftest import Fails
from tests.servers.openai_server import OpenAiServer, status

ROOT = Path(__file__).parents[2]
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
HOSTILE = "\x1b]0;mine\x07\x1b[2J\x9b31m\u202e\u2066\x00\x7f[red]x[/b] :smile:"
"""What sets a title, clears the screen, colours, turns the text round, ends a string; markup and emoji of rich."""

Printed = Callable[..., str]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """Runs a command; gives all that it printed, in which nothing is obeyed."""

    def run(*argv: str, code: int | None = 0) -> str:
        assert code is None or cli.main(argv) == code
        captured = capsys.readouterr()
        both = captured.out + captured.err
        assert "Traceback" not in both
        found = OBEYED.search(both)
        assert found is None, f"{found!r} in {both!r}"
        return both

    return run


def gold(name: str = "bad.jsonl", **more: Any) -> str:
    """A data set whose id, label and text are hostile."""
    label = "TISSUE" + HOSTILE
    text = f"(A) Liver {HOSTILE} of mice."
    row = {"id": f"f{HOSTILE}", "text": text, "entities": [{"start": 4, "end": 9, "label": label}], "panels": []}
    Path(name).write_text(json.dumps(row | more) + "\n")
    return name


def test_a_run_is_printed_shown_compared_and_converted(printed: Printed) -> None:
    data = gold()
    said = printed("run", "--task", "ner", "--data", data, "--out", "runs/one")
    assert r"\x1b]0;mine\x07\x1b[2J\x9b31m\u202e\u2066\x00\x7f[red]x[/b] :smile:" in said
    printed("show", "runs/one")
    said = printed("show", "runs/one", f"f{HOSTILE}")
    assert r"⟦Liver⟧⟨−TISSUE\x1b]0;mine\x07\x1b[2J" in said  # the name of a label, behind its mark
    assert r":smile:⟩ \x1b]0;mine\x07\x1b[2J" in said  # the text
    printed("compare", "runs/one")
    printed("show", "runs/one", "\x1b[2J", code=2)
    printed("run", "--task", "ner", "--data", data, "--dry-run")
    said = printed("run", "--task", "ner", "--data", data, "--out", "runs/one", "--json")
    assert json.loads(said.splitlines()[0])["n"] == 1
    printed("run", "--replay", "runs/one")
    printed("rescore", "runs/one")


def test_markup_of_rich_is_text(printed: Printed) -> None:
    name = "x[bold]y[z]:smile:.jsonl"
    Path(name).write_text("".join(json.dumps({"id": row, "output": "Blot."}) + "\n" for row in ("a", "b")))
    Path("two.jsonl").write_text(
        "".join(json.dumps({"id": row, "text": "Blot.", "entities": []}) + "\n" for row in ("a", "b"))
    )
    argv = ("--task", "ner", "--data", "two.jsonl", "--predictions", name, "--format", "copy_tag", "--out", "runs/x")
    printed("evaluate", *argv)
    assert name in printed("compare", "runs/x")


def test_names_on_the_command_line(printed: Printed) -> None:
    for flag in (
        "--task",
        "--data",
        "--split",
        "--backend",
        "--selector",
        "--format",
        "--demos",
        "--limit",
        "--prompt",
    ):
        printed("run", "--task", "ner", flag, HOSTILE.replace("\x00", ""), code=2)
    printed(HOSTILE, code=2)
    printed("run", f"--{HOSTILE}", "x", code=2)
    printed("compare", f"runs/{HOSTILE}".replace("\x00", ""), code=2)


def test_a_server_that_sends_escape_sequences(printed: Printed) -> None:
    argv = ("run", "--task", "ner", "--data", "gold.jsonl", "--backend", "gpt3")
    with OpenAiServer(faults=[status(404, f"no route {HOSTILE}")] * 9) as server:
        cli.main([*argv, "--out", "runs/refused", "--model", "m", "--base-url", server.base_url])
        assert r"\x1b]0;mine\x07" in printed(code=None)
    with OpenAiServer(models=[f"small{HOSTILE}"]) as server:
        assert r"small\x1b]0;mine" in printed(*argv, "--base-url", server.base_url, code=2)
    with OpenAiServer(answers=f"Liver {HOSTILE}") as server:
        printed(*argv, "--out", "runs/answers", "--model", f"m{HOSTILE}"[:-30], "--base-url", server.base_url)
    printed("show", "runs/answers", "fig-1")
    printed("compare", "runs/answers")


def test_generated_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"id": "\u202ea\x9b\U000e0041", "text": "µ\n"}
    _terminal.json_row(row)
    out = capsys.readouterr().out
    assert json.loads(out) == row
    assert OBEYED.search(out) is None
    assert "µ" in out


@pytest.mark.parametrize("sign", ["x", "x ", "'", "a'", "/", "\n", "\x1b"])
def test_a_message_is_one_line_of_a_few_hundred_characters(sign: str, capsys: pytest.CaptureFixture[str]) -> None:
    _terminal.fail(InputError(f"no such id: {sign * 50_000}", hint=f"known: {sign * 50_000}"))
    _terminal.message(f"read {sign * 50_000!r}")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) < 1000
    assert lines[0].startswith("fewshot: no such id: ")


@pytest.mark.parametrize("quote", ["'{}'", '"{}"', "{}", "`{}`"])
def test_a_message_quotes_at_most_120_characters(quote: str) -> None:
    for word in ("x" * 121, "x" * 5000):
        said = _terminal.clear(f"unknown label {quote.format(word)} in the data")
        assert "x" * 120 not in said
        assert said.startswith("unknown label ")
        assert said.endswith(" in the data")
    assert _terminal.clear(f"label {quote.format('x' * 120)}") == f"label {quote.format('x' * 120)}"


def test_both_ends_of_a_path_can_be_read() -> None:
    path = "/data/" + "folder/" * 30 + "run"
    assert _terminal.clear(f"written to {path}") == f"written to {path}"


def test_ids_labels_and_headers_of_any_length(fails: Fails) -> None:
    long = "z" * 10_000
    Path("long.jsonl").write_text(json.dumps({"id": long, "text": "Blot.", "entities": 5}) + "\n")
    assert "long.jsonl:1" in fails("run", "--task", "ner", "--data", "long.jsonl")
    for argv in (
        ("run", "--task", "ner", "--data", "long.jsonl"),
        ("run", "--task", "ner", "--split", long),
        ("run", "--task", long),
        ("run", "--task", "ner", "--labels", long),
        ("run", "--task", "ner", "--limit", long),
        ("run", "--task", "ner", "--backend", long),
        ("run", "--task", "ner", f"--{long}", "1"),
        (long,),
    ):
        line = fails(*argv)
        assert "z" * 121 not in line
        assert len(line) < 1000


@pytest.mark.parametrize(
    "flag", ["--split", "--selector", "--embedder", "--device", "--model", "--extra", "--base-url"]
)
def test_an_argument_that_is_not_utf8(flag: str, fails: Fails) -> None:
    value = os.fsdecode(b"K=\xff\xfe")
    line = fails("run", "--task", "ner", flag, value)
    assert line == f"fewshot: argument 5 (after {flag}) is not UTF-8: 'K=\\xff\\xfe'"
    assert f"(after {flag}) is not UTF-8" in fails("run", "--task", "ner", f"{flag}={value}")
    assert not Path("runs").exists()


def test_bytes_of_a_real_command_line_that_are_not_utf8() -> None:
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    argv = [os.fsencode(sys.executable), b"-m", b"fewshot", b"run", b"--task", b"ner", b"--split", b"caf\xe9"]
    done = subprocess.run(argv, capture_output=True, env=env, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [b"fewshot: argument 5 (after --split) is not UTF-8: 'caf\\xe9'"]


def test_half_a_surrogate_pair_in_a_label(capsys: pytest.CaptureFixture[str]) -> None:
    Path("half.jsonl").write_text(
        '{"id": "a", "text": "(A) Liver.", "entities": [{"start": 4, "end": 9, "label": "T\\ud800"}]}\n'
    )
    code = cli.main(["run", "--task", "ner", "--data", "half.jsonl", "--out", "runs/half"])
    captured = capsys.readouterr()
    assert code in {0, 2}
    assert "Traceback" not in captured.err
    if code == 2:
        assert len(captured.err.splitlines()) == 1


def _prints(path: Path) -> list[str]:
    """Where a file prints past `_terminal`: a call of `print`, or a use of `sys.stdout` and `sys.stderr`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            found.append(f"{path}:{node.lineno}")
        if isinstance(node, ast.Attribute) and node.attr in {"write", "print"} and "sys.std" in ast.unparse(node):
            found.append(f"{path}:{node.lineno}")
    return found


def test_nothing_prints_past_the_one_place() -> None:
    files = [*ROOT.glob("fewshot/**/*.py"), *ROOT.glob("finetune/**/*.py")]
    assert len(files) > 100
    assert [where for path in files if path.name != "_terminal.py" for where in _prints(path)] == []
