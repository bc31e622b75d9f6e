"""Plain text: a legend a line."""

from __future__ import annotations

from pathlib import Path

from fewshot import data
from fewshot.records import Example


def test_every_line_is_a_legend_and_names_its_place(tmp_path: Path) -> None:
    path = tmp_path / "legends.txt"
    path.write_text("  (A) Blot of p53.\t\n\n \n(B) Cells, p < 0.05.\r\nlast", encoding="utf-8")
    assert data.read(str(path)) == [
        Example("legends.txt:1", "legends.txt:1", "(A) Blot of p53."),
        Example("legends.txt:4", "legends.txt:4", "(B) Cells, p < 0.05."),
        Example("legends.txt:5", "legends.txt:5", "last"),
    ]


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    """U+2028 and form feeds stand inside real legends."""
    path = tmp_path / "legends.txt"
    path.write_text("one\u2028two\x0cthree\x85four\n", encoding="utf-8")
    assert [example.text for example in data.read(str(path))] == ["one\u2028two\x0cthree\x85four"]


def test_nothing_is_labelled(tmp_path: Path) -> None:
    path = tmp_path / "legends.txt"
    path.write_text("(A) Blot.\n")
    (example,) = data.read(str(path))
    assert (example.panels, example.entities, example.hypothesis, example.split) == (None, None, None, None)
