"""`fewshot audit`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from fewshot import cli, engine
from fewshot.aside import can_fork
from fewshot.cli import _doubts
from fewshot.data.jsonl import WRITER
from fewshot.engine import Job, Outcome
from fewshot.experiment.plan import Plan
from fewshot.records import Example
from tests.audit.legends import SIX, marked
from tests.cli.conftest import Fails

DIRTY = marked(SIX.replace("|(B)", "(B)").replace("|(C)", "(C)").replace("|(E)", "(E)"))


@pytest.fixture
def dirty() -> Path:
    path = Path("dirty.jsonl")
    WRITER.write([DIRTY], path)
    return path


def test_json_names_every_finding(dirty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", str(dirty), "--task", "panelization", "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["counts"] == {"merged_panels": 2, "tail_in_panel": 2, "html_entity": 1}
    keys = ["finding", "id", "kind", "severity", "start", "end", "quote", "certainty", "reason", "fix"]
    assert all(list(row) == keys for row in out["findings"])
    names = [row["finding"] for row in out["findings"]]
    assert len(set(names)) == len(names)
    assert out["findings"][0]["fix"]["certain"] is True


def test_a_table_and_the_first_findings(dirty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", str(dirty), "--out", "found"]) == 0
    out = capsys.readouterr().out
    assert "5 findings in 1 examples" in out
    assert "error merged_panels fig" in out
    assert len(Path("found/findings.jsonl").read_text("utf-8").splitlines()) == 5


def test_the_repaired_data(dirty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = dirty.read_bytes()
    assert cli.main(["audit", str(dirty), "--fix", "repaired"]) == 0
    assert dirty.read_bytes() == before
    WRITER.write([marked(SIX)], Path("right.jsonl"))
    assert Path("repaired/data.jsonl").read_bytes() == Path("right.jsonl").read_bytes()
    assert cli.main(["audit", str(dirty), "--apply", "repaired/patch.jsonl", "--fix", "again.jsonl"]) == 0
    assert Path("again.jsonl").read_bytes() == Path("right.jsonl").read_bytes()
    assert "the patch is applied" in capsys.readouterr().err


def test_hostile_texts_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = marked("|(A) \x1b[2J Blot. (B) \x1b]0;x\x07 Gel. |(C) Gel.", "A C", id="\x1b[31m")
    WRITER.write([evil], Path("evil.jsonl"))
    assert cli.main(["audit", "evil.jsonl"]) == 0
    assert cli.main(["audit", "evil.jsonl", "--json"]) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert cli.main(["audit", "evil.jsonl", "--fix", "out"]) == 0
    assert "\x1b" not in Path("out/changes.diff").read_text("utf-8")


def test_nothing_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    WRITER.write([Example("a", "a", "(A) Blot.")], Path("fine.jsonl"))
    assert cli.main(["audit", "fine.jsonl"]) == 0
    assert capsys.readouterr().out == "0 findings in 1 examples\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nothing.jsonl"], "nothing.jsonl: no such file"),
        (["dirty.jsonl", "--task", "panels"], "unknown task 'panels'"),
        (["dirty.jsonl", "--fix", "dirty.jsonl"], "is the source, which is never changed"),
        (["dirty.jsonl", "--aggressive"], "say what --fix OUT changes"),
        (["dirty.jsonl", "--apply", "patch.jsonl"], "--apply needs --fix OUT"),
        (["dirty.jsonl", "--apply", "p.jsonl", "--fix", "o", "--json"], "goes with --fix alone"),
        (["dirty.jsonl", "--apply", "p.jsonl", "--fix", "o"], "p.jsonl: cannot be read"),
        (["dirty.jsonl", "--fix", "out.pdf"], "no format ends in .pdf"),
        (["dirty.jsonl", "--fix", "o", "--decisions", "d.json"], "d.json: cannot be read"),
    ],
)
@pytest.mark.usefixtures("dirty")
def test_what_is_refused(argv: list[str], message: str, fails: Fails) -> None:
    assert message in fails("audit", *argv)


def test_a_run_says_how_much_of_its_gold_is_doubtful(dirty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["run", "--backend", "rules", "--task", "panelization", "--data", str(dirty), "--shots", "0", "--out", "r"]
    assert cli.main(argv) == 0
    line = "1 of 1 scored examples have findings: see `fewshot audit dirty.jsonl --task panelization`"
    assert line in capsys.readouterr().err
    for again in (argv, ["run", "--replay", "r"]):  # said once: it takes longer than to read what is recorded
        assert cli.main(again) == 0
        assert "findings" not in capsys.readouterr().err
    WRITER.write([marked(SIX)], Path("right.jsonl"))
    assert cli.main([*argv[:6], "right.jsonl", "--shots", "0", "--out", "s"]) == 0
    assert "findings" not in capsys.readouterr().err


@pytest.mark.skipif(not can_fork(), reason="nothing is computed aside here")
def test_gold_is_looked_at_while_the_backend_is_asked(
    dirty: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, count = os.getpid(), _doubts._count
    monkeypatch.setattr(_doubts, "_ASIDE", 1)
    monkeypatch.setattr(_doubts, "_count", lambda *given: count(*given) if os.getpid() != here else 99)
    argv = ["run", "--backend", "rules", "--task", "panelization", "--data", str(dirty), "--shots", "0", "--out", "r"]
    assert cli.main(argv) == 0
    assert "1 of 1 scored examples have findings" in capsys.readouterr().err
    events, look, ask = list[str](), _doubts.Beside.look, engine.ask

    def looked(beside: _doubts.Beside, plan: Plan) -> None:
        events.append("look")
        look(beside, plan)

    def asked(job: Job) -> Outcome:
        events.append("ask")
        return ask(job)

    monkeypatch.setattr(_doubts.Beside, "look", looked)
    monkeypatch.setattr(engine, "ask", asked)
    assert cli.main([*argv[:-1], "s"]) == 0
    assert events == ["look", "ask"]
    monkeypatch.setattr(_doubts.Beside, "look", lambda *given: pytest.fail("asked for a run that is complete"))
    assert cli.main(argv) == 0


def test_the_page_is_written_beside_the_findings(dirty: Path) -> None:
    assert cli.main(["audit", str(dirty), "--out", "found", "--review"]) == 0
    assert "merged_panels" in Path("found/review.html").read_text("utf-8")


def test_records_that_no_run_would_read(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "id": "a",
        "text": "p53 and MDM2 blot",
        "entities": [
            {"start": 0, "end": 3, "label": "GENE", "text": "p5"},
            {"start": 8, "end": 12, "label": "GENE"},
            {"start": 8, "end": 10, "label": "GENE"},
            {"start": 13, "end": 17, "label": " "},
            {"start": 13, "end": 99, "label": "ASSAY"},
        ],
    }
    Path("broken.jsonl").write_text(json.dumps(row) + "\n")
    assert cli.main(["audit", "broken.jsonl", "--json", "--fix", "out"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    errors = sorted((f["kind"], f["quote"]) for f in found if f["severity"] == "error")
    assert [kind for kind, _ in errors] == ["empty_label", "offset_mismatch", "offset_mismatch", "overlapping_spans"]
    assert ("overlapping_spans", "MD") in errors
    fixed = json.loads(Path("out/data.jsonl").read_text("utf-8"))
    assert [(span["start"], span["end"]) for span in fixed["entities"]] == [(0, 3), (8, 12)]


@pytest.mark.parametrize("content", ['{"id": "a"}', "[]", "{", '{"id": "a", "text": "b", "entities": 5}'])
def test_a_source_that_is_none_is_refused(content: str, fails: Fails) -> None:
    Path("broken.jsonl").write_text(content + "\n")
    assert "broken.jsonl:" in fails("audit", "broken.jsonl")


def test_scores_on_clean_and_repaired_gold(dirty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = [
        replace(marked(SIX.replace("ZW10", f"gene {number} of those"), id=f"right {number}"), group=f"g{number}")
        for number in range(3)
    ]
    WRITER.write([DIRTY, *others], dirty)
    argv = ["run", "--backend", "rules", "--task", "panelization", "--data", str(dirty), "--shots", "0", "--out", "a"]
    assert cli.main(argv) == 0
    capsys.readouterr()
    assert cli.main(["compare", "a", "--clean", "--out", "compared"]) == 0
    printed = capsys.readouterr()
    assert "have no finding" in printed.out
    assert "1.000 (1)" in printed.out  # on clean and on repaired gold the rules are right
    assert "scored examples have findings: see `fewshot audit dirty.jsonl --task panelization`" in printed.err
    page = Path("compared/report.html").read_text("utf-8")
    assert "what its faults do to the scores" in page
    assert cli.main(["compare", "a", "--clean", "--json"]) == 0
    clean = json.loads(capsys.readouterr().out)["clean"]
    assert [reading["gold"] for reading in clean] == ["as it is", "clean", "repaired"]
    assert clean[0]["value"] < clean[2]["value"] == 1.0
