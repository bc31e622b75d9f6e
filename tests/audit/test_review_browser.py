"""The page for decisions in a real browser: keys and buttons decide, and what is saved is what `--decisions` takes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli
from fewshot.data.jsonl import WRITER
from tests.audit.legends import SIX, marked

CHROMIUM = shutil.which(os.environ.get("FEWSHOT_CHROMIUM", "chromium"))
DIRTY = marked(SIX.replace("|(B)", "(B)").replace("|(C)", "(C)").replace("|(E)", "(E)"))

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here (apt-get install chromium)"),
]


def _changes(tab: Any) -> list[str]:
    return [str(name) for name in tab.eval_on_selector_all("[data-change='1']", "all => all.map(a => a.dataset.name)")]


def test_decisions_are_made_saved_and_applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = pytest.importorskip("playwright.sync_api")
    monkeypatch.chdir(tmp_path)
    WRITER.write([DIRTY], Path("dirty.jsonl"))
    assert cli.main(["audit", "dirty.jsonl", "--task", "panelization", "--out", "found", "--review", "-q"]) == 0
    (page,) = Path("found").glob("*.html")
    said: list[str] = []
    asked: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(accept_downloads=True)
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page.resolve().as_uri())
        first, second, *_ = _changes(tab)
        tab.focus(f"article[data-name='{first}']")
        tab.keyboard.press("a")
        assert tab.evaluate("document.activeElement.dataset.name") == second, "the next one is in focus"
        tab.click(f"article[data-name='{second}'] .reject")
        assert tab.text_content("#tally") == "1 accepted, 1 rejected"
        with tab.expect_download() as download:
            tab.keyboard.press("s")
        download.value.save_as("decisions.json")
        browser.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "blob:"))] == []
    assert json.loads(Path("decisions.json").read_text("utf-8")) == {"accepted": [first], "rejected": [second]}
    argv = ["audit", "dirty.jsonl", "--task", "panelization", "--fix", "fixed", "--decisions", "decisions.json", "-q"]
    assert cli.main(argv) == 0
    patch = [json.loads(line) for line in Path("fixed/patch.jsonl").read_text("utf-8").splitlines()]
    assert {change["finding"] for change in patch} == {first}
