"""A table in a file is text, whatever labels, systems and captions hold: no row, column or tag of their own."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from fewshot.experiment.running import run
from fewshot.report.compare import compare
from fewshot.report.comparison import Comparison

BREAKS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"]
HOSTILE = [
    *(f"liver{line}\\input{{/etc/hostname}}" for line in BREAKS),
    "a | b \\| c \\",
    '<img src="http://127.0.0.1/x.png"> </td></table>',
    "![x](http://127.0.0.1/x.png) [here](javascript:alert(1))",
    "`code` **bold**",
    "[2em] first",
    "* star",
    "\\end{tabular} $x^2$ #1 %",
    "\x1b[2J\u202egnp.exe",
]


def comparison(name: str, folder: Path) -> Comparison:
    """One system whose name, label and caption are hostile."""
    gold = folder / "gold.jsonl"
    entities = [{"start": 8, "end": 11, "label": name}]
    gold.write_text(json.dumps({"id": "a", "text": "Blot of p53.", "entities": entities}) + "\n")
    out = run("ner", data=str(gold), out=folder / "run").folder.path
    return replace(compare([out], names={out: name}), captions=(name,))


def chosen(name: str) -> list[str]:
    return [f"strict.label.{name}.f1", "n"]


def lines_of(text: str) -> list[str]:
    return re.split("[" + "".join(BREAKS) + "]", text)


def cells(row: str) -> list[str]:
    """A row of Markdown as GitHub splits it: at bars that no backslash escapes."""
    return re.findall(r"(?:\\.|[^|\\])+", row.strip().removeprefix("|").removesuffix("|"))


@pytest.mark.parametrize("name", HOSTILE)
def test_latex_has_the_lines_of_its_rows_and_nothing_else(name: str, tmp_path: Path) -> None:
    lines = lines_of(comparison(name, tmp_path).latex(chosen(name)))
    assert [line.split(" ")[0].removesuffix("{tabular}{lrr}") for line in lines[:6]] == [
        "%", "%", "%", "%", r"\begin", r"\toprule",
    ]  # fmt: skip
    # two captions, notes, signature, begin, rule, head, rule, two rows, rule, end; the end of the file
    assert len(lines) == 12 + 1
    for row in (lines[6], lines[8], lines[9]):
        assert row.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", row)) == 2
        assert not re.search(r"\\(?!textbackslash|textascii|textbf|[&%$#_{} \\]|$)", row), row
        assert row[0] not in "[*"


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_has_the_lines_of_its_rows_and_nothing_else(name: str, tmp_path: Path) -> None:
    text = comparison(name, tmp_path).markdown(chosen(name))
    lines = lines_of(text)
    assert len(lines) == 10 + 1  # caption, blank, head, rule, two rows, blank, notes, blank, signature; the end
    assert [len(cells(line)) for line in lines[2:6]] == [3, 3, 3, 3]
    assert "<" not in text
    assert not re.search(r"(?<!\\)\[", text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_the_files_of_a_hostile_table_are_written(tmp_path: Path) -> None:
    comparison(HOSTILE[0], tmp_path).write(tmp_path / "out", chosen(HOSTILE[0]))
    for name in ("table.md", "report.md"):
        assert "liver\\\\n" in (tmp_path / "out" / name).read_text("utf-8")
    assert r"liver\textbackslash{}n" in (tmp_path / "out/table.tex").read_text("utf-8")
    assert pd.read_csv(tmp_path / "out/table.csv")["system"][1] == HOSTILE[0]


def test_plain_names_are_written_as_they_are(tmp_path: Path) -> None:
    name = "gpt3 gpt-6/luna:1.5 (µ, 3 shots)"
    compared = comparison(name, tmp_path)
    assert f"| {name} | .000 | 1 |" in compared.markdown(chosen(name))
    assert f"{name} & .000 & 1 " in compared.latex(chosen(name))
