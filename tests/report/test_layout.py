"""The printed comparison, to the byte, at widths from 60 columns on; and what holds at every width."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot import cli
from fewshot.report.compare import compare
from fewshot.report.layout import LEAST, Laid, laid
from fewshot.report.table import Cell, Heading, Table
from fewshot.text.visible import one_line
from tests.conftest import Golden
from tests.report.conftest import SYSTEMS

WIDTHS = (60, 80, 120, 200)
ARGV = ["compare", *(f"runs/{name}" for name in SYSTEMS), "--gpu-hour-usd", "2.5", "--out", "out"]


def texts(found: Laid) -> list[str]:
    return ["".join(piece.text for piece in line) for line in (*found.lines, *found.legend)]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("width", WIDTHS)
def test_golden(
    width: int, golden: Golden, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert cli.main(ARGV) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert "\x1b" not in out
    golden.check(f"report/ner.{width}.txt", out)


def test_golden_in_a_pipe(golden: Golden, systems: Path) -> None:
    """Another process, whose output is no terminal: the same bytes as above."""
    environment = {**os.environ, "COLUMNS": "80", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "fewshot", *ARGV], cwd=systems, env=environment, capture_output=True, check=True
    )
    golden.check("report/ner.80.txt", done.stdout.decode())
    assert b"report.html" in done.stderr


def test_golden_files(golden: Golden, runs: list[Path], tmp_path: Path) -> None:
    compare(runs, gpu_hour_usd=2.5).write(tmp_path)
    for name in ("report.md", "table.tex"):
        golden.check(f"report/{name}", (tmp_path / name).read_text("utf-8"))


def test_no_golden_file_is_left_over() -> None:
    names = {path.name for path in (Path(__file__).parents[1] / "golden" / "report").iterdir()}
    assert names == {*(f"ner.{width}.txt" for width in WIDTHS), "report.md", "table.tex"}


def test_a_name_is_never_cut(runs: list[Path]) -> None:
    name = "org/" + "a-model-with-a-very-long-name-" * 4 + "7B"
    compared = compare(runs, names={runs[2]: name})
    for width in (LEAST, 80, 200):
        lines = texts(Laid(laid(compared.table(), width).lines, []))  # the fine print names the baseline, too
        assert any(line.startswith(name) for line in lines), width


def test_a_table_that_cannot_be_narrower_becomes_one_block_a_system(runs: list[Path]) -> None:
    table = compare(runs).table(["shots", "strict.micro.f1", "relaxed.micro.f1", "boundary.micro.f1", "usd_1k"])
    lines = texts(laid(table, LEAST))
    assert max(map(len, lines)) <= LEAST
    at = lines.index("tiny-tagger")
    assert [line.split()[0] for line in lines[at + 1 : at + 6]] == [
        "shots", "strict.micro.f1", "relaxed.micro.f1", "boundary.micro.f1", "$/1k",
    ]  # fmt: skip
    assert lines[at + 2].split()[1:] == [".973", "[.84,", "1.00]*"]
    assert len(texts(laid(table, 200))) < len(lines)


def test_what_is_left_out_is_named_and_nothing_else(runs: list[Path]) -> None:
    table = compare(runs).table()
    heads = {heading.text for heading in table.headings}
    for width in WIDTHS:
        found = laid(table, width)
        legend = " ".join(texts(Laid([], found.legend)))
        left = set(legend.rpartition(f"Left out at {width} columns: ")[2].removesuffix(".").split(", "))
        shown = next(line for line in texts(Laid(found.lines, [])) if line.startswith("system "))
        assert left < heads
        assert all(f" {name} " not in f" {shown} " for name in left - {"s", "p"})
    assert "Left out" not in " ".join(texts(laid(table)))


def test_the_row_that_answers_nothing_is_the_first_one(runs: list[Path]) -> None:
    for width in WIDTHS:
        lines = texts(laid(compare(runs).table(), width))
        rule = next(at for at, line in enumerate(lines) if line.startswith("──"))
        assert lines[rule + 1].startswith("all-empty")


@given(
    st.lists(st.text(max_size=40), min_size=1, max_size=4),
    st.lists(st.text(max_size=25), max_size=5),
    st.integers(0, 9),
    st.integers(1, 220),
)
def test_whatever_names_hold_a_row_is_one_line_and_names_are_whole(
    names: list[str], heads: list[str], rank: int, width: int
) -> None:
    table = Table(
        "t",
        [Heading("system"), *(Heading(head, rank) for head in heads)],
        [[Cell(name), *(Cell("1", mark="*") for _ in heads)] for name in names],
    )
    lines = texts(laid(table, width))
    assert not any("\n" in line or "\x1b" in line for line in lines)
    for name in names:
        assert any(line.startswith(one_line(name).rstrip()) for line in lines)
