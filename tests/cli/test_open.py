"""`fewshot open`: the page of runs, and a browser that shows it."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from fewshot import cli
from fewshot.experiment.running import run


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was asked to show."""
    found: list[str] = []

    def open_address(address: str) -> bool:
        found.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", open_address)
    return found


def made(name: str, task: str = "ner") -> str:
    return str(run(task, limit=2, shots=0, out=f"runs/{name}").folder.path)


def test_a_run_has_its_page(shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["open", made("one")]) == 0
    page = Path("runs/one/report.html")
    assert capsys.readouterr().out == f"{page}\n"
    assert shown == [page.resolve().as_uri()]
    assert page.read_text().startswith("<!doctype html>")


def test_runs_of_several_tasks_are_parts_of_one_page(shown: list[str]) -> None:
    assert cli.main(["open", made("one"), made("two", "panelization"), "--no-browser", "--out", "new/page.html"]) == 0
    text = Path("new/page.html").read_text()
    assert 'data-task="ner"' in text
    assert 'data-task="panelization"' in text
    assert shown == []


def test_a_comparison_is_opened_as_it_is(shown: list[str]) -> None:
    assert cli.main(["compare", made("one"), "--out", "table"]) == 0
    before = Path("table/report.html").read_bytes()
    assert cli.main(["open", "table"]) == 0
    assert shown == [Path("table/report.html").resolve().as_uri()]
    assert Path("table/report.html").read_bytes() == before


def test_without_a_browser_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert cli.main(["open", made("one")]) == 0
    assert "there is no browser here" in capsys.readouterr().err


def test_what_is_no_run_is_refused(shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert cli.main(["open", "empty"]) == 2
    assert "empty is not a run folder" in capsys.readouterr().err
    assert cli.main(["open", made("one"), "--out", "runs/one/gold.jsonl/x.html"]) == 2
    assert "cannot write runs/one/gold.jsonl" in capsys.readouterr().err
    assert shown == []


def test_a_link_in_a_folder_from_someone_else_is_not_followed(shown: list[str]) -> None:
    folder, victim = Path(made("one")), Path("victim")
    victim.write_text("mine")
    (folder / "report.html").symlink_to(victim.resolve())
    assert cli.main(["open", str(folder)]) == 2
    assert victim.read_text() == "mine"
    assert shown == []
