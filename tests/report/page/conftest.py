"""Pages of real runs and of hostile ones, and a real browser to open them in: Debian's chromium, by Playwright."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fewshot.experiment.external import evaluate
from fewshot.experiment.running import run
from fewshot.files import CORPUS
from fewshot.report import page
from fewshot.report.compare import compare
from fewshot.report.page.contents import document

CHROMIUM = shutil.which(os.environ.get("FEWSHOT_CHROMIUM", "chromium"))

ATTACK = "<script>window.attacked = 1</script>"
BIDI = "p53\u202egenes\u2066"
HOSTILE_LABELS = ("<img src=x onerror=attacked=1>", "GENE\u202ePROD", "javascript:attacked=1", 'x" onclick="attacked=1')
HOSTILE_TEXTS = (
    f"{ATTACK} binds </script><script>attacked=1</script> and </textarea> in cells.",
    f"Loss of {BIDI}\u2028 in 𝛼-cells, then </style><svg onload=attacked=1> again 𝛼.",
    "[link](javascript:attacked=1) &lt;b&gt; {{ 7 * 7 }} ${attacked = 1} \x1b[2J \ufffe",
)


@dataclass
class Opened:
    """A page in a browser, with what went wrong in it."""

    tab: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Opener = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser; tests that need one are skipped where there is none. It lives as long as a module: while it is open,
    Playwright's event loop is running, in which no other test could start one."""
    if CHROMIUM is None:
        pytest.skip("no chromium here (apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Opener:
    """Opens a page from the disk: `with opened(path, hash="#…", color_scheme="dark") as page`."""

    @contextmanager
    def open_it(path: Path, hash: str = "", **settings: Any) -> Iterator[Opened]:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | settings))
        one = Opened(context.new_page())
        one.tab.on("console", lambda message: one.complaints.append(message.text))
        one.tab.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.tab.on("request", lambda request: one.requests.append(request.url))
        one.tab.goto(path.resolve().as_uri() + hash)
        one.tab.wait_for_selector("html[data-ready]")
        try:
            yield one
        finally:
            context.close()

    return open_it


@pytest.fixture(scope="session")
def real_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules and the recorded language model on the bundled corpus: NER, panelization, CAUSAL."""
    folder = tmp_path_factory.mktemp("real")
    compared = []
    for task, limit in (("ner", 10), ("panelization", 20), ("causal", 20)):
        rules = run(task, limit=limit, out=folder / f"{task}-rules").folder.path
        recorded = [CORPUS / "recorded" / f"{task}-smollm2-{shots}shot" for shots in (0, 3)]
        compared.append(compare([rules, *recorded]))
    path = folder / page.NAME
    page.write(document(compared), path)
    return path


@pytest.fixture(scope="session")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Legends, ids, articles, labels, answers and names of systems that attack whoever shows them."""
    folder = tmp_path_factory.mktemp("hostile")
    gold, said = folder / "gold.jsonl", folder / f"<img src=x onerror=attacked=1> {BIDI}.jsonl"
    rows, answers = [], []
    for number, text in enumerate(HOSTILE_TEXTS):
        label = HOSTILE_LABELS[number]
        start = text.find("cells") if "𝛼" in text else 0
        entity = {"start": start, "end": start + 5, "label": label}
        id_ = f"{number}/{ATTACK}{BIDI}"
        rows.append({"id": id_, "group": f"{ATTACK}{number % 2}", "text": text, "entities": [entity]})
        guesses = [{"start": 0, "end": 4, "label": HOSTILE_LABELS[3]}, {"start": 8, "end": 12, "label": label}]
        said_of_it = {"output": f"<{label}>{text}</{label}>\n{ATTACK}</pre>"} if number == 2 else {"entities": guesses}
        answers.append({"id": id_, **said_of_it})
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows))
    said.write_text("".join(json.dumps(row) + "\n" for row in answers))
    other = run("ner", data=str(gold), shots=0, out=folder / "rules").folder.path
    theirs = evaluate("ner", data=gold, predictions=said, format="copy_tag", out=folder / f"run{BIDI}").folder.path
    path = folder / page.NAME
    page.write(document([compare([other, theirs])]), path)
    return path
