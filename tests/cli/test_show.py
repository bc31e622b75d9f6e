"""`show`, `export`, `list runs`: what went wrong, in the terminal and in files that people can take away."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from fewshot import cli, data
from fewshot.cli import _drawing
from fewshot.files import CORPUS
from fewshot.report import drawing, export
from fewshot.report.marking import Mark, pieces
from tests.cli.conftest import LEGENDS, Fails

RECORDED = CORPUS / "recorded" / "panelization-smollm2-3shot"
EVALUATE = ["evaluate", "--task", "ner", "--data", "gold.jsonl", "--predictions", "mine.jsonl", "--out", "one"]
P53, NUTLIN = {"start": 20, "end": 23, "label": "GENEPROD"}, {"start": 48, "end": 54, "label": "SMALL_MOLECULE"}
CUT = {"start": 12, "end": 23, "label": "GENEPROD"}


@pytest.fixture
def run() -> str:
    """A run with a right answer, a missed entity, one that is cut wrongly, and one that is made up."""
    found = [[P53], [], [CUT], [P53, NUTLIN]]
    rows = [{"id": row["id"], "entities": entities} for row, entities in zip(LEGENDS, found, strict=True)]
    Path("mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert cli.main([*EVALUATE, "-q"]) == 0
    return "one"


def _shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    capsys.readouterr()
    assert cli.main(["show", *argv]) == 0
    return capsys.readouterr().out


class TestRun:
    def test_counts_and_the_worst_legends(self, run: str, capsys: pytest.CaptureFixture[str]) -> None:
        out = _shown(capsys, run)
        assert re.search(r"GENEPROD +4 +2 +1 +0 +1\n", out)
        assert "Faults: missed 1 · made up 1 · cut wrongly 1." in out
        worst = [line.split()[0] for line in out.splitlines() if line.startswith("  fig")]
        assert worst == ["fig-1", "fig-2", "fig-3"]
        assert "fewshot show one fig-1" in out

    def test_filters(self, run: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert "fig-1  missed 1" in _shown(capsys, run, "--missed")
        assert "fig-3  made up 1" in _shown(capsys, run, "--made-up", "--label", "SMALL_MOLECULE")
        assert "No legend has such a fault (made up, GENEPROD)." in _shown(
            capsys, run, "--made-up", "--label", "GENEPROD"
        )
        assert "fig-2" not in _shown(capsys, run, "--worst", "1")
        assert _shown(capsys, str(RECORDED), "--problem", "overlap").count("\n  10.5555") == 1

    @pytest.mark.parametrize("width", [60, 80, 120, 200])
    def test_nothing_is_wider_than_the_terminal(
        self, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", str(width))
        for argv in ([], ["10.5555/fewshot.test.0001/fig-1", "--raw", "--prompt"]):
            lines = _shown(capsys, str(RECORDED), *argv).splitlines()
            wide = [line for line in lines if len(line) > width and " " in line.strip().removesuffix(" \\")]
            assert wide == []

    def test_settings_and_json(self, run: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert "data = gold.jsonl" in _shown(capsys, run, "--settings")
        assert json.loads(_shown(capsys, run, "--json"))["kinds"]["missed"] == 1
        assert json.loads(_shown(capsys, run, "fig-1", "--json"))["faults"][0]["kind"] == "missed"

    def test_what_is_not_labelled_shows_what_was_found(self, capsys: pytest.CaptureFixture[str]) -> None:
        rows = [{"id": row["id"], "text": row["text"]} for row in LEGENDS]
        Path("bare.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert cli.main(["run", "--task", "ner", "--data", "bare.jsonl", "--demos", "demo", "--out", "two", "-q"]) == 0
        out = _shown(capsys, "two")
        assert "4 legends, not labelled" in out
        assert re.search(r"\d+ entities in 4 legends: ", out)
        assert "fewshot show two fig-0" in out
        assert "⟪p53⟫⟨GENEPROD⟩" in _shown(capsys, "two", "fig-0")


class TestLegend:
    def test_marks_and_lists(self, run: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert "⟦p53⟧⟨−GENEPROD⟩" in _shown(capsys, run, "fig-1")
        out = _shown(capsys, run, "fig-2")
        assert "⟪blot of ⟦p53⟧⟫⟨≠GENEPROD⟩" in out
        assert "cut wrongly (1)\n  GENEPROD p53 20–23 → GENEPROD blot of p53 12–23" in out
        assert "made up (1)\n  SMALL_MOLECULE nutlin 48–54" in _shown(capsys, run, "fig-3")

    def test_an_unknown_id_names_the_nearest(self, run: str, fails: Fails) -> None:
        assert "did you mean 'fig-3'?" in fails("show", run, "fg-3")

    def test_prompt_and_raw_answer(self, capsys: pytest.CaptureFixture[str]) -> None:
        out = _shown(capsys, str(RECORDED), "10.5555/fewshot.test.0001/fig-1", "--prompt", "--raw")
        assert "── prompt ─" in out
        assert "── raw answer ─" in out

    def test_control_characters_are_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        row = {"id": "x\u202ey", "text": "\x1b[2Jp53", "entities": [{"start": 4, "end": 7, "label": "GENEPROD"}]}
        Path("bad.jsonl").write_text(json.dumps(row))
        assert cli.main(["run", "--task", "ner", "--data", "bad.jsonl", "--out", "bad", "-q"]) == 0
        out = _shown(capsys, "bad") + _shown(capsys, "bad", "x\u202ey")
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert r"\x1b[2J⟦p53⟧" in out


def test_in_colour_gold_and_prediction_have_underlines_of_their_own() -> None:
    marks = [Mark(0, 3, "G", "missed", gold=True), Mark(4, 9, "A", "made_up", predicted=True)]
    inks = drawing.drawn(pieces("p53 binds", marks), coloured=True)
    assert [(ink.text, ink.style) for ink in inks] == [
        ("p53", "33;4"), ("⟨−G⟩", "2"), (" ", ""), ("binds", "31;21"), ("⟨+A⟩", "2"),
    ]  # fmt: skip


def test_a_word_is_never_cut() -> None:
    lines = _drawing.wrapped([drawing.Ink("immunoprecipitation of p53 in HeLa")], 12)
    assert ["".join(ink.text for ink in line).strip() for line in lines] == ["immunoprecipitation", "of p53 in", "HeLa"]


class TestExport:
    @pytest.mark.parametrize("name", ["csv", "jsonl", "xlsx", "parquet"])
    def test_a_row_a_span(self, name: str, run: str) -> None:
        if name in ("xlsx", "parquet"):
            pytest.importorskip({"xlsx": "openpyxl", "parquet": "pyarrow"}[name])
        assert cli.main(["export", run, f"out.{name}", "--to", name, "-q"]) == 0
        rows = _rows(Path(f"out.{name}"), name)
        assert [(row["id"], row["text"], row["side"], row["status"]) for row in rows] == [
            ("fig-0", "p53", "both", "right"),
            ("fig-1", "p53", "gold", "missed"),
            ("fig-2", "blot of p53", "predicted", "wrong_boundary"),
            ("fig-2", "p53", "gold", "wrong_boundary"),
            ("fig-3", "p53", "both", "right"),
            ("fig-3", "nutlin", "predicted", "made_up"),
        ]

    def test_standard_output_goes_on_behind_what_is_there(
        self, run: str, capsys: pytest.CaptureFixture[str], fails: Fails
    ) -> None:
        capsys.readouterr()
        print("first")
        assert cli.main(["export", run, "--to", "csv", "-"]) == 0
        said = capsys.readouterr()
        assert said.out.startswith("first\nid,group,label,")
        assert "written to standard output" in said.err
        assert "brat is a folder" in fails("export", run, "--to", "brat", "-")

    def test_every_format_that_data_can_write_holds_the_predictions(self, run: str) -> None:
        assert set(data.writable()) <= set(export.names())
        assert cli.main(["export", run, "back.conll", "--to", "conll", "-q"]) == 0
        read = data.read("back.conll", "ner")
        assert [len(example.entities or ()) for example in read] == [1, 0, 1, 2]

    def test_no_cell_is_a_formula(self, capsys: pytest.CaptureFixture[str]) -> None:
        row = {"id": "=1+1", "text": "=cmd p53", "entities": [{"start": 0, "end": 4, "label": "GENEPROD"}]}
        Path("bad.jsonl").write_text(json.dumps(row))
        assert cli.main(["run", "--task", "ner", "--data", "bad.jsonl", "--out", "bad", "-q"]) == 0
        assert cli.main(["export", "bad", "bad.csv", "--to", "csv", "-q"]) == 0
        first = _rows(Path("bad.csv"), "csv")[0]
        assert (first["id"], first["text"]) == ("'=1+1", "'=cmd")
        if _have("openpyxl"):
            assert cli.main(["export", "bad", "bad.xlsx", "--to", "xlsx", "-q"]) == 0
            assert _rows(Path("bad.xlsx"), "xlsx")[0]["text"] == "=cmd"

    def test_a_page_escapes_what_others_wrote(self) -> None:
        text = "<script>alert(1)</script> p53"
        row = {"id": "<b>", "text": text, "entities": [{"start": 26, "end": 29, "label": "GENEPROD"}]}
        Path("bad.jsonl").write_text(json.dumps(row))
        assert cli.main(["run", "--task", "ner", "--data", "bad.jsonl", "--out", "bad", "-q"]) == 0
        assert cli.main(["export", "bad", "bad.html", "--to", "html", "-q"]) == 0
        page = Path("bad.html").read_text("utf-8")
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert "default-src 'none'" in page
        assert ">p53</span><sub>GENEPROD</sub>" in page

    def test_a_page_says_what_has_no_place_and_nothing_by_colour_alone(self, run: str) -> None:
        recorded = CORPUS / "recorded" / "causal-smollm2-3shot"
        assert cli.main(["export", str(recorded), "causal.html", "--to", "html", "-q"]) == 0
        page = Path("causal.html").read_text("utf-8")
        assert '<dt>missed</dt><dd dir="auto">interventions GENEPROD SNAP29; ' in page
        assert "<dt>copied from a demonstration</dt>" in page
        assert cli.main(["export", run, "ner.html", "--to", "html", "-q"]) == 0
        page = Path("ner.html").read_text("utf-8")
        assert '<span class="gold missed">p53</span><sub>−GENEPROD</sub>' in page
        assert '<span class="predicted wrong">nutlin</span><sub>+SMALL_MOLECULE</sub>' in page

    def test_refusals(self, run: str, fails: Fails) -> None:
        assert "did you mean 'csv'?" in fails("export", run, "--to", "cvs")
        assert "not a run folder" in fails("export", "nowhere", "--to", "csv")
        assert "cannot" in fails("export", run, "no/such/folder/x.csv", "--to", "csv")


def _have(library: str) -> bool:
    from importlib.util import find_spec

    return find_spec(library) is not None


def _rows(path: Path, name: str) -> list[dict[str, object]]:
    if name == "csv":
        with path.open(encoding="utf-8", newline="") as file:
            return [dict(row) for row in csv.DictReader(file)]
    if name == "jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if name == "parquet":
        import pyarrow.parquet

        rows: list[dict[str, object]] = pyarrow.parquet.read_table(path).to_pylist()
        return rows
    import openpyxl

    sheet = openpyxl.load_workbook(path)["spans"]
    head, *rest = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rest]


class TestListing:
    def test_runs_newest_first_and_broken_ones_with_the_reason(
        self, run: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path("runs/broken").mkdir(parents=True)
        Path("runs/broken/run.toml").write_text("x = ")
        assert cli.main(["run", "--task", "ner", "--data", "gold.jsonl", "-q"]) == 0
        capsys.readouterr()
        assert cli.main(["list", "runs"]) == 0
        out = capsys.readouterr().out
        assert re.search(r"runs/rules-\S+ +ner +1\.000 +complete", out)
        assert "runs/broken: run.toml: " in out
        assert cli.main(["list", "runs", "one", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["state"] == "complete"

    def test_no_runs(self, fails: Fails, capsys: pytest.CaptureFixture[str]) -> None:
        assert "nowhere: No such file or directory" in fails("list", "runs", "nowhere")
        Path("empty").mkdir()
        assert cli.main(["list", "runs", "empty"]) == 0
        assert "no runs in empty" in capsys.readouterr().err
        assert "only `fewshot list runs` takes a folder" in fails("list", "tasks", "x")
