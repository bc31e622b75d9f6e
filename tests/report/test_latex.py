"""A table as LaTeX: whatever a model is called, its name is printed as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewshot.experiment.running import run
from fewshot.report.compare import compare

ESCAPES = {
    "_": r"\_", "{": r"\{", "}": r"\}", "#": r"\#", "$": r"\$", "%": r"\%", "&": r"\&", "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--", "±": r"$\pm$", "−": "$-$", "≈": r"$^{\approx}$",
}  # fmt: skip


def row_of(system: str, folder: Path) -> str:
    """The first cell of the row of a run whose system has this name."""
    if not folder.exists():
        Path("gold.jsonl").write_text('{"id": "a", "text": "Blot of p53.", "entities": []}\n')
        run("ner", data="gold.jsonl", out=folder)
    latex = compare([folder], names={folder: system}).latex()
    (row,) = (line for line in latex.splitlines() if line.endswith(r"\\") and "first" in line)
    return row.partition(" & ")[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "run"


@pytest.mark.parametrize("char", ESCAPES)
def test_a_character_that_latex_takes_for_itself(char: str, folder: Path) -> None:
    assert row_of(f"first{char}last", folder) == f"first{ESCAPES[char]}last"


def test_what_one_escape_writes_is_not_escaped_again(folder: Path) -> None:
    assert row_of(r"first\{}_~^", folder) == r"first\textbackslash{}\{\}\_\textasciitilde{}\textasciicircum{}"


def test_other_characters_are_left_alone(folder: Path) -> None:
    plain = "first gpt-6/luna:1.5 (µ)'"
    assert row_of(plain, folder) == plain
