"""The notebook of the documentation, run in a real kernel: every cell, without a key and without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "quickstart.ipynb"


def output(cell: Any, kind: str) -> str:
    """What a cell shows last, in one of its forms."""
    shown = [one["data"][kind] for one in cell.outputs if kind in one.get("data", {})]
    return "" if not shown else str(shown[-1])


def said(cell: Any) -> str:
    return "".join(one["text"] for one in cell.outputs if one["output_type"] == "stream")


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.slow
def test_every_cell_runs_and_shows_what_it_is_about(cells: list[Any]) -> None:
    first, run, spans, found, frame, table, numbers, kinds, worst, drawn, by_rules = cells
    assert not first.outputs
    assert "panelization · rules" in output(run, "text/html")
    assert "class=&" not in output(run, "text/html")
    assert "(A) Western blot of p53" in output(spans, "text/plain")
    assert '<span class="predicted">p53</span><sub>GENEPROD</sub>' in output(found, "text/html")
    assert "GENEPROD" in output(frame, "text/plain")
    assert "smollm2" in output(table, "text/html").lower()
    assert "<table>" in output(table, "text/html")
    assert "strict.micro.f1.low" in output(numbers, "text/plain")
    assert "missed" in output(kinds, "text/plain")
    assert "problems" in output(worst, "text/plain")
    for legend in (drawn, by_rules):
        assert "10.5555/fewshot.test" in output(legend, "text/html")
        assert "⟨" in output(legend, "text/plain")


@pytest.mark.slow
def test_no_cell_warns_of_anything_but_what_a_run_says(cells: list[Any]) -> None:
    for cell in cells:
        for line in said(cell).splitlines():
            assert "Warning" not in line or "FewshotWarning" in line, line


def test_it_is_kept_without_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
