"""A table in a file is text, whatever labels, systems and captions hold: no row, column or tag of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from fewshot import tasks
from fewshot.report.table import Comparison

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


def comparison(name: str) -> Comparison:
    frame = pd.DataFrame([{"system": name, f"strict.{name}.f1": 0.5, "n": 3}], dtype=object)
    return Comparison(tasks.get("ner"), frame, {"1f2e3d4c": f"labels:{name}|seed:0"}, caption=name)


def cells(row: str) -> list[str]:
    """A row of Markdown as GitHub splits it: at bars that no backslash escapes."""
    return re.findall(r"(?:\\.|[^|\\])+", row.strip().removeprefix("|").removesuffix("|"))


@pytest.mark.parametrize("name", HOSTILE)
def test_latex_has_the_lines_of_its_rows_and_nothing_else(name: str) -> None:
    lines = re.split("[" + "".join(BREAKS) + "]", comparison(name).latex())
    assert [line.split(" ")[0].removesuffix("{tabular}{lrr}") for line in lines[:4]] == [
        "%",
        "%",
        r"\begin",
        r"\toprule",
    ]
    assert len(lines) == 9 + 1  # caption, note, begin, rule, head, rule, row, rule, end; the end of the file
    for row in (lines[4], lines[6]):
        assert row.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", row)) == 2
        assert not re.search(r"\\(?!textbackslash|textascii|[&%$#_{} \\]|$)", row), row
        assert row[0] not in "[*"


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_has_the_lines_of_its_rows_and_nothing_else(name: str) -> None:
    text = comparison(name).markdown()
    lines = re.split("[" + "".join(BREAKS) + "]", text)
    assert len(lines) == 8  # caption, blank, head, rule, row, blank, note; the end of the file
    assert [len(cells(line)) for line in lines[2:5]] == [3, 3, 3]
    assert "<" not in text
    assert not re.search(r"(?<!\\)\[", text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_the_files_of_a_hostile_table_are_written(tmp_path: Path) -> None:
    table = comparison(HOSTILE[0])
    table.write(tmp_path)
    assert "liver\\\\n" in (tmp_path / "table.md").read_text("utf-8")
    assert r"liver\textbackslash{}n" in (tmp_path / "table.tex").read_text("utf-8")
    assert pd.read_csv(tmp_path / "table.csv")["system"][0] == HOSTILE[0]


def test_plain_names_are_written_as_they_are() -> None:
    name = "gpt3 gpt-6/luna:1.5 (µ, 3 shots)"
    assert f"| {name} | 0.500 | 3 |" in comparison(name).markdown()
    assert f"{name} & 0.500 & 3" in comparison(name).latex()
